"""How close a student is to its teacher: on structures, and in the properties for which the structures are drawn."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from ase import Atoms

from atomistic.decohesion.rigid_path import default_openings, rigid_path
from atomistic.decohesion.slab import cleavage_slab
from atomistic.distil.dataset import REPULSION, Dataset, StructurePath
from atomistic.properties.bulk import equilibrium
from atomistic.properties.elastic import cubic_constants, relaxed_stiffness
from atomistic.properties.fault import fcc_stacking_fault
from coupling.contracts import Potential, Progress, silent
from coupling.errors import NotConverged
from coupling.interface.rigid_path import rigid_law
from coupling.units import EV_A3, GPA


@dataclass(frozen=True)
class Errors:
    """Root-mean-square errors over structures.

    Attributes:
        structures: How many.
        energy: meV per atom.
        force: Of a component, meV/Å.
        stress: Of a component, GPa; NaN where no structure has a volume.
        force_size: Root mean square of the teacher's components, meV/Å.
    """

    structures: int
    energy: float
    force: float
    stress: float
    force_size: float


@dataclass(frozen=True)
class Comparison:
    """One quantity from both.

    Attributes:
        name: What it is.
        unit: Its unit.
        teacher: The teacher's value; NaN where its faulted crystal does not relax.
        student: The student's, likewise.
    """

    name: str
    unit: str
    teacher: float
    student: float

    @property
    def relative_error(self) -> float:
        """Relative error of the student, without its sign."""
        return abs(self.student / self.teacher - 1)


def errors(student: Potential, paths: Iterable[StructurePath]) -> Errors:
    """Errors of a student over labelled paths."""
    paths = list(paths)
    atoms = [one for path in paths for one in path.structures]
    found = student.evaluate(atoms)
    sizes = np.array([len(one) for one in atoms])
    forces = np.concatenate([force for path in paths for force in path.labels.forces])
    energy = (found.energies - np.concatenate([path.labels.energies for path in paths])) / sizes
    stress = found.stresses - np.concatenate([path.labels.stresses for path in paths])
    stress = stress[np.isfinite(stress).all((1, 2))]
    return Errors(
        len(atoms),
        1e3 * _rms(energy),
        1e3 * _rms(np.concatenate(found.forces) - forces),
        _rms(stress) * EV_A3 / GPA if len(stress) else float("nan"),
        1e3 * _rms(forces),
    )


def by_family(student: Potential, dataset: Dataset) -> dict[str, Errors]:
    """Errors on the test paths: "all" but the repulsive ones, then each family."""
    kinds = sorted({path.family for path in dataset.test})
    usual = [path for path in dataset.test if path.family != REPULSION]
    return {"all": errors(student, usual or dataset.test)} | {
        kind: errors(student, [path for path in dataset.test if path.family == kind]) for kind in kinds
    }


def compare(
    teacher: Potential,
    student: Potential,
    species: str,
    structure: str,
    planes: Iterable[tuple[int, int, int]],
    *,
    layers: int = 8,
    faults: bool = True,
    progress: Progress = silent,
) -> list[Comparison]:
    """Lattice, elastic constants, cleavage (rigid) and faults (fcc), each on its own lattice.

    Args:
        teacher: The reference.
        student: The potential that is assessed.
        species: "Ni".
        structure: A cubic crystal of one element.
        planes: Planes that are opened.
        layers: Atomic planes of the opened slab.
        faults: Also the stacking faults of an fcc crystal.
        progress: Called after each potential.
    """
    columns = []
    for done, potential in enumerate((teacher, student)):
        columns.append(_observed(potential, species, structure, list(planes), layers, faults))
        progress("comparison", done + 1, 2)
    return [Comparison(name, unit, value, columns[1][name][0]) for name, (value, unit) in columns[0].items()]


def milliseconds_per_atom(potential: Potential, atoms: Atoms, rounds: int = 3) -> float:
    """Best wall time of one evaluation of one structure over its atoms, ms."""
    potential.evaluate([atoms])
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        potential.evaluate([atoms])
        seconds.append(time.perf_counter() - start)
    return 1e3 * min(seconds) / len(atoms)


def _observed(
    potential: Potential, species: str, structure: str, planes: list[tuple[int, int, int]], layers: int, faults: bool
) -> dict[str, tuple[float, str]]:
    cell = equilibrium(potential, species, structure)
    cube = equilibrium(potential, species, structure, conventional=True).cell.array
    found = {"lattice parameter": (float(cube[0, 0]), "Å")}
    for name, value in zip(("C11", "C12", "C44"), cubic_constants(relaxed_stiffness(potential, cell)), strict=True):
        found[name] = (value / GPA, "GPa")
    for plane in planes:
        slab = cleavage_slab(cell, plane, layers, conventional=cube)
        law = rigid_law(rigid_path(potential, slab, default_openings(), shear=False))
        label = "".join(map(str, plane))
        found[f"work of separation ({label})"] = (law.work_of_separation, "J/m²")
        found[f"peak traction ({label})"] = (law.peak_traction / GPA, "GPa")
    if faults and structure == "fcc":
        for name, value in zip(("intrinsic", "unstable"), _faults(potential, cell), strict=True):
            found[f"{name} stacking fault"] = (1e3 * value, "mJ/m²")
    return found


def _faults(potential: Potential, cell: Atoms) -> tuple[float, float]:
    """Intrinsic and unstable fault, J/m²; NaN of a potential whose faulted cells do not relax."""
    try:
        fault = fcc_stacking_fault(potential, cell, layers=6)
    except NotConverged:
        return float("nan"), float("nan")
    return fault.intrinsic.value, fault.unstable.value


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(values))))
