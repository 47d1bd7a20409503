"""Periodic cells with solute atoms at their interfaces, closed and at rest, ready to be opened."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations, islice

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from atomistic.decohesion.bicrystal import Bicrystal
from atomistic.decohesion.layered import closed_gap
from atomistic.decohesion.slab import CleavageSlab, boundary_tractions
from atomistic.relax import Constraints, relax
from atomistic.solutes.placing import boundary_sites, fill_cell, solute_number, with_solute
from atomistic.solutes.sites import SiteKind, Sites, find_sites
from coupling.contracts import Evaluation, FloatArray, Potential, Progress, silent
from coupling.errors import InputError

Host = CleavageSlab | Bicrystal
"""A crystal cut along a plane, or two grains or crystals with two equal interfaces."""

_LEVEL = 0.05  # Å: heights that differ by less are one
_NUDGE = 0.02  # Å: by which a solute starts beside its site, so that it leaves a saddle point
_WAYS = 200  # arrangements of solute that are looked at
_SAME = 6  # decimals of an energy, eV
_STRESS, _STEPS = 2e5, 3000  # Pa, evaluations


@dataclass(frozen=True)
class FilledCell:
    """A `Layered` cell with the same solute atoms at each of its interfaces.

    Attributes:
        atoms: Closed, free of forces and of traction, in-plane cell as without solute; interstitial atoms come last.
        area: Of each interface, Å².
        spacing: Distance of the facing planes of the host, Å.
        bodies: Atoms of each body, from the bottom; an interstitial atom goes with the one that it is in.
        faces: Host atoms of the lowest and of the highest plane of each body.
        crystals: Lattice repeats, of the host's lattice alone, and bulk reference of each crystal.
        amount: Solute atoms at each interface.
        interstitial: (m,) the interstitial atoms, of all interfaces.
        spacings: Layer spacings of the upper and of the lower body.
    """

    atoms: Atoms
    area: float
    spacing: float
    bodies: tuple[np.ndarray, ...]
    faces: tuple[tuple[np.ndarray, np.ndarray], ...]
    crystals: tuple[tuple[float, CleavageSlab], ...]
    amount: int
    interstitial: NDArray[np.int64]
    spacings: tuple[int, int]

    def opened(self, opening: float, slip: tuple[float, float] = (0.0, 0.0)) -> Atoms:
        """At all interfaces the upper body moved rigidly by `opening` and along x, y by `slip`, Å."""
        atoms, jump = self.atoms.copy(), np.array([*slip, opening])
        for k, body in enumerate(self.bodies):
            atoms.positions[body] += k * jump
        cell = atoms.cell.array.copy()
        cell[2] += len(self.bodies) * jump
        atoms.set_cell(cell, scale_atoms=False)
        return atoms

    def tractions(self, structures: Sequence[Atoms], evaluation: Evaluation) -> FloatArray:
        """(n, 3) tractions across the interface through the cell's top, eV/Å³."""
        return boundary_tractions(structures, evaluation, self.area)

    @property
    def outward(self) -> FloatArray:
        """(m,) +1 for interstitial atoms at the top of their body, −1 at its bottom: where the other face is as it opens."""
        heights, signs = self.atoms.positions[:, 2], np.empty(len(self.interstitial))
        for body, (bottom, top) in zip(self.bodies, self.faces, strict=True):
            middle = 0.5 * (heights[bottom].mean() + heights[top].mean())
            inside = np.isin(self.interstitial, body)
            signs[inside] = np.where(heights[self.interstitial[inside]] > middle, 1.0, -1.0)
        return signs


def wider(slab: CleavageSlab, repeats: tuple[int, int]) -> CleavageSlab:
    """The slab repeated in its plane, for coverages below one atom a site of the smallest cell."""
    if min(repeats) < 1:
        raise InputError(f"In-plane repeats {repeats} must each be at least 1.")
    unit, third = slab.repeat_unit(), slab.atoms.cell.array[2]
    base, step = unit.atoms.repeat((*repeats, 1)), unit.atoms.cell.array[2]
    positions = np.vstack([base.positions + k * step for k in range(slab.repeats)])
    cell = np.vstack([base.cell.array[:2], third])
    atoms = Atoms(np.tile(base.numbers, slab.repeats), positions, cell=cell, pbc=True)
    return replace(slab, atoms=atoms, area=slab.area * repeats[0] * repeats[1])


