"""How two solute atoms change each other's energy: all different pairs of sites, relaxed in one batch."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from atomistic.relax import relax
from atomistic.solutes.placing import with_solute
from atomistic.solutes.sites import SAME_SITE, Sites, symmetry
from atomistic.solutes.spectrum import CAREFUL, Relaxing, Spectrum, repeats
from coupling.contracts import FloatArray, Potential, Progress, silent
from coupling.errors import InputError

_SAME_PAIR = 0.35  # Å between vectors of one pair: below the least distance of two sites
STAYS = 0.7
"""Å: a solute atom that moves farther as it relaxes is on another site."""


@dataclass(frozen=True)
class PairEnergies:
    """Interaction energies of pairs of solute atoms.

    Attributes:
        reach: Distance up to which pairs were taken, Å.
        classes: (p, 2) numbers of the energies of the two sites in the spectrum.
        distances: (p,) of the sites, Å.
        energies: (p,) E(both) + E(none) - E(first) - E(second), eV; positive where they repel each other. Infinite where
            the sites are too close for two atoms, or where one leaves its site as they relax.
        structures: (p,) relaxed structures with their results; the host where the sites are too close.
        keys: (p, 5) by which a pair is known: both classes, and the vector from the first site of the first class, Å.
    """

    reach: float
    classes: NDArray[np.int64]
    distances: FloatArray
    energies: FloatArray
    structures: tuple[Atoms, ...]
    keys: FloatArray


class PairMap:
    """Which pairs of sites of a structure are equal by its symmetry.

    Args:
        atoms: The structure without solute.
        sites: Its sites.
    """

    def __init__(self, atoms: Atoms, sites: Sites) -> None:
        self._cell = atoms.cell.array
        self._sites = sites
        operations = symmetry(atoms)
        vectors = self._cell.T
        self._turns = vectors @ operations.rotations @ np.linalg.inv(vectors)
        self._onto: list[NDArray[np.int64]] = []
        first = sites.positions[sites.representatives]
        for k, position in enumerate(sites.positions):
            images = operations.images(position, self._cell)
            apart = _folded(images - first[sites.classes[k]], self._cell)
            onto = np.flatnonzero(np.linalg.norm(apart, axis=1) < SAME_SITE)
            self._onto.append(onto if len(onto) else np.zeros(1, dtype=np.int64))

    def images(self, first: int, second: int, vector: FloatArray) -> FloatArray:
        """(n, 5) all keys of the pair of a site and another one, at a vector (3,) from it in Å: see `PairEnergies.keys`."""
        return np.vstack([self._half(first, second, vector), self._half(second, first, -vector)])

    def _half(self, first: int, second: int, vector: FloatArray) -> FloatArray:
        turned = self._turns[self._onto[first]] @ vector
        return np.column_stack([np.tile(self._sites.classes[[first, second]], (len(turned), 1)), turned])


def known_pair(keys: FloatArray, images: FloatArray) -> int | None:
    """The number of the key (p, 5) that is one of the images (n, 5) of a pair; None where there is none."""
    if not len(keys):
        return None
    same = np.all(keys[:, None, :2] == images[None, :, :2], axis=-1)
    apart = np.where(same, np.linalg.norm(keys[:, None, 2:] - images[None, :, 2:], axis=-1), np.inf).min(axis=1)
    nearest = int(np.argmin(apart))
    return nearest if apart[nearest] < _SAME_PAIR else None


def pair_energies(
    potential: Potential, atoms: Atoms, spectrum: Spectrum, reach: float, *, classes: "list[int] | None" = None,
    closest: float = 1.2, relaxing: Relaxing = CAREFUL, progress: Progress = silent,
) -> PairEnergies:  # fmt: skip
    """Interaction energies of all different pairs of sites up to a distance.

    Args:
        potential: The interatomic potential.
        atoms: The structure, in equilibrium without solute.
        spectrum: Of its sites.
        reach: Largest distance, Å.
        classes: Which sites, by numbers of their energies; None is all.
        closest: Distance below which two sites do not hold two atoms, Å.
        relaxing: How; the separation is that of a pair from its images.
        progress: Told after each step.

    Raises:
        InputError: the reach is not positive.
        NotConverged: a pair does not relax.
    """
    if not reach > 0:
        raise InputError(f"A reach of {reach:g} Å holds no pairs; give a positive one, such as 4 Å.")
    sites = spectrum.sites
    wanted = np.arange(len(spectrum.energies)) if classes is None else np.asarray(classes)
    times = repeats(atoms, relaxing.separation + reach)
    host = atoms * times
    pairs = _different(atoms, sites, wanted, reach)
    energies = np.full(len(pairs), np.inf)
    near = [k for k, pair in enumerate(pairs) if np.linalg.norm(pair.vector) >= closest]
    starts = [_both(host, spectrum.solute, sites, pairs[k]) for k in near]
    without = potential.evaluate([host])
    structures: list[Atoms] = [spectrum.host] * len(pairs)
    if starts:
        singles = _singles(potential, host, spectrum, sorted({c for k in near for c in pairs[k].classes}), relaxing)
        found = relax(potential, starts, force=relaxing.force, steps=relaxing.steps, progress=progress)
        for k, energy, made in zip(near, found.energies, found.structures, strict=True):
            one, other = (singles[c] for c in pairs[k].classes)
            structures[k] = made
            if _stayed(made, sites, pairs[k]):
                energies[k] = energy + without.energies[0] - one - other
    return PairEnergies(
        reach, np.array([pair.classes for pair in pairs], dtype=np.int64).reshape(-1, 2),
        np.array([np.linalg.norm(pair.vector) for pair in pairs]), energies, tuple(structures),
        np.array([(*pair.classes, *pair.vector) for pair in pairs]).reshape(-1, 5),
    )  # fmt: skip


@dataclass(frozen=True)
class _Pair:
    """Two sites, the second at a vector from the first."""

    first: int
    second: int
    vector: FloatArray
    classes: tuple[int, int]


def _different(atoms: Atoms, sites: Sites, classes: NDArray[np.int64], reach: float) -> list[_Pair]:
    """Each different pair up to a distance once, nearest first."""
    known, found, keys = PairMap(atoms, sites), [], np.zeros((0, 5))
    for i in (int(one) for one in sites.representatives if sites.classes[one] in classes):
        for j, vector in neighbours(atoms, sites, i, reach):
            if sites.classes[j] not in classes or known_pair(keys, known.images(i, j, vector)) is not None:
                continue
            pair = _Pair(i, j, vector, (int(sites.classes[i]), int(sites.classes[j])))
            found.append(pair)
            keys = np.vstack([keys, [*pair.classes, *vector]])
    return sorted(found, key=lambda pair: float(np.linalg.norm(pair.vector)))


def neighbours(atoms: Atoms, sites: Sites, site: int, reach: float) -> list[tuple[int, FloatArray]]:
    """All sites, with their vectors from a site in Å, up to a distance from it, periodic images too."""
    cell = atoms.cell.array
    counts = [int(np.ceil(one)) + 1 for one in reach * np.linalg.norm(np.linalg.inv(cell), axis=0)]
    grid = np.stack(np.meshgrid(*(np.arange(-n, n + 1) for n in counts), indexing="ij"), axis=-1).reshape(-1, 3) @ cell
    vectors = sites.positions[None] + grid[:, None] - sites.positions[site]
    distances = np.linalg.norm(vectors, axis=-1)
    rows, columns = np.nonzero((distances < reach) & (distances > 1e-3))
    return [(int(j), vectors[g, j]) for g, j in zip(rows, columns, strict=True)]


def _both(host: Atoms, solute: str, sites: Sites, pair: _Pair) -> Atoms:
    """The host with solute on both sites of a pair."""
    filled = with_solute(host, solute, sites, [pair.first])
    place = sites.positions[pair.first] + pair.vector
    if sites.kind == "interstitial":
        return filled + Atoms([filled.numbers[-1]], [place], cell=host.cell, pbc=True)
    apart = np.linalg.norm(_folded(host.positions - place, host.cell.array), axis=1)
    filled.numbers[int(np.argmin(apart))] = filled.numbers[sites.atoms[pair.first]]
    return filled


def _stayed(relaxed: Atoms, sites: Sites, pair: _Pair) -> bool:
    """Whether both atoms are still on their sites."""
    if sites.kind == "substitutional":
        return True
    places = sites.positions[pair.first] + np.array([np.zeros(3), pair.vector])
    moved = _folded(relaxed.positions[-2:] - places, relaxed.cell.array)
    return bool(np.linalg.norm(moved, axis=1).max() < STAYS)


def _singles(
    potential: Potential, host: Atoms, spectrum: Spectrum, classes: list[int], relaxing: Relaxing
) -> Mapping[int, float]:
    """Energies with one solute atom in the same cell as the pairs, by class, eV."""
    first = spectrum.sites.representatives
    starts = [with_solute(host, spectrum.solute, spectrum.sites, [int(first[c])]) for c in classes]
    found = relax(potential, starts, force=relaxing.force, steps=relaxing.steps)
    return dict(zip(classes, found.energies.tolist(), strict=True))


def _folded(vectors: FloatArray, cell: FloatArray) -> FloatArray:
    inside = vectors @ np.linalg.inv(cell)
    return np.asarray((inside - np.round(inside)) @ cell)
