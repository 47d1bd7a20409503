"""The relaxed opening path at uniform traction, by gap and length; and the bulk at the same traction.

At an imposed gap between the two facing planes all atoms are in equilibrium and the cell's length
is whatever makes them so. The traction is then uniform along the normal, on the stable and on the
unstable branch alike, and there is no snap-back: the gap rises monotonically.
"""

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from scipy.interpolate import CubicSpline

from atomistic.equilibrium import require, solve
from atomistic.interface import CleavageSlab, boundary_tractions
from coupling.cohesive import BulkBranch, SlabBranch
from coupling.contracts import FloatArray, Potential, Progress, silent

_NEIGHBOUR = 1.25  # of the shortest distance: bonds of the preconditioner
_VACUUM = 15.0  # Å, for potentials that do not tell their range
_ROUNDS = 4
_PROBE = 0.01  # strain by which the preconditioner's stiffness is measured


@dataclass(frozen=True)
class _Chain:
    """A model Hessian of the slab: bonds between neighbours, none across the gap.

    Attributes:
        inverse: (N, N) pseudo-inverse of the bonds' graph Laplacian.
        bond: (3,) stiffness of a bond along x, y, z, eV/Å².
        top, bottom: Atoms of the planes that face each other across the gap.
        length_stiffness: Traction per length of the whole cell, eV/Å⁴.
    """

    inverse: FloatArray
    bond: FloatArray
    top: np.ndarray
    bottom: np.ndarray
    length_stiffness: float

    def step(self, forces: FloatArray) -> FloatArray:
        """(N, 3) displacements that the model answers to forces, without translation."""
        return (self.inverse @ forces) / self.bond


def relaxed_path(
    potential: Potential,
    slab: CleavageSlab,
    gaps: FloatArray,
    *,
    tolerance: float = 1e-4,
    progress: Progress = silent,
) -> SlabBranch:
    """Equilibria of the slab at imposed gaps.

    Args:
        potential: The interatomic potential.
        slab: The closed crystal.
        gaps: (n,) Å beyond the closed spacing, among them 0.
        tolerance: Largest force on any atom at convergence, eV/Å.
        progress: Told after each sweep.

    Returns:
        Length, energy and traction (by virial, and by the forces on one half) at each gap.

    Raises:
        NotConverged: some equilibrium was not found.
    """
    chain = _chain(potential, slab)
    gaps = np.asarray(gaps, dtype=float)

    def structure(index: int, unknown: FloatArray) -> Atoms:
        return _at_gap(slab, chain, slab.spacing + gaps[index], unknown.reshape(-1, 3))

    def residuals(indices, unknowns):  # type: ignore[no-untyped-def]
        evaluation = potential.evaluate([structure(i, u) for i, u in zip(indices, unknowns, strict=True)])
        return [(chain.step(f).ravel(), float(np.abs(f).max())) for f in evaluation.forces]

    guesses, strongest = _stretched(potential, slab, gaps)
    solved, errors = solve(residuals, guesses, tolerance, what="relaxed openings", progress=progress)
    for attempt in range(_ROUNDS):  # not solved, or the bulk itself beyond its strength: start from a neighbour
        wrong = [i for i, u in enumerate(solved) if errors[i] > tolerance or _strain(slab, u) > strongest]
        good = np.setdiff1d(np.arange(len(gaps)), wrong)
        if not wrong or not len(good):
            break
        redo = {i: _neighbour(good, i, attempt % 2 == 0) for i in wrong}

        def some(indices, unknowns, chosen=tuple(redo)):  # type: ignore[no-untyped-def]
            return residuals([chosen[i] for i in indices], unknowns)

        starts = [solved[n] for n in redo.values()]
        redone, left = solve(some, starts, tolerance, what="softest openings", progress=progress)
        for i, unknown, error in zip(redo, redone, left, strict=True):
            solved[i], errors[i] = unknown, error
    require(errors, tolerance, "relaxed openings")
    structures = [structure(i, u) for i, u in enumerate(solved)]
    evaluation = potential.evaluate(structures)
    return SlabBranch(
        gap=gaps,
        length=np.array([a.cell[2, 2] for a in structures]),
        energy=evaluation.energies,
        traction=boundary_tractions(structures, evaluation, slab.area)[:, 2],
        traction_by_forces=_half_forces(potential, structures, slab, chain),
        area=slab.area,
        repeats=slab.repeats,
    )


def _neighbour(good: np.ndarray, index: int, smaller: bool) -> int:
    """The nearest good one on the wanted side, else on the other."""
    before, after = good[good < index], good[good > index]
    return int(before[-1] if len(before) and (smaller or not len(after)) else after[0])


def _strain(slab: CleavageSlab, unknown: FloatArray) -> float:
    """Mean strain of the slab along its normal, the gap left out."""
    levels, closed = unknown.reshape(-1, 3)[:, 2], slab.atoms.positions[:, 2]
    return float(np.ptp(levels) / np.ptp(closed) - 1.0)


