"""The relaxed opening path at uniform traction, by gap and length; and the bulk at the same traction.

At an imposed gap between the two facing planes all atoms are in equilibrium and the cell's length
is whatever makes them so. The traction is then uniform along the normal, on the stable and on the
unstable branch alike, and there is no snap-back: the gap rises monotonically.
"""

from collections.abc import Callable

import numpy as np
from ase import Atoms
from scipy.interpolate import CubicSpline

from atomistic.equilibrium import Residuals, require, solve
from atomistic.interface import CleavageSlab, boundary_tractions
from atomistic.layered import BondModel, Layered, at_gap, bond_model, closed_gap, half_tractions
from coupling.cohesive import BulkBranch, SlabBranch
from coupling.contracts import FloatArray, Potential, Progress, silent

_ROUNDS = 4
_SWEEPS = 200
_LOST = 1.15  # of the strain of a crystal's strength: there the crystal itself is parting
_DOOMED = 0.9  # of a crystal's strength: rigid traction beyond which an opening may have no equilibrium


def relaxed_path(
    potential: Potential,
    slab: Layered,
    gaps: FloatArray,
    *,
    tolerance: float = 1e-4,
    progress: Progress = silent,
) -> SlabBranch:
    """Equilibria of the slab at imposed gaps.

    Args:
        potential: The interatomic potential.
        slab: The closed crystal, or a `Bicrystal`, all of whose interfaces open alike.
        gaps: (n,) Å beyond the closed spacing, among them 0.
        tolerance: Largest force on any atom at convergence, eV/Å.
        progress: Told after each sweep.

    Returns:
        Length, energy and traction (by virial, and by the forces on one half) at each gap.

    Raises:
        NotConverged: some equilibrium was not found.
    """
    gaps = np.asarray(gaps, dtype=float)
    structures = relaxed_structures(potential, slab, gaps, tolerance=tolerance, progress=progress)
    found = [atoms for atoms in structures if atoms is not None]
    there = np.array([atoms is not None for atoms in structures])
    evaluation = potential.evaluate(found)
    return SlabBranch(
        gap=gaps[there],
        length=np.array([a.cell[2, 2] for a in found]),
        energy=evaluation.energies,
        traction=boundary_tractions(found, evaluation, slab.area)[:, 2],
        traction_by_forces=half_tractions(potential, slab, found),
        area=slab.area,
        repeats=tuple(repeats for repeats, _ in slab.crystals),
        interfaces=len(slab.bodies),
        beyond_strength=tuple(float(gap) for gap in gaps[~there]),
    )


def relaxed_structures(
    potential: Potential,
    slab: Layered,
    gaps: FloatArray,
    *,
    tolerance: float = 1e-4,
    progress: Progress = silent,
) -> list[Atoms | None]:
    """The structures of `relaxed_path`, one a gap; None where a crystal would part before the interface does."""
    model = bond_model(potential, slab)

    def structure(index: int, unknown: FloatArray) -> Atoms:
        return at_gap(slab, slab.spacing + gaps[index], unknown.reshape(-1, 3))

    def residuals(indices, unknowns):  # type: ignore[no-untyped-def]
        evaluation = potential.evaluate([structure(i, u) for i, u in zip(indices, unknowns, strict=True)])
        lost = [np.any(_strains(slab, u) > _LOST * strongest) for u in unknowns]
        return [
            (model.step(f).ravel(), float(np.nan if gone else np.abs(f).max()))
            for f, gone in zip(evaluation.forces, lost, strict=True)
        ]

    guesses, strongest, doomed = _stretched(potential, slab, gaps)
    solved, errors = solve(residuals, guesses, tolerance, what="relaxed openings", sweeps=_SWEEPS, progress=progress)

    def unsolved() -> list[int]:
        return [i for i, u in enumerate(solved) if not errors[i] <= tolerance or np.any(_strains(slab, u) > strongest)]

    _from_neighbours(residuals, solved, errors, unsolved, tolerance, progress)
    missing = [i for i in unsolved() if doomed[i]]
    errors[missing] = 0.0
    require(errors, tolerance, "relaxed openings")
    return [None if i in missing else structure(i, u) for i, u in enumerate(solved)]


def _from_neighbours(
    residuals: Residuals,
    solved: list[FloatArray],
    errors: FloatArray,
    unsolved: Callable[[], list[int]],
    tolerance: float,
    progress: Progress,
) -> None:
    """Start openings that were not solved, or left a bulk beyond its strength, again from a solved neighbour."""
    tried: list[list[int]] = []
    for attempt in range(_ROUNDS):
        wrong = unsolved()
        good = np.setdiff1d(np.arange(len(solved)), wrong)
        if not wrong or not len(good) or tried[:-1].count(wrong):  # neither neighbour helped
            break
        tried.append(wrong)

        def some(indices, unknowns, chosen=tuple(wrong)):  # type: ignore[no-untyped-def]
            return residuals([chosen[i] for i in indices], unknowns)

        starts = [solved[_neighbour(good, i, attempt % 2 == 0)] for i in wrong]
        redone, left = solve(some, starts, tolerance, what="softest openings", sweeps=_SWEEPS, progress=progress)
        for i, unknown, error in zip(wrong, redone, left, strict=True):
            solved[i], errors[i] = unknown, error


def _neighbour(good: np.ndarray, index: int, smaller: bool) -> int:
    """The nearest good one on the wanted side, else on the other."""
    before, after = good[good < index], good[good > index]
    return int(before[-1] if len(before) and (smaller or not len(after)) else after[0])


