"""The energies of one solute atom on the sites of a structure: relaxed, sites that relax to one counted once."""

from dataclasses import dataclass, replace

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from atomistic.frames import with_results
from atomistic.relax import relax
from atomistic.solutes.levels import Levels
from atomistic.solutes.placing import require_foreign, solute_number, with_solute
from atomistic.solutes.sites import SAME_SITE, SiteKind, Sites, Symmetry, find_sites, interstices, symmetry
from atomistic.solutes.voids import Shape, group_means
from coupling.contracts import FloatArray, Potential, Progress, silent
from coupling.errors import InputError

_NUDGE = 0.03  # Å: by which a solute starts beside its site, so that it leaves a saddle point
_REGULAR = Shape()
_BULK = 15.0  # Å: least distance of images in the bulk, whose energy all others are counted from


@dataclass(frozen=True)
class Relaxing:
    """How structures with solute are relaxed.

    Attributes:
        separation: Least distance of a solute atom from its periodic images, Å.
        force: Largest force that may remain, eV/Å.
        steps: Most evaluations of one.
        most: Sites of different classes that are relaxed; of more, those of least energy before relaxation.
    """

    separation: float = 8.0
    force: float = 5e-3
    steps: int = 600
    most: int = 100


CAREFUL = Relaxing()


@dataclass(frozen=True)
class Spectrum:
    """Energies of one solute atom on the sites of a structure.

    Attributes:
        solute: The element's symbol.
        energies: (k,) of each class of sites by rising energy, eV: E(with) - E(without), for a substitutional atom plus
            that of the replaced atom in its bulk.
        sites: All sites of the structure's cell; their classes are numbers of energies.
        structures: k relaxed structures with their results, the cell repeated; an interstitial solute is the last atom.
        host: The same without solute, with its results.
        area: Of the structure's cell across its third vector, Å².
        lattice_sites: Atoms of the structure's own cell, without solute.
        left_out: Classes of sites that were not relaxed, see `Relaxing.most`.
        cell_error: By which the least energy is too large for the size of the cell, eV; 0 where it is not known.
    """

    solute: str
    energies: FloatArray
    sites: Sites
    structures: tuple[Atoms, ...]
    host: Atoms
    area: float
    lattice_sites: int
    left_out: int = 0
    cell_error: float = 0.0

    @property
    def multiplicities(self) -> NDArray[np.int64]:
        """(k,) sites of each class in the cell."""
        return np.bincount(self.sites.classes, minlength=len(self.energies)).astype(np.int64)

    @property
    def names(self) -> tuple[str, ...]:
        """(k,) what the sites of each class are called."""
        return tuple(self.sites.names[k] for k in self.sites.representatives)

    @property
    def levels(self) -> Levels:
        """The energies alone."""
        return Levels(self.energies, self.multiplicities, self.lattice_sites)

    def coverage(self, chemical_potential: float, temperature: float) -> FloatArray:
        """See `Levels.coverage`."""
        return self.levels.coverage(chemical_potential, temperature)

    def amount(self, chemical_potential: float, temperature: float) -> float:
        """See `Levels.amount`."""
        return self.levels.amount(chemical_potential, temperature)

    def chemical_potential(self, concentration: float, temperature: float) -> float:
        """See `Levels.chemical_potential`."""
        return self.levels.chemical_potential(concentration, temperature)


