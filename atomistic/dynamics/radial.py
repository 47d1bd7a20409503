"""Radial distribution functions."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms

from atomistic.potentials.neighbours import neighbour_pairs
from coupling.contracts import FloatArray
from coupling.errors import InputError

_FEWEST, _MOST_BLOCKS = 4, 16


@dataclass(frozen=True)
class RadialDistribution:
    """How often atoms are at a distance of each other, over what an even spread would give.

    Attributes:
        radius: (m,) middles of the bins, Å.
        value: (m,) g(r).
        error: (m,) standard errors over structures or blocks of them.
        neighbours: (m,) running mean number of neighbours of a first atom up to the upper edge of a bin.
    """

    radius: FloatArray
    value: FloatArray
    error: FloatArray
    neighbours: FloatArray


def radial_distribution(
    structures: Sequence[Atoms], reach: float, *, bins: int = 200, species: tuple[str, str] | None = None
) -> RadialDistribution:
    """g(r) of structures of the same atoms, such as the last states of replicas or frames of one.

    Structures of one replica follow each other in the list, so that the blocks of the error bar, 4 to 16 of them, are of
    neighbours in time.

    Args:
        structures: Periodic in three directions.
        reach: Largest distance, Å; it may be longer than the cell.
        bins: How many.
        species: The first atom's and the second's; None takes all.

    Raises:
        InputError: there are too few structures for an error bar, none of a species, or no periodic cell.
    """
    if len(structures) < _FEWEST:
        raise InputError(f"{len(structures)} structures give no error bar; take {_FEWEST} or more.")
    if not all(one.pbc.all() for one in structures):
        raise InputError(
            "A radial distribution counts against an even spread, which needs a cell periodic in three directions."
        )
    edges = np.linspace(0.0, reach, bins + 1)
    shells = 4 / 3 * np.pi * np.diff(edges**3)
    rows = [_counts(one, edges, species) for one in structures]
    around = np.array([row[0] for row in rows])
    even = np.array([row[1] for row in rows])[:, None] * shells
    blocks = min(_MOST_BLOCKS, len(rows))
    values = np.array([one.mean(axis=0) for one in np.array_split(around / even, blocks)])
    return RadialDistribution(
        0.5 * (edges[1:] + edges[:-1]), (around / even).mean(axis=0), values.std(axis=0, ddof=1) / np.sqrt(blocks),
        np.cumsum(around.mean(axis=0)),
    )  # fmt: skip


def _counts(atoms: Atoms, edges: FloatArray, species: tuple[str, str] | None) -> tuple[FloatArray, float]:
    """Second atoms in each bin about a first one, and the density, 1/Å³, of those that it can meet."""
    symbols = np.array(atoms.get_chemical_symbols())
    every = np.ones(len(atoms), dtype=bool)
    first, second = (every, every) if species is None else (symbols == species[0], symbols == species[1])
    if not first.any() or not second.any():
        raise InputError(f"A species of {species} is not among {', '.join(sorted(set(symbols)))}; give two of these.")
    centre, other, vectors = neighbour_pairs(atoms, float(edges[-1]))
    distance = np.linalg.norm(vectors, axis=1)[first[centre] & second[other]]
    found, _ = np.histogram(distance, edges)
    return found / first.sum(), float(second.sum()) / float(atoms.get_volume())
