"""Fine-tuning of 7net-0 on embedded-atom labels: aluminium's stacking fault, tungsten's C44 and surface."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from ase import Atoms

from atomistic import load_potential
from atomistic.decohesion.slab import CleavageSlab, cleavage_slab
from atomistic.distil.families import apart, offset
from atomistic.properties.bulk import equilibrium
from atomistic.properties.elastic import elastic_constants, strained
from atomistic.properties.fault import gamma_surface
from atomistic.trust import LabelSet, Posterior, fit_posterior
from atomistic.trust.design import LinearPotential, Rows
from atomistic.trust.finetune import Training, fine_tune
from atomistic.trust.validate import ALL, validate
from coupling.contracts import Potential
from coupling.errors import MultiscaleError
from coupling.units import EV_A2, GPA

FAR = 6.0
"""Å: halves of a slab this far apart have free surfaces."""
EXACT = (1e-4, 1e-3, 1e-4)
"""Noises of labels that are exact but for single precision: eV per atom, eV/Å, eV/Å³."""
COUNTS = (10, 30, 100)
HELD = 20
"""Labels of tungsten that nothing is tuned to."""
FULL = Training(steps=50)


@dataclass(frozen=True)
class Crystal:
    """An element's crystal with the oracle's lattice, and slabs of it.

    Attributes:
        species: "Al".
        structure: "fcc".
        slabs: By name.
        cell: The primitive cell.
    """

    species: str
    structure: str
    slabs: dict[str, CleavageSlab]
    cell: Atoms

    @classmethod
    def of(
        cls, potential: Potential, species: str, structure: str, planes: dict[tuple[int, int, int], int]
    ) -> "Crystal":
        """The crystal at a potential's equilibrium; planes with how many layers their slabs have."""
        cell = equilibrium(potential, species, structure)
        side = (cell.get_volume() * {"fcc": 4, "bcc": 2}[structure]) ** (1 / 3)
        slabs = {
            "".join(map(str, plane)): cleavage_slab(cell, plane, count, conventional=np.eye(3) * side)
            for plane, count in planes.items()
        }
        return cls(species, structure, slabs, cell)

    def surface_energy(self, potential: Potential, plane: str) -> float:
        """Unrelaxed, J/m²."""
        slab = self.slabs[plane]
        closed, open_ = potential.evaluate([slab.atoms, apart(slab.atoms, FAR, (0.0, 0.0))]).energies
        return float((open_ - closed) / (2 * slab.area) * EV_A2)


@dataclass(frozen=True)
class Truth:
    """What tuned potentials of tungsten are judged by.

    Attributes:
        stiffness: C44, GPa.
        surface: Energy of (110), J/m².
        known: The slab of that surface.
        held: Labels that none of them has seen.
    """

    stiffness: float
    surface: float
    known: Crystal
    held: LabelSet

    def row(self, name: str, count: int, made: Potential | Callable[[], Potential]) -> dict[str, object]:
        """Relative errors of C44 and the surface, and root-mean-square errors of the labels held back."""
        row: dict[str, object] = {"tuned": name, "labels": count}
        try:
            potential = made if isinstance(made, Potential) else made()
            found = validate(potential, self.held).groups[ALL]
            row |= {"energy_meV": found.energy.root_mean_square, "force_meV_A": found.force.root_mean_square,
                    "stress_GPa": found.stress.root_mean_square}  # fmt: skip
            stiffness, surface = _tungsten(potential, self.known)
        except MultiscaleError as error:
            return row | {"failed": str(error)}
        return row | {"C44": stiffness / self.stiffness - 1, "surface_110": surface / self.surface - 1}


def aluminium(oracle: Potential) -> dict[str, object]:
    """The intrinsic stacking fault before and after at most 100 labels, and what happens to bulk and surfaces."""
    model, planes = load_potential("7net-0", device="cpu"), {(1, 1, 1): 6, (1, 0, 0): 4}
    known = Crystal.of(oracle, "Al", "fcc", planes)
    rng = np.random.default_rng(0)
    structures = [(one, "bulk") for one in _strained(known, 20, rng)]
    fault, t = known.slabs["111"], offset(known.slabs["111"])
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        structures += [(fault.opened(gap, tuple(share * t)), "slipped") for gap in (-0.03, 0.04)]
    structures += [(fault.opened(gap, tuple(t)), "slipped") for gap in (0.0, 0.1)]
    structures += _opened(known, 4, rng)
    labels = LabelSet.made(oracle, [one for one, _ in structures], [group for _, group in structures])
    before = _aluminium(model, planes)
    true = _aluminium(oracle, planes)
    figures: dict[str, object] = {"isf_labels": len(labels), "isf_oracle_mJ_m2": true["isf_mJ_m2"]}
    figures["isf_error_before_mJ_m2"] = before["isf_mJ_m2"] - true["isf_mJ_m2"]
    posterior = fit_posterior(model.with_all_layers(), labels, noises=EXACT)
    after = _aluminium(posterior.mean_potential(), planes)
    figures["isf_error_after_mJ_m2"] = after["isf_mJ_m2"] - true["isf_mJ_m2"]
    figures["isf_model"] = "7net-0, closed-form readout of the scalars of all layers"
    for name in true:
        if name != "isf_mJ_m2":
            figures[f"al_{name}_error_before"] = before[name] / true[name] - 1
            figures[f"al_{name}_error_after"] = after[name] / true[name] - 1
    return figures


