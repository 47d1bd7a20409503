"""Energies of occupied sites: a lattice model with pair interactions, and a potential that sees the atoms themselves."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from scipy.special import logsumexp

from atomistic.relax import relax
from atomistic.solutes.interactions import STAYS, PairEnergies, PairMap, known_pair, neighbours
from atomistic.solutes.levels import thermal_energy
from atomistic.solutes.placing import with_solute
from atomistic.solutes.sites import Sites
from atomistic.solutes.spectrum import Relaxing
from coupling.contracts import FloatArray, Potential
from coupling.errors import InputError

Occupied = NDArray[np.bool_]
_EDGE = 0.1  # Å: by which equal pairs may be longer than the one that was computed
_LARGEST = 20  # sites of which all occupations are enumerated


class OccupationModel(Protocol):
    """Energies of occupations of the same sites."""

    @property
    def count(self) -> int:
        """How many sites there are."""
        ...

    def energies(self, occupied: Occupied) -> FloatArray:
        """(w,) eV of occupations (w, m), that of no solute being zero; infinite where it cannot be."""
        ...


@dataclass(frozen=True)
class LatticeGas:
    """E = Σ e_i n_i + ½ Σ J_ij n_i n_j.

    Attributes:
        site: (m,) energies e, eV.
        pair: (m, m) interactions J, symmetric, eV; infinite where two sites do not hold two atoms.
    """

    site: FloatArray
    pair: FloatArray

    def __post_init__(self) -> None:
        if self.pair.shape != (len(self.site),) * 2 or not np.array_equal(self.pair, self.pair.T):
            raise InputError(f"Interactions of {len(self.site)} sites are a symmetric matrix of that size.")

    @property
    def count(self) -> int:
        """How many sites there are."""
        return len(self.site)

    def energies(self, occupied: Occupied) -> FloatArray:
        """(w,) eV of occupations (w, m)."""
        filled = occupied.astype(float)
        blocked = np.isinf(self.pair)
        finite = np.where(blocked, 0.0, self.pair)
        energy = filled @ self.site + 0.5 * ((filled @ finite) * filled).sum(axis=1)
        return np.where(((filled @ blocked) * filled).any(axis=1), np.inf, energy)


@dataclass(frozen=True)
class ExactOccupation:
    """What the sum over all occupations gives.

    Attributes:
        coverage: (m,) occupied fraction of each site.
        energy: Mean, eV.
        grand_potential: -kT ln Ξ, eV; of a fixed number the free energy.
    """

    coverage: FloatArray
    energy: float
    grand_potential: float


def exact_occupation(
    model: OccupationModel, temperature: float, *, chemical_potential: float = 0.0, atoms: int | None = None
) -> ExactOccupation:
    """Sum over all occupations of a few sites.

    Args:
        model: The sites.
        temperature: K.
        chemical_potential: eV.
        atoms: Only occupations with this many; None is any.

    Raises:
        InputError: there are too many sites, or no occupation has that many atoms.
    """
    if model.count > _LARGEST:
        raise InputError(f"{model.count} sites have too many occupations to enumerate; take {_LARGEST} or fewer.")
    kt = thermal_energy(temperature)
    every = ((np.arange(2**model.count)[:, None] >> np.arange(model.count)) & 1).astype(bool)
    if atoms is not None:
        every = every[every.sum(axis=1) == atoms]
        if not len(every):
            raise InputError(
                f"{atoms} atoms on {model.count} sites are a coverage over one, or below none; give 0 to {model.count}."
            )
    energies = model.energies(every)
    weights = -(energies - chemical_potential * every.sum(axis=1)) / kt
    whole = float(logsumexp(weights))
    chances = np.exp(weights - whole)
    mean = float(chances @ np.where(np.isinf(energies), 0.0, energies))
    return ExactOccupation(chances @ every, mean, -kt * whole)


def lattice_gas(
    atoms: Atoms,
    sites: Sites,
    energies: FloatArray,
    pairs: PairEnergies,
    times: tuple[int, int, int],
    kept: NDArray[np.int64] | None = None,
) -> LatticeGas:
    """The sites of a structure's cell, repeated, with the energies of single atoms and of pairs.

    Args:
        atoms: The structure without solute.
        sites: Of its cell; their classes are numbers of energies.
        energies: (k,) of each class, eV.
        pairs: Their interactions; a pair that is not there does not interact.
        times: Repeats of the cell.
        kept: Which sites of the cell there are; None is all.

    Raises:
        InputError: the repeats are so few that a site interacts with its own image.
    """
    known, kept = PairMap(atoms, sites), np.arange(len(sites)) if kept is None else kept
    row = {int(site): k for k, site in enumerate(kept)}
    count, inverse, cells = len(kept), np.linalg.inv(atoms.cell.array), _cells(times)
    number = {tuple(cell): k for k, cell in enumerate(cells.tolist())}
    matrix = np.zeros((len(cells) * count,) * 2)
    for i in row:
        for j, vector in neighbours(atoms, sites, i, pairs.reach + _EDGE):
            pair = known_pair(pairs.keys, known.images(i, j, vector)) if j in row else None
            energy = 0.0 if pair is None else float(pairs.energies[pair])
            step = np.round((vector - sites.positions[j] + sites.positions[i]) @ inverse).astype(int)
            for k, cell in enumerate(cells if energy else ()):
                other = number[tuple(np.mod(cell + step, times).tolist())]
                matrix[k * count + row[i], other * count + row[j]] += energy
    if np.diagonal(matrix).any():
        raise InputError(
            f"In {' x '.join(map(str, times))} cells a site interacts with its own image within {pairs.reach:g} Å; take more."
        )
    return LatticeGas(np.tile(energies[sites.classes[kept]], len(cells)), 0.5 * (matrix + matrix.T))


def _cells(times: tuple[int, int, int]) -> NDArray[np.int64]:
    """(n, 3) numbers of repeated cells, in the order in which ASE repeats atoms."""
    return np.stack(np.meshgrid(*(np.arange(n) for n in times), indexing="ij"), axis=-1).reshape(-1, 3)


def tiled(sites: Sites, atoms: Atoms, times: tuple[int, int, int]) -> Sites:
    """The sites of a cell in its repeats, in the order of `lattice_gas`.

    Args:
        sites: Of the cell.
        atoms: The structure without solute.
        times: Repeats, in the order in which ASE repeats atoms.
    """
    cells = _cells(times)
    shifts, copies = cells @ atoms.cell.array, len(cells)
    members = np.concatenate([np.where(sites.atoms < 0, -1, sites.atoms + k * len(atoms)) for k in range(copies)])
    return Sites(
        sites.kind, (shifts[:, None] + sites.positions[None]).reshape(-1, 3), np.tile(sites.classes, copies),
        sites.names * copies, np.tile(sites.radii, copies), members,
    )  # fmt: skip


@dataclass(frozen=True)
class AtomsModel:
    """The energies that a potential gives with solute on the sites of a structure; each occupation is computed once.

    Attributes:
        potential: The interatomic potential.
        host: The structure without solute.
        solute: The element's symbol.
        sites: Its sites.
        relaxing: How the atoms relax at each occupation; None leaves them where they are put.
        replaced: Energy of a replaced atom in its bulk, eV.
        closest: Distance below which two sites do not hold two atoms, Å.
        leaving: Whether an occupation counts of which a relaxed atom leaves its site; else its energy is infinite.
    """

    potential: Potential
    host: Atoms
    solute: str
    sites: Sites
    relaxing: Relaxing | None = None
    replaced: float = 0.0
    closest: float = 1.2
    leaving: bool = False
    _known: dict[bytes, float] = field(default_factory=dict, repr=False)

    @property
    def count(self) -> int:
        """How many sites there are."""
        return len(self.sites)

    def energies(self, occupied: Occupied) -> FloatArray:
        """(w,) eV of occupations (w, m), new ones in one batch."""
        keys = [row.tobytes() for row in np.packbits(occupied, axis=1)]
        new = {key: row for key, row in zip(keys, occupied, strict=True) if key not in self._known}
        blocked = self._blocked
        for key, row in list(new.items()):
            if blocked[np.ix_(row, row)].any():
                self._known[key] = np.inf
                del new[key]
        if new:
            self._known.update(zip(new, self._computed(list(new.values())).tolist(), strict=True))
        return np.array([self._known[key] for key in keys])

    @property
    def _blocked(self) -> NDArray[np.bool_]:
        """(m, m) pairs of sites that do not hold two atoms."""
        inverse = np.linalg.inv(self.host.cell.array)
        offsets = (self.sites.positions[:, None] - self.sites.positions[None]) @ inverse
        distances = np.linalg.norm((offsets - np.round(offsets)) @ self.host.cell.array, axis=-1)
        return (distances < self.closest) & ~np.eye(self.count, dtype=bool)

    def _computed(self, rows: list[Occupied]) -> FloatArray:
        structures = [with_solute(self.host, self.solute, self.sites, np.flatnonzero(row)) for row in rows]
        none = float(self.potential.evaluate([self.host]).energies[0])
        gone = self.replaced if self.sites.kind == "substitutional" else 0.0
        counts = gone * np.array([row.sum() for row in rows]) - none
        if self.relaxing is None:
            return self.potential.evaluate(structures).energies + counts
        found = relax(self.potential, structures, force=self.relaxing.force, steps=self.relaxing.steps)
        stay = [self.leaving or self._stayed(one, row) for one, row in zip(found.structures, rows, strict=True)]
        return np.where(stay, found.energies + counts, np.inf)

    def _stayed(self, relaxed: Atoms, row: Occupied) -> bool:
        """Whether all solute atoms are on their sites."""
        if self.sites.kind == "substitutional" or not row.any():
            return True
        inverse, places = np.linalg.inv(self.host.cell.array), self.sites.positions[row]
        moved = (relaxed.positions[-len(places) :] - places) @ inverse
        apart = np.linalg.norm((moved - np.round(moved)) @ self.host.cell.array, axis=1)
        return bool(apart.max() < STAYS)