def spectrum(
    potential: Potential, atoms: Atoms, solute: str, sites: Sites, *, replaced: float = 0.0, relaxing: Relaxing = CAREFUL,
    progress: Progress = silent,
) -> Spectrum:  # fmt: skip
    """Put one solute atom on a site of each class, relax all in one batch, and keep each end once.

    Args:
        potential: The interatomic potential.
        atoms: The structure in equilibrium, its cell held.
        solute: The element's symbol.
        sites: Its sites, see `find_sites`.
        replaced: Energy of a replaced atom in its bulk, eV.
        relaxing: How.
        progress: Told after each step.

    Raises:
        InputError: the potential lacks the solute, or it is the structure's own element.
        NotConverged: one does not relax.
    """
    solute_number(solute, potential)
    require_foreign(solute, atoms.get_chemical_symbols())
    if not len(sites):
        raise InputError("There is no site for a solute atom; choose others.")
    host = atoms * repeats(atoms, relaxing.separation)
    starts = [with_solute(host, solute, sites, [int(k)]) for k in sites.representatives]
    found = potential.evaluate([host, *starts])
    without = with_results(host, float(found.energies[0]), found.forces[0])
    kept = np.sort(np.argsort(found.energies[1:], kind="stable")[: relaxing.most])
    tried = [_nudged(starts[k], sites, int(sites.representatives[k])) for k in kept]
    relaxed = relax(potential, tried, force=relaxing.force, steps=relaxing.steps, progress=progress)
    energies = relaxed.energies - found.energies[0] + (replaced if sites.kind == "substitutional" else 0.0)
    ends = _ends(atoms, sites, kept, relaxed.structures, energies)
    return Spectrum(
        solute, energies[ends.rows], ends.sites, tuple(relaxed.structures[k] for k in ends.rows), without,
        float(np.linalg.norm(np.cross(*atoms.cell.array[:2]))), len(atoms), len(starts) - len(kept),
    )  # fmt: skip


def bulk_solution(
    potential: Potential, crystal: Atoms, solute: str, kind: SiteKind, *, shape: Shape = _REGULAR, relaxing: Relaxing = CAREFUL,
    progress: Progress = silent,
) -> Spectrum:  # fmt: skip
    """The energies of one solute atom in a bulk crystal of one element, whose `chemical_potential` is the reservoir.

    See `dissolved` for the cell.

    Args:
        potential: The interatomic potential.
        crystal: At its equilibrium.
        solute: The element's symbol.
        kind: "interstitial" or "substitutional".
        shape: Which voids count.
        relaxing: How.
        progress: Told after each step.

    Raises:
        InputError: the potential lacks the solute, or there is no such kind of site.
        NotConverged: a structure does not relax.
    """
    solute_number(solute, potential)
    sites = find_sites(crystal, kind, shape=shape)
    each = replaced_energy(potential, crystal) if kind == "substitutional" else 0.0
    return dissolved(potential, crystal, solute, sites, replaced=each, relaxing=relaxing, progress=progress)


def dissolved(
    potential: Potential, crystal: Atoms, solute: str, sites: Sites, *, replaced: float = 0.0, relaxing: Relaxing = CAREFUL,
    progress: Progress = silent,
) -> Spectrum:  # fmt: skip
    """The energies of one solute atom in the bulk, images 15 Å or more apart, and what is left of their interaction.

    In a cell of N atoms that is held, images interact elastically, and E(N) = E(∞) + A/N. A second cell of half the size
    gives A, and `Spectrum.cell_error` is A/N; it is not taken off.

    Args:
        potential: The interatomic potential.
        crystal: At its equilibrium.
        solute: The element's symbol.
        sites: Its sites.
        replaced: Energy of a replaced atom in its bulk, eV.
        relaxing: How; a larger separation is kept.
        progress: Told after each step.

    Raises:
        InputError: the potential lacks the solute.
        NotConverged: a structure does not relax.
    """
    wide = replace(relaxing, separation=max(_BULK, relaxing.separation))
    half = replace(wide, separation=wide.separation / 2)
    large, small = (
        spectrum(potential, crystal, solute, sites, replaced=replaced, relaxing=one, progress=progress)
        for one in (wide, half)
    )
    n, fewer = len(large.host), len(small.host)
    if n == fewer:
        return large
    return replace(large, cell_error=float(small.energies[0] - large.energies[0]) * fewer / (n - fewer))


def replaced_energy(potential: Potential, crystal: Atoms) -> float:
    """Energy of an atom in a crystal of one element, to which a replaced atom goes, eV.

    Raises:
        InputError: the crystal has several elements.
    """
    if len(set(crystal.numbers.tolist())) > 1:
        raise InputError(
            f"{crystal.get_chemical_formula()} has several elements, and where a replaced atom goes is open; give its energy "
            "in its reservoir (`replaced`)."
        )
    return float(potential.evaluate([crystal]).energies[0]) / len(crystal)


