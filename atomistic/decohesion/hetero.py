"""Two crystals on each other: their common cell strained, their registry, and the closed interface."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from ase import Atoms
from scipy.linalg import polar

from atomistic.decohesion.coincidence import Coincidence
from atomistic.decohesion.slab import CleavageSlab
from coupling.contracts import Evaluation, FloatArray, Potential, Progress, silent
from coupling.errors import InputError, NotConverged

_VACUUM = 15.0  # Å between the outer faces
_SEARCHED_GAPS = (0.75, 0.9, 1.0, 1.1, 1.3)  # of the mean layer spacing


@dataclass(frozen=True)
class HeteroInterface:
    """An upper crystal on a lower one, with vacuum outside; z is normal, upwards.

    Attributes:
        atoms: Both crystals, the interface closed.
        upper: (N,) mask of the upper crystal's atoms.
        area: Area of the interface in the cell, Å².
        gap: Distance of the facing planes, Å.
        coincidence: How the lattices were matched.
        layer_spacings: Layer spacings of the upper and of the lower crystal.
        shifts: (2, 3) plane vectors of the lower crystal's primitive cell, the range of registry.
        crystals: Lattice repeats and bulk reference of the lower and of the upper crystal, each strained
            in the plane as it is in the interface.
    """

    atoms: Atoms
    upper: np.ndarray
    area: float
    gap: float
    coincidence: Coincidence
    layer_spacings: tuple[int, int]
    shifts: FloatArray
    crystals: tuple[tuple[float, CleavageSlab], tuple[float, CleavageSlab]]

    @property
    def spacings(self) -> tuple[int, int]:
        """Layer spacings of the upper and of the lower crystal."""
        return self.layer_spacings

    def opened(self, opening: float, slip: tuple[float, float] = (0.0, 0.0)) -> Atoms:
        """The upper crystal moved rigidly by `opening` along z and by `slip` along x, y, in Å."""
        atoms = self.atoms.copy()
        atoms.positions[self.upper] += (*slip, opening)
        cell = atoms.cell.array.copy()
        cell[2, 2] += max(opening, 0.0)
        atoms.set_cell(cell, scale_atoms=False)
        return atoms

    def tractions(self, structures: Sequence[Atoms], evaluation: Evaluation) -> FloatArray:
        """(n, 3) eV/Å³: what pulls the upper crystal back, by the forces on its atoms."""
        return np.array([-f[self.upper].sum(axis=0) / self.area for f in evaluation.forces])


def hetero_interface(
    upper: CleavageSlab,
    lower: CleavageSlab,
    coincidence: Coincidence,
    *,
    strain: Literal["upper", "lower"] | None = None,
) -> HeteroInterface:
    """Stack the two crystals, matched and strained, at the mean of their layer spacings.

    Args:
        upper: The upper crystal.
        lower: The lower crystal.
        coincidence: Their common cell.
        strain: Which of the two takes the strain; by default the one for which they were matched.

    Raises:
        InputError: they were matched for the other one.
    """
    if strain not in (None, coincidence.strained):
        raise InputError(
            f"The lattices were matched with the {coincidence.strained} crystal strained, not the {strain} one; "
            f"match them anew with strain={strain!r}, or leave `strain` out here."
        )
    slabs = {"upper": (upper, coincidence.upper), "lower": (lower, coincidence.lower)}
    slab, integers = slabs["lower" if coincidence.strained == "upper" else "upper"]
    fixed = _along_x(integers @ slab.atoms.cell.array[:2])
    bodies = {name: _matched(slab.atoms, integers, fixed) for name, (slab, integers) in slabs.items()}
    gap = 0.5 * (upper.spacing + lower.spacing)
    for atoms in bodies.values():
        atoms.positions[:, 2] -= atoms.positions[:, 2].min()
    bodies["upper"].positions[:, 2] += bodies["lower"].positions[:, 2].max() + gap
    atoms = bodies["lower"] + bodies["upper"]
    cell = np.zeros((3, 3))
    cell[:2], cell[2, 2] = fixed, np.ptp(atoms.positions[:, 2]) + _VACUUM
    atoms.set_cell(cell, scale_atoms=False)
    mask = np.arange(len(atoms)) >= len(bodies["lower"])
    shifts = np.linalg.solve(coincidence.lower.astype(float), fixed)
    below, above = ((s.repeats, _reference(s, n, fixed)) for s, n in (slabs["lower"], slabs["upper"]))
    spacings = (upper.planes - 1, lower.planes - 1)
    return HeteroInterface(atoms, mask, coincidence.area, gap, coincidence, spacings, shifts, (below, above))


def _matched(atoms: Atoms, integers: np.ndarray, fixed: FloatArray) -> Atoms:
    """An in-plane supercell strained into the common cell (2, 3); heights stay."""
    from ase.build import make_supercell

    transformation = np.eye(3, dtype=int)
    transformation[:2, :2] = integers
    atoms = make_supercell(atoms, transformation, wrap=False)
    onto = np.linalg.solve(atoms.cell.array[:2, :2], fixed[:, :2])
    cell = atoms.cell.array.copy()
    cell[:2], cell[2, :2] = fixed, cell[2, :2] @ onto
    positions = np.column_stack([atoms.positions[:, :2] @ onto, atoms.positions[:, 2]])
    return Atoms(atoms.numbers, positions, cell=cell, pbc=True)


def _reference(slab: CleavageSlab, integers: np.ndarray, fixed: FloatArray) -> CleavageSlab:
    """One lattice repeat of a crystal, strained in the plane into the common cell."""
    unit = slab.repeat_unit()
    atoms = _matched(unit.atoms, integers, fixed)
    return replace(unit, atoms=atoms, area=float(abs(np.linalg.det(fixed[:, :2]))))


def in_plane_turn(slab: CleavageSlab, integers: np.ndarray, fixed: FloatArray) -> FloatArray:
    """(3, 3) rotation about z that takes a slab's axes to those of the common cell that it was matched into.

    Args:
        slab: The crystal before it was matched.
        integers: (2, 2) combination of its plane vectors, see `Coincidence`.
        fixed: (2, 3) vectors of the common cell, Å.
    """
    gradient = np.linalg.solve((integers @ slab.atoms.cell.array[:2])[:, :2], np.asarray(fixed)[:, :2]).T
    turn = np.eye(3)
    turn[:2, :2] = polar(gradient)[0]
    return turn


def _along_x(vectors: FloatArray) -> FloatArray:
    """The two plane vectors turned so that the first lies along x, right-handed."""
    (a, b) = vectors[:, :2]
    length = np.linalg.norm(a)
    cross = a[0] * b[1] - a[1] * b[0]
    return np.array([[length, 0.0, 0.0], [a @ b / length, cross / length, 0.0]])


def close(
    potential: Potential,
    interface: HeteroInterface,
    *,
    shift: tuple[float, float] | None = None,
    grid: int = 6,
    progress: Progress = silent,
) -> HeteroInterface:
    """Search the registry and the gap of least energy, all shifts and gaps in one batch.

    Args:
        potential: The interatomic potential.
        interface: The two crystals, stacked.
        shift: A registry to keep, in fractions of the lower crystal's plane vectors; None searches.
        grid: Shifts along each plane vector of the lower crystal's cell; 6 meets the threefold sites.
        progress: Told when done.

    Returns:
        The interface in its best registry, at the gap of zero traction.

    Raises:
        NotConverged: no gap of zero traction was found.
    """
    steps = [shift] if shift is not None else [(i / grid, j / grid) for i in range(grid) for j in range(grid)]
    slips = [tuple((np.array(f) @ interface.shifts)[:2]) for f in steps]
    gaps = [interface.gap * (factor - 1) for factor in _SEARCHED_GAPS]
    structures = [interface.opened(g, s) for s in slips for g in gaps]
    energies = potential.evaluate(structures).energies.reshape(len(slips), len(gaps))
    progress("registry", len(structures), len(structures))
    best, gap = np.unravel_index(np.argmin(energies), energies.shape)
    return _at_zero_traction(potential, _moved(interface, gaps[gap], slips[best]))


def continued_registry(slab: CleavageSlab, stacked: HeteroInterface) -> tuple[float, float]:
    """The shift, for `close`, that puts the upper crystal where the lower one would have gone on.

    Args:
        slab: The crystal.
        stacked: The crystal stacked on itself.
    """
    wanted = slab.atoms.cell.array[2, :2]
    first = stacked.atoms.positions[stacked.upper][0, :2] - stacked.atoms.positions[~stacked.upper][0, :2]
    own = stacked.coincidence.lower @ slab.atoms.cell.array[:2, :2]
    onto = np.linalg.solve(own, stacked.atoms.cell.array[:2, :2])  # the slab's axes turned into the interface's
    u, v = np.linalg.solve(stacked.shifts[:, :2].T, wanted @ onto - first)
    return float(u), float(v)


def _moved(interface: HeteroInterface, opening: float, slip: tuple[float, float] = (0.0, 0.0)) -> HeteroInterface:
    return replace(interface, atoms=interface.opened(opening, slip), gap=interface.gap + opening)


def _at_zero_traction(potential: Potential, interface: HeteroInterface) -> HeteroInterface:
    """Secant iterations on the gap."""

    def traction(opening: float) -> float:
        moved = [interface.opened(opening)]
        return float(interface.tractions(moved, potential.evaluate(moved))[0, 2])

    before, now = 0.0, 0.02
    at_before, at_now = traction(before), traction(now)
    for _ in range(30):
        if abs(at_now) < 1e-6 or at_now == at_before:
            break
        step = np.clip(-at_now * (now - before) / (at_now - at_before), -0.2, 0.2)
        before, at_before, now = now, at_now, now + float(step)
        at_now = traction(now)
    if abs(at_now) > 1e-4:
        raise NotConverged(
            f"No gap of zero traction was found near {interface.gap:.3f} Å (traction {at_now:.2g} eV/Å³); "
            "try more shifts, or another termination."
        )
    return _moved(interface, now)