def tungsten(oracle: Potential, counts: tuple[int, ...] = COUNTS, full: Training = FULL) -> dict[str, object]:
    """C44, the (110) surface and errors on other labels before and after a few, four strains to one opening.

    Tuned are the readout of the last layer, that of all layers, and all weights.
    """
    model = load_potential("7net-0", device="cpu")
    known = Crystal.of(oracle, "W", "bcc", {(1, 1, 0): 4, (1, 0, 0): 5})
    judged = Crystal.of(oracle, "W", "bcc", {(1, 1, 0): 6})  # no label is a slab of this thickness
    rng = np.random.default_rng(1)
    fifth = (max(counts) + HELD) // 5
    bulk = [(one, "bulk") for one in _strained(known, 4 * fifth, rng)]
    opened = _opened(known, -(-fifth // 2), rng)
    order, places = rng.permutation(len(bulk)), rng.permutation(len(opened))
    mixed = [item for k in range(fifth) for item in (*(bulk[i] for i in order[4 * k : 4 * k + 4]), opened[places[k]])]
    labels = LabelSet.made(oracle, [one for one, _ in mixed], [group for _, group in mixed])
    truth = Truth(*_tungsten(oracle, judged), judged, labels[-HELD:])
    table = [truth.row("before", 0, model)]
    every = fit_posterior(model.with_all_layers(), labels[: max(counts)], noises=EXACT)
    for name, whole in (("last layer", _last_layer(every, model)), ("all layers", every)):
        for count in counts:
            part = whole.of(range(count)).refitted()
            table.append(truth.row(name, count, part.mean_potential()))
            if name == "last layer":
                table.append(truth.row("all weights", count, lambda part=part: fine_tune(part, full)))
    best = min((row for row in table if row["labels"] == max(counts) and "C44" in row), key=lambda row: abs(row["C44"]))
    return {
        "w_c44_oracle_GPa": truth.stiffness,
        "w_surface_110_oracle_J_m2": truth.surface,
        "w_c44_error_before": table[0]["C44"],
        "w_c44_error_after_100": best["C44"],
        "w_best_tuning": best["tuned"],
        "fine_tuning": table,
    }


def _last_layer(posterior: Posterior, model: LinearPotential) -> Posterior:
    """The same labels with the features of the last layer alone, which come first; nothing is derived again.

    It cannot meet exact labels: what it lacks is noise, and found.
    """
    count = model.evaluate(posterior.labels.structures[:1], features=True).features[0].shape[1]
    rows = tuple(
        replace(one, rows=Rows(*(np.hstack([a[:, :count], a[:, -len(one.counts) :]]) for a in one.rows)),
                sites=one.sites[:, :count])
        for one in posterior.designs
    )  # fmt: skip
    return replace(posterior, potential=model, designs=rows, noises=None).refitted()


def _tungsten(potential: Potential, known: Crystal) -> tuple[float, float]:
    """C44 in GPa at the potential's own lattice, and the (110) surface energy in J/m²."""
    cell = equilibrium(potential, "W", "bcc")
    return elastic_constants(potential, cell).cubic[2] / GPA, known.surface_energy(potential, "110")


def _aluminium(potential: Potential, planes: dict[tuple[int, int, int], int]) -> dict[str, float]:
    """Fault, lattice, stiffness and surfaces, each on the potential's own lattice."""
    own = Crystal.of(potential, "Al", "fcc", planes)
    slab = own.slabs["111"]
    fault = gamma_surface(potential, slab, offset(slab)[None])
    found = {"isf_mJ_m2": 1e3 * float(fault.energies[0]), "volume": own.cell.get_volume()}
    stiffness = elastic_constants(potential, own.cell).cubic
    found |= {name: value / GPA for name, value in zip(("C11", "C12", "C44"), stiffness, strict=True)}
    return found | {f"surface_{plane}": own.surface_energy(potential, plane) for plane in own.slabs}


def _strained(known: Crystal, count: int, rng: np.random.Generator) -> list[Atoms]:
    """The primitive cell under strains of all directions, small and large."""
    made = []
    for k in range(count):
        direction = rng.normal(size=6) * [1, 1, 1, 1.5, 1.5, 1.5]
        size = (0.01, 0.03, 0.08)[k % 3] * rng.uniform(0.3, 1.0)
        made.append(strained(known.cell, size * direction / np.abs(direction).max()))
    return made


def _opened(known: Crystal, count: int, rng: np.random.Generator) -> list[tuple[Atoms, str]]:
    """Openings and rattled surfaces of each slab, half of each."""
    made = []
    for slab in known.slabs.values():
        for k in range(count):
            if k % 2:
                made.append((slab.opened(float(rng.uniform(0.2, 3.0))), "opened"))
            else:
                atoms = apart(slab.atoms, FAR, (0.0, 0.0))
                atoms.positions += rng.normal(scale=0.05, size=atoms.positions.shape) * (k > 0)
                made.append((atoms, "surface"))
    return made
