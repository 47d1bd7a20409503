"""Formation energies: relaxed energies of candidate phases, less those of the pure elements."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers

from atomistic.phases.candidates import Phase, check_phases, composition, elements_of
from atomistic.phases.descriptor import pair_densities
from atomistic.relax import Constraints, relax
from coupling.contracts import Cost, FloatArray, Potential, Progress, silent
from coupling.errors import InputError, NotConverged

_SAME_ENERGY = 1e-4  # eV per atom
_SAME_PLACE = 2e-2  # of the pair densities


@dataclass(frozen=True)
class FormationEnergies:
    """Relaxed candidate phases, by the order in which they were given.

    Attributes:
        names: n names.
        elements: k elements, by atomic number.
        fractions: (n, k) atomic fractions.
        energies: (n,) eV per atom.
        formation: (n,) eV per atom, from the pure elements in their best structures.
        structures: n relaxed structures with their results.
        unrelaxed: Names of candidates that did not relax, and are left out.
        merged: Of candidates that relaxed into another one and are left out, the name, and that of the other.
        cost: Computational cost.
    """

    names: tuple[str, ...]
    elements: tuple[str, ...]
    fractions: FloatArray
    energies: FloatArray
    formation: FloatArray
    structures: list[Atoms] = field(repr=False)
    unrelaxed: tuple[str, ...] = ()
    merged: tuple[tuple[str, str], ...] = ()
    cost: Cost = field(default_factory=Cost)


def formation_energies(
    potential: Potential,
    phases: Sequence[Phase],
    *,
    force: float = 0.005,
    stress: float = 2e7,
    steps: int = 400,
    progress: Progress = silent,
) -> FormationEnergies:
    """Relax all candidates in one batch, cells too, and take the pure elements away.

    Args:
        potential: The potential.
        phases: The candidates; each element pure in at least one.
        force: Largest force left, eV/Å.
        stress: Largest stress left, Pa.
        steps: Most evaluations of one structure.
        progress: Called after each step.

    Raises:
        InputError: the potential lacks an element, or an element is pure in no candidate.
        NotConverged: no pure candidate of an element relaxed.
    """
    check_phases(phases)
    elements = elements_of([phase.atoms for phase in phases])
    check_elements(potential, phases)
    check_end_members(elements, composition([phase.atoms for phase in phases], elements))
    found = relax(
        potential, [phase.atoms for phase in phases], Constraints(cell="full"), force=force, stress=stress, steps=steps,
        all_must=False, progress=progress,
    )  # fmt: skip
    relaxed = (found.forces < force) & (found.stresses < stress)
    per_atom = found.energies / [len(phase.atoms) for phase in phases]
    places = pair_densities(found.structures, elements)
    kept, merged = _different([int(k) for k in np.flatnonzero(relaxed)], per_atom, places)
    fractions = composition([found.structures[k] for k in kept], elements)
    energies = per_atom[kept]
    return FormationEnergies(
        names=tuple(phases[k].name for k in kept),
        elements=elements,
        fractions=fractions,
        energies=energies,
        formation=energies - fractions @ pure_energies(elements, fractions, energies),
        structures=[found.structures[k] for k in kept],
        unrelaxed=tuple(phases[int(k)].name for k in np.flatnonzero(~relaxed)),
        merged=tuple((phases[one].name, phases[other].name) for one, other in merged),
        cost=found.cost,
    )


def check_elements(potential: Potential, phases: Sequence[Phase]) -> None:
    """Refuse phases of elements that a potential lacks.

    Raises:
        InputError: it names the phase and the elements.
    """
    known = potential.elements
    for phase in phases:
        lacking = [one for one in elements_of([phase.atoms]) if atomic_numbers[one] not in known]
        if lacking:
            raise InputError(
                f"The phase {phase.name!r} holds {', '.join(lacking)}, which the potential {potential.name!r} lacks; leave such "
                "phases out, or choose a potential for all elements."
            )


def check_end_members(elements: Sequence[str], fractions: FloatArray) -> None:
    """Refuse candidates from which a formation energy cannot be made.

    Raises:
        InputError: an element is pure in none.
    """
    for column, element in enumerate(elements):
        if not np.any(fractions[:, column] > 1 - 1e-12):
            raise InputError(
                f"No candidate phase is pure {element}, from which formation energies are counted; add its crystal, such as the "
                "prototype fcc, bcc or hcp."
            )


def pure_energies(elements: Sequence[str], fractions: FloatArray, energies: FloatArray) -> FloatArray:
    """(k,) eV per atom of each element in the best of its own structures.

    Raises:
        NotConverged: an element has none.
    """
    pure = fractions > 1 - 1e-12
    for column, element in enumerate(elements):
        if not pure[:, column].any():
            raise NotConverged(f"No structure of pure {element} relaxed; give its crystal nearer to its equilibrium.")
    return np.array([energies[mask].min() for mask in pure.T])


def _different(
    indices: Sequence[int], energies: FloatArray, places: FloatArray
) -> tuple[list[int], list[tuple[int, int]]]:
    """Those that are not an earlier one, and the pairs of those that are."""
    kept: list[int] = []
    merged: list[tuple[int, int]] = []
    for k in indices:
        twin = next(
            (
                other for other in kept
                if abs(energies[k] - energies[other]) < _SAME_ENERGY
                and np.abs(places[k] - places[other]).max() < _SAME_PLACE
            ),
            None,
        )  # fmt: skip
        if twin is None:
            kept.append(k)
        else:
            merged.append((k, twin))
    return kept, merged