def repeats(atoms: Atoms, separation: float) -> tuple[int, int, int]:
    """How often a cell is repeated along each vector so that images are a separation in Å apart, however skew it is."""
    a, b, c = (max(1, int(np.ceil(separation / one - 1e-6))) for one in heights(atoms))
    return a, b, c


def heights(atoms: Atoms) -> FloatArray:
    """(3,) distances of the opposite faces of a cell, its volume over their areas, Å: no image is nearer than the least."""
    return np.asarray(1.0 / np.linalg.norm(np.linalg.inv(atoms.cell.array), axis=0))


@dataclass(frozen=True)
class _Ends:
    """What the relaxed structures are: rows by rising energy, each its own class of sites."""

    rows: NDArray[np.int64]
    sites: Sites


def _nudged(atoms: Atoms, sites: Sites, site: int) -> Atoms:
    solute = len(atoms) - 1 if sites.kind == "interstitial" else int(sites.atoms[site])
    direction = np.random.default_rng(site).normal(size=3)
    atoms.positions[solute] += _NUDGE * direction / np.linalg.norm(direction)
    return atoms


def _ends(atoms: Atoms, sites: Sites, kept: NDArray[np.int64], structures: list[Atoms], energies: FloatArray) -> _Ends:
    order = np.argsort(energies, kind="stable")
    if sites.kind == "substitutional":
        number = np.full(int(sites.classes.max()) + 1, -1)
        number[kept[order]] = np.arange(len(order))
        return _Ends(order, _everywhere(atoms, sites, number))
    rows_kept: list[int] = []
    operations, orbits = symmetry(atoms), np.zeros((0, 3))
    classes = np.zeros(0, dtype=np.int64)
    for k in order:
        orbit = _orbit(structures[k].positions[-1], operations, atoms.cell.array)
        if len(orbits) and _nearest(orbit[:1], orbits, atoms.cell.array) < SAME_SITE:
            continue
        classes = np.append(classes, np.full(len(orbit), len(rows_kept)))
        orbits = np.vstack([orbits, orbit])
        rows_kept.append(int(k))
    named = interstices(atoms, orbits, classes)
    return _Ends(np.array(rows_kept), _by_energy(named, orbits, classes))


def _everywhere(atoms: Atoms, sites: Sites, number: NDArray[np.int64]) -> Sites:
    """All atoms of the cell that are equal to a substitutional site that was tried, in the class of its energy."""
    whole = find_sites(atoms, "substitutional")
    energy_of = np.full(int(whole.classes.max()) + 1, -1)
    energy_of[whole.classes[sites.atoms]] = number[sites.classes]
    rows = np.flatnonzero(energy_of[whole.classes] >= 0)
    one = whole.select(rows)
    return Sites(one.kind, one.positions, energy_of[whole.classes[rows]], one.names, one.radii, one.atoms)


def _by_energy(named: Sites, positions: FloatArray, classes: NDArray[np.int64]) -> Sites:
    """The same sites in the order in which they were made."""
    back = [int(np.argmin(np.abs(named.positions - one).sum(axis=1))) for one in positions]
    return Sites(
        named.kind, positions, classes, tuple(named.names[k] for k in back), named.radii[back], named.atoms[back]
    )


def _orbit(position: FloatArray, operations: Symmetry, cell: FloatArray) -> FloatArray:
    """(m, 3) the sites in the cell onto which symmetry takes a position; images within one site are their mean."""
    images = operations.images(position, cell)
    grid = np.array([[i, j, k] for i in (-1, 0, 1) for j in (-1, 0, 1) for k in (-1, 0, 1)])
    means = group_means((images[None] + (grid @ cell)[:, None]).reshape(-1, 3), SAME_SITE)
    inside = means @ np.linalg.inv(cell)
    edge = np.abs(inside - np.round(inside)) < 1e-4
    inside[edge] = np.round(inside[edge])
    found = inside[np.all((inside > -1e-6) & (inside < 1 - 1e-6), axis=1)] @ cell
    return np.asarray(found if len(found) else position[None])


def _nearest(first: FloatArray, second: FloatArray, cell: FloatArray) -> float:
    offsets = (first[:, None] - second[None]) @ np.linalg.inv(cell)
    return float(np.linalg.norm((offsets - np.round(offsets)) @ cell, axis=-1).min())