def _stretched(potential: Potential, slab: CleavageSlab, gaps: FloatArray) -> tuple[list[FloatArray], float]:
    """Guesses: the bulk stretched as the rigid traction at each gap asks, and the strain of its strength."""
    rigid = [slab.opened(g) for g in gaps]
    wanted = boundary_tractions(rigid, potential.evaluate(rigid), slab.area)[:, 2]
    strains, tractions = _rising(potential, slab.repeat_unit())
    strain = np.interp(np.minimum(wanted, 0.95 * tractions[-1]), tractions, strains)
    return [(slab.atoms.positions * [1.0, 1.0, 1.0 + e]).ravel() for e in strain], float(strains[-1])


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
    """The slab's bulk crystal under normal traction, in-plane cell as in the slab.

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
    chain = _chain(potential, unit)
    tractions = np.asarray(tractions, dtype=float)
    count = len(unit.atoms)

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
        answers = []
        for force, short, atoms in zip(evaluation.forces, missing, structures, strict=True):
            stretch = short / chain.length_stiffness
            move = chain.step(force) if count > 1 else np.zeros((count, 3))
            move[:, 2] += atoms.positions[:, 2] / atoms.cell[2, 2] * stretch
            error = max(abs(short), np.abs(force).max() / unit.area)
            answers.append((np.append(move.ravel(), stretch), float(error)))
        return answers

    closed, height = unit.atoms.positions * 1.0, unit.atoms.cell[2, 2]
    strain = np.interp(tractions, *_rising(potential, unit)[::-1])
    guesses = [np.append((closed * [1.0, 1.0, 1.0 + e]).ravel(), height * (1.0 + e)) for e in strain]
    solved, errors = solve(residuals, guesses, tolerance, what="bulk references", progress=progress)
    require(errors, tolerance, "bulk references")
    structures = [structure(u) for u in solved]
    evaluation = potential.evaluate(structures)
    heights = np.array([a.cell[2, 2] for a in structures])
    gap = np.array([_gap(a, chain) for a in structures])
    return BulkBranch(tractions, heights, evaluation.energies, gap)


def _chain(potential: Potential, slab: CleavageSlab) -> _Chain:
    """Neighbour bonds of the closed crystal, scaled by its measured stiffness along z and in shear."""
    atoms = slab.atoms
    levels = atoms.positions[:, 2]
    top = np.flatnonzero(levels > levels.max() - 1e-2)
    bottom = np.flatnonzero(levels < levels.min() + 1e-2)
    laplacian, across = _laplacian(atoms)
    probes = []
    for sign in (1, -1):
        for axis in (2, 0):
            probe = atoms.copy()
            strain = np.eye(3)
            strain[2, axis] += sign * _PROBE
            probe.set_cell(atoms.cell.array @ strain, scale_atoms=True)
            probes.append(probe)
    traction = boundary_tractions(probes, potential.evaluate(probes), slab.area)
    axial = (traction[0, 2] - traction[2, 2]) / (2 * _PROBE)
    shear = (traction[1, 0] - traction[3, 0]) / (2 * _PROBE)
    height, count = atoms.cell[2, 2], max(across, 1)
    scale = slab.area / (slab.spacing * count)
    bond = np.maximum([shear, shear, axial], 0.05 * abs(axial)) * scale
    return _Chain(np.linalg.pinv(laplacian, hermitian=True), bond, top, bottom, axial / height)


def _laplacian(atoms: Atoms) -> tuple[FloatArray, int]:
    """Graph Laplacian of neighbour bonds inside the cell, and bonds across one typical plane."""
    from ase.neighborlist import neighbor_list

    count = len(atoms)
    shortest = neighbor_list("d", atoms, 6.0).min()
    first, second, shift = neighbor_list("ijS", atoms, _NEIGHBOUR * shortest)
    inside = shift[:, 2] == 0
    adjacency = np.zeros((count, count))
    np.add.at(adjacency, (first[inside], second[inside]), 1.0)
    crossing = int(np.sum(shift[:, 2] == 1))
    return np.diag(adjacency.sum(axis=1)) - adjacency, crossing


def _gap(atoms: Atoms, chain: _Chain) -> float:
    """Distance of the facing planes across the top of the cell, Å."""
    levels = atoms.positions[:, 2]
    return float(atoms.cell[2, 2] - (levels[chain.top].mean() - levels[chain.bottom].mean()))


def _at_gap(slab: CleavageSlab, chain: _Chain, gap: float, positions: FloatArray) -> Atoms:
    """The slab with these positions, and the cell length that gives the gap."""
    atoms = slab.atoms.copy()
    atoms.positions[:] = positions
    cell = atoms.cell.array.copy()
    cell[2, 2] += gap - _gap(atoms, chain)
    atoms.set_cell(cell, scale_atoms=False)
    return atoms


def _half_forces(
    potential: Potential, structures: list[Atoms], slab: CleavageSlab, chain: _Chain
) -> FloatArray:
    """Traction across the gap from the forces on one half alone, eV/Å³.

    The slab is cut through its middle, where vacuum is inserted; what then pulls the upper half is
    the other half across the gap.
    """
    vacuum = potential.cutoff + 2.0 if np.isfinite(potential.cutoff) else _VACUUM
    cut = []
    middle = np.sort(slab.atoms.positions[:, 2])[len(slab.atoms) // 2] - 0.25 * slab.spacing
    below = slab.atoms.positions[:, 2] < middle
    for atoms in structures:
        opened = atoms.copy()
        opened.positions[below] += opened.cell.array[2]
        cell = opened.cell.array.copy()
        cell[2] += (0.0, 0.0, vacuum)
        opened.set_cell(cell, scale_atoms=False)
        cut.append(opened)
    forces = potential.evaluate(cut).forces
    return np.array([-f[below, 2].sum() / slab.area for f in forces])
