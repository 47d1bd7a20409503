"""Vacancies: formation energy from two supercells."""

from dataclasses import dataclass

from ase import Atoms

from atomistic.properties.measurement import Measurement
from atomistic.relax import relax
from coupling.contracts import Cost, Potential, Progress, silent
from coupling.errors import InputError


@dataclass(frozen=True)
class Vacancy:
    """A missing atom.

    Attributes:
        formation: E(N-1, relaxed at fixed cell) - (N-1)/N E(N), eV.
        unrelaxed: The same before the relaxation, eV.
        atoms: Sites of the small and of the large supercell.
        cost: Computational cost.
    """

    formation: Measurement
    unrelaxed: float
    atoms: tuple[int, int]
    cost: Cost


def vacancy_formation(
    potential: Potential,
    bulk: Atoms,
    *,
    repeats: tuple[int, int] = (2, 3),
    force: float = 0.01,
    progress: Progress = silent,
) -> Vacancy:
    """Formation energy of the vacancy in an elemental crystal.

    Args:
        potential: The potential.
        bulk: A cell of the crystal at equilibrium; the cubic one gives the best supercells.
        repeats: Repeats of the small and of the large supercell along each axis.
        force: Largest force that may remain, eV/Å.
        progress: Called after each step of the relaxation.

    Returns:
        The large cell's value; the error is its difference from the small cell.

    Raises:
        InputError: the crystal has several elements, or the supercells do not grow.
        NotConverged: a cell does not relax.
    """
    if len(set(bulk.numbers.tolist())) != 1:
        raise InputError(f"{bulk.get_chemical_formula()} has several elements; vacancies are for one element alone.")
    if not 1 <= repeats[0] < repeats[1]:
        raise InputError(f"Supercells of {repeats[0]} and {repeats[1]} repeats do not grow; give for example (2, 3).")
    cells = [bulk * (n, n, n) for n in repeats]
    defects = [cell[1:] for cell in cells]
    found = potential.evaluate([bulk, *defects])
    each = found.energies[0] / len(bulk)
    relaxed = relax(potential, defects, force=force, progress=progress)
    small, large = relaxed.energies - [each * len(defect) for defect in defects]
    return Vacancy(
        Measurement(float(large), "eV", float(abs(large - small)), "a smaller supercell"),
        float(found.energies[2] - each * len(defects[1])),
        (len(cells[0]), len(cells[1])),
        found.cost + relaxed.cost,
    )