def _strains(slab: Layered, unknown: FloatArray) -> FloatArray:
    """Mean strain of each body along the normal, the gaps left out."""
    levels, closed = unknown.reshape(-1, 3)[:, 2], slab.atoms.positions[:, 2]
    return np.array([np.ptp(levels[body]) / np.ptp(closed[body]) - 1.0 for body in slab.bodies])


def _stretched(
    potential: Potential, slab: Layered, gaps: FloatArray
) -> tuple[list[FloatArray], FloatArray, np.ndarray]:
    """Guesses: each bulk stretched as the rigid traction at each gap asks.

    Also the strain of each crystal's strength, and where the rigid traction comes near to one.
    """
    rigid = [slab.opened(g) for g in gaps]
    wanted = boundary_tractions(rigid, potential.evaluate(rigid), slab.area)[:, 2]
    guesses = [slab.atoms.positions.copy() for _ in gaps]
    strongest, doomed = [], np.zeros(len(gaps), dtype=bool)
    for (_, unit), body in zip(slab.crystals, slab.bodies, strict=True):
        strains, tractions = _rising(potential, unit)
        free = np.interp(0.0, tractions, strains)  # the slab's own layers are those of the strained crystal
        strain = np.interp(np.minimum(wanted, 0.95 * tractions[-1]), tractions, strains)
        for guess, e in zip(guesses, strain, strict=True):
            guess[body, 2] *= (1.0 + e) / (1.0 + free)
        strongest.append((1.0 + strains[-1]) / (1.0 + free) - 1.0)
        doomed |= wanted > _DOOMED * tractions[-1]
    return [guess.ravel() for guess in guesses], np.array(strongest), doomed


def _rising(potential: Potential, unit: CleavageSlab) -> tuple[FloatArray, FloatArray]:
    """Normal strains and tractions of the bulk, ions clamped, from compression up to its strength."""
    sampled = np.linspace(-0.1, 0.25, 36)
    cells = [unit.opened(e * unit.atoms.cell[2, 2]) for e in sampled]
    for atoms, e in zip(cells, sampled, strict=True):
        atoms.positions[:, 2] *= 1 + e
    curve = CubicSpline(sampled, boundary_tractions(cells, potential.evaluate(cells), unit.area)[:, 2])
    crests = curve.derivative().roots(extrapolate=False)
    strains = np.linspace(sampled[0], min(crests[crests > 0], default=sampled[-1]), 400)
    return strains, np.maximum.accumulate(curve(strains))


def bulk_branch(
    potential: Potential,
    slab: CleavageSlab,
    tractions: FloatArray,
    *,
    tolerance: float = 5e-6,
    progress: Progress = silent,
) -> BulkBranch:
    """A bulk crystal under normal traction, in-plane cell as in the slab.

    Args:
        potential: The interatomic potential.
        slab: The crystal; one repeat of it is evaluated.
        tractions: (n,) eV/Å³, those of the slab, so that nothing is interpolated.
        tolerance: Largest error of the traction, eV/Å³, and of the forces over the area.
        progress: Told after each sweep.

    Raises:
        NotConverged: a traction is beyond the crystal's strength, or an equilibrium was not found.
    """
    unit = slab.repeat_unit()
    tractions = np.asarray(tractions, dtype=float)
    structures = bulk_structures(potential, unit, tractions, tolerance=tolerance, progress=progress)
    evaluation = potential.evaluate(structures)
    heights = np.array([a.cell[2, 2] for a in structures])
    return BulkBranch(tractions, heights, evaluation.energies, np.array([closed_gap(unit, a) for a in structures]))


def bulk_structures(
    potential: Potential,
    unit: CleavageSlab,
    tractions: FloatArray,
    *,
    tolerance: float = 5e-6,
    progress: Progress = silent,
) -> list[Atoms]:
    """The structures of `bulk_branch`, one lattice repeat a traction."""
    model = bond_model(potential, unit)

    def structure(unknown: FloatArray) -> Atoms:
        atoms = unit.atoms.copy()
        atoms.positions[:] = unknown[:-1].reshape(-1, 3)
        cell = atoms.cell.array.copy()
        cell[2, 2] = unknown[-1]
        atoms.set_cell(cell, scale_atoms=False)
        return atoms

    def residuals(indices, unknowns):  # type: ignore[no-untyped-def]
        structures = [structure(u) for u in unknowns]
        evaluation = potential.evaluate(structures)
        missing = tractions[list(indices)] - boundary_tractions(structures, evaluation, unit.area)[:, 2]
        return [
            _stretch(model, atoms, force, short, unit.area)
            for force, short, atoms in zip(evaluation.forces, missing, structures, strict=True)
        ]

    closed, height = unit.atoms.positions * 1.0, unit.atoms.cell[2, 2]
    strain = np.interp(tractions, *_rising(potential, unit)[::-1])
    guesses = [np.append((closed * [1.0, 1.0, 1.0 + e]).ravel(), height * (1.0 + e)) for e in strain]
    solved, errors = solve(residuals, guesses, tolerance, what="bulk references", progress=progress)
    require(errors, tolerance, "bulk references")
    return [structure(u) for u in solved]


def _stretch(model: BondModel, atoms: Atoms, force: FloatArray, short: float, area: float) -> tuple[FloatArray, float]:
    """The model's step of atoms and height towards a missing traction, and the error."""
    stretch = short / model.length_stiffness
    move = model.step(force)
    move[:, 2] += atoms.positions[:, 2] / atoms.cell[2, 2] * stretch
    return np.append(move.ravel(), stretch), float(max(abs(short), np.abs(force).max() / area))