def gap_sites(host: Host, kind: SiteKind = "interstitial", within: float | None = None) -> Sites:
    """The sites of a closed cell between its facing planes, or within a distance in Å of the middle between them.

    Raises:
        InputError: there are none.
    """
    reach = 0.5 * host.spacing - _LEVEL if within is None else within
    if isinstance(host, Bicrystal):
        return boundary_sites(host, kind, reach)
    cell, heights = host.atoms.cell.array, host.atoms.positions[:, 2]
    middle = 0.5 * (heights[host.faces[0][1]].mean() + heights[host.faces[0][0]].mean() + cell[2, 2])
    found = find_sites(host.atoms, kind).between(middle - reach, middle + reach, cell)
    if not len(found):
        raise InputError(f"No {kind} site lies within {reach:.3g} Å of the plane that parts; give more (within).")
    return found


def filled_cell(
    potential: Potential, host: Host, solute: str, sites: Sites, chosen: Sequence[int], *, force: float = 1e-5,
    progress: Progress = silent,
) -> FilledCell:  # fmt: skip
    """Solute atoms on sites at each interface of a closed cell, and all at rest, with no traction across the interface.

    Args:
        potential: The interatomic potential.
        host: The cell without solute, in equilibrium.
        solute: The element's symbol.
        sites: From `gap_sites`.
        chosen: Numbers of sites at one interface; none is the host alone.
        force: Largest that may remain on an atom, eV/Å.
        progress: Told after each step.

    Raises:
        InputError: the potential lacks the solute, or a site is to hold two atoms (a coverage over one).
        NotConverged: the closed cell did not relax.
    """
    solute_number(solute, potential)
    start = _placed(host, solute, sites, chosen)
    added = start.interstitial
    start.atoms.positions[added] += _NUDGE * np.random.default_rng(len(added)).normal(size=(len(added), 3))
    (closed,) = relax(
        potential,
        [start.atoms],
        Constraints(cell="vector"),
        force=force,
        stress=_STRESS,
        steps=_STEPS,
        progress=progress,
    ).structures
    made = replace(start, atoms=closed)
    return replace(made, spacing=closed_gap(made, closed))


def arranged(potential: Potential, host: Host, solute: str, sites: Sites, amount: int) -> tuple[int, ...]:
    """Numbers of sites at one interface on which so many atoms have the least energy before they relax.

    Of many ways to choose them as many are looked at as one batch holds, the first ones in the order of the sites among them.

    Raises:
        InputError: there are fewer sites, a coverage over one.
    """
    if amount > len(sites):
        raise InputError(
            f"{amount} solute atoms on {len(sites)} sites is a coverage over one; the cell has {len(sites)} at each interface."
        )
    ways = list(islice(combinations(range(len(sites)), amount), _WAYS))
    if len(ways) == 1:
        return ways[0]
    energies = potential.evaluate([_placed(host, solute, sites, way).atoms for way in ways]).energies
    return ways[int(np.argmin(np.round(energies, _SAME)))]


def _placed(host: Host, solute: str, sites: Sites, chosen: Sequence[int]) -> FilledCell:
    """The solute on its sites, not relaxed."""
    size, bodies = len(host.atoms), tuple[np.ndarray, ...]()
    if isinstance(host, Bicrystal):
        full = fill_cell(host, solute, sites, chosen)
        atoms, bodies, spacings = full.atoms, full.bodies, _layers(host)
    else:
        atoms = with_solute(host.atoms, solute, sites, chosen)
        added = np.arange(size, len(atoms))
        high = atoms.positions[added, 2] > host.atoms.positions[:, 2].max() + 0.5 * host.spacing + _LEVEL
        atoms.positions[added[high]] -= atoms.cell.array[2]
        bodies, spacings = (np.arange(len(atoms)),), host.spacings
    new = np.arange(size, len(atoms), dtype=np.int64)
    return FilledCell(
        atoms,
        host.area,
        host.spacing,
        bodies,
        tuple(host.faces),
        tuple(host.crystals),
        len(chosen),
        new,
        spacings,
    )


def _layers(cell: Bicrystal) -> tuple[int, int]:
    counts = [max(1, round(count * unit.planes) - 1) for count, unit in cell.crystals]
    return counts[1], counts[0]
