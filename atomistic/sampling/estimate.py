"""Free energies of collective variables from weighted samples, with bars from blocks."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from coupling.contracts import FloatArray
from coupling.errors import InputError
from coupling.units import BOLTZMANN_EV

_BLOCKS = 16
"""Fewest blocks of a jackknife."""


@dataclass(frozen=True)
class FreeEnergy:
    """A free energy in cells of a grid over d variables, so normalised that ∫ exp(−F/kT) ds over the grid is 1.

    Attributes:
        edges: Of each variable the edges of its cells.
        energy: (n₁, …, n_d) −kT ln of the mean density of a cell, eV; NaN where there is no sample.
        std: The same shape, standard errors, eV; NaN where they are not known.
        temperature: K.
    """

    edges: tuple[FloatArray, ...]
    energy: FloatArray
    std: FloatArray
    temperature: float

    @property
    def centres(self) -> tuple[FloatArray, ...]:
        """Of each variable the middles of its cells."""
        return tuple(0.5 * (one[1:] + one[:-1]) for one in self.edges)


def cells_of(values: FloatArray, edges: tuple[FloatArray, ...]) -> NDArray[np.int64]:
    """(n,) the cell of each of values (n, d), in the order of a raveled grid; −1 outside.

    Raises:
        InputError: the edges are not those of as many variables, or do not rise.
    """
    if len(edges) != values.shape[1] or any(len(one) < 2 or np.any(np.diff(one) <= 0) for one in edges):
        raise InputError(f"Give rising edges of cells for each of {values.shape[1]} variables, not {len(edges)} lists.")
    places = [np.searchsorted(one, values[:, k], side="right") - 1 for k, one in enumerate(edges)]
    inside = np.all([(p >= 0) & (p < len(one) - 1) for p, one in zip(places, edges, strict=True)], axis=0)
    shape = tuple(len(one) - 1 for one in edges)
    flat = np.ravel_multi_index([np.where(inside, p, 0) for p in places], shape)
    return np.where(inside, flat, -1)


def cell_energies(
    cells: NDArray[np.int64], log_weights: FloatArray, edges: tuple[FloatArray, ...], temperature: float
) -> FloatArray:
    """(n₁, …, n_d) eV, as in `FreeEnergy`, of samples in cells with weights."""
    shape, inside = tuple(len(one) - 1 for one in edges), cells >= 0
    if not inside.any():
        raise InputError("No sample lies in the range of the edges; give edges around the values.")
    logs = log_weights[inside] - logsumexp(log_weights[inside])
    total = np.bincount(cells[inside], weights=np.exp(logs), minlength=int(np.prod(shape))).reshape(shape)
    size = np.ones(())
    for one in edges:
        size = np.multiply.outer(size, np.diff(one))
    with np.errstate(divide="ignore"):
        energy = -BOLTZMANN_EV * temperature * np.log(total / size)
    return np.where(np.isfinite(energy), energy, np.nan)


def block_labels(samples: int, replicas: int) -> NDArray[np.int64]:
    """(samples · replicas,) the block of each sample (n, R), raveled: replicas, cut in time where there are fewer than 16."""
    cuts = -(-_BLOCKS // replicas)
    if samples < 2 * cuts:
        raise InputError(
            f"{samples} samples of {replicas} walkers give no error bar; sample more often, or take more steps."
        )
    part = np.arange(samples) * cuts // samples
    return np.asarray((part[:, None] * replicas + np.arange(replicas)).ravel())


def jackknife(
    estimate: Callable[[NDArray[np.bool_]], FloatArray], labels: NDArray[np.int64]
) -> tuple[FloatArray, FloatArray]:
    """An estimate of all samples and its standard error, by leaving out one block after the other (Quenouille; Efron).

    Args:
        estimate: Of the samples that a mask (n,) marks.
        labels: (n,) block of each sample.

    Returns:
        The estimate, and its standard error in the same shape: NaN where a block left out leaves no estimate.
    """
    names = np.unique(labels)
    left = np.array([estimate(labels != name) for name in names])
    error = np.sqrt((len(names) - 1) * left.var(axis=0))
    return estimate(np.ones(len(labels), dtype=bool)), error


def reweighted(
    values: FloatArray, log_weights: FloatArray, edges: tuple[FloatArray, ...], temperature: float
) -> FreeEnergy:
    """The free energy of samples (n, R, d) with weights (n, R), bars from blocks of walkers.

    Raises:
        InputError: there are too few samples, or none in the range of the edges.
    """
    edges = tuple(np.asarray(one, dtype=float) for one in edges)
    cells, weights = cells_of(values.reshape(-1, values.shape[-1]), edges), log_weights.ravel()

    def estimate(chosen: NDArray[np.bool_]) -> FloatArray:
        return cell_energies(cells[chosen], weights[chosen], edges, temperature)

    return FreeEnergy(edges, *jackknife(estimate, block_labels(*values.shape[:2])), temperature)
