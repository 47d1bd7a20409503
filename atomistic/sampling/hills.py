"""Hills on a grid: sums of Gaussians that are exact at the nodes, with cubic Hermite interpolation between them."""

from dataclasses import dataclass
from functools import reduce
from itertools import product
from math import prod

import numpy as np
from numpy.typing import NDArray

from atomistic.sampling.bias import nearest
from coupling.contracts import FloatArray
from coupling.errors import InputError
from coupling.files import content_hash

_NODES_IN_A_WIDTH = 2.0
"""Fewest: the interpolation is then right to a thousandth of a hill's height."""
_MOST_NODES = 2_000_000


@dataclass(frozen=True)
class HillRange:
    """Where hills are put, with the nodes at which they are summed.

    Attributes:
        lower: (d,) lowest values.
        upper: (d,) largest ones; of a periodic variable the lowest plus the period.
        nodes: (d,) intervals along each.
    """

    lower: tuple[float, ...]
    upper: tuple[float, ...]
    nodes: tuple[int, ...]

    def __post_init__(self) -> None:
        sizes = {len(self.lower), len(self.upper), len(self.nodes)}
        if len(sizes) != 1 or not self.lower or any(not a < b for a, b in zip(self.lower, self.upper, strict=False)):
            raise InputError(
                f"From {self.lower} to {self.upper} in {self.nodes} intervals is no range of variables; give a lowest value, a "
                "larger one and a number for each."
            )
        if min(self.nodes) < 2 or prod(one + 1 for one in self.nodes) > _MOST_NODES:
            raise InputError(
                f"{self.nodes} intervals: take at least 2 along each variable and at most {_MOST_NODES} nodes in all."
            )

    @property
    def spacing(self) -> FloatArray:
        """(d,) of the nodes."""
        return (np.array(self.upper) - np.array(self.lower)) / np.array(self.nodes)

    @property
    def axes(self) -> tuple[FloatArray, ...]:
        """Of each variable its nodes."""
        return tuple(np.linspace(a, b, n + 1) for a, b, n in zip(self.lower, self.upper, self.nodes, strict=True))


class Hills:
    """A bias that grows: Gaussians h Π exp(−(s − s_h)²/2w²) on a grid.

    Interpolated values, and derivatives that are those of what is interpolated. Beyond the range the bias is that of the
    edge, without a force.

    Args:
        range: Where.
        width: (d,) w of the Gaussians.
        periods: (d,) 0 where not periodic.

    Attributes:
        table: (2^d, …nodes…) values at the nodes, and their derivatives by each set of variables, eV.

    Raises:
        InputError: the nodes are too far apart for the width, or a periodic variable has another range than its period.
    """

    def __init__(self, range: HillRange, width: FloatArray, periods: FloatArray) -> None:
        self.range, self.width = range, np.asarray(width, dtype=float)
        self.periods, self._lower = np.asarray(periods, dtype=float), np.array(range.lower)
        count = len(range.nodes)
        if self.width.shape != (count,) or self.periods.shape != (count,) or not np.all(self.width > 0):
            raise InputError(
                f"Hills of width {self.width.tolist()} in a range of {count} variables with periods {self.periods.tolist()}: give a "
                "positive width for each, and a range of as many variables as there are."
            )
        if np.any(range.spacing * _NODES_IN_A_WIDTH > self.width * (1 + 1e-9)):
            raise InputError(
                f"Nodes {range.spacing.tolist()} apart do not resolve hills of width {self.width.tolist()}; take at least "
                f"{np.ceil((np.array(range.upper) - self._lower) * _NODES_IN_A_WIDTH / self.width).astype(int).tolist()} intervals."
            )
        whole = np.array(range.upper) - self._lower
        if np.any((self.periods > 0) & (np.abs(whole - self.periods) > 1e-9 * whole)):
            raise InputError(
                f"Variables with periods {self.periods.tolist()} need a range of one period, not one of {whole.tolist()}."
            )
        self._orders = list(product((0, 1), repeat=count))
        self.table = np.zeros((len(self._orders), *(n + 1 for n in range.nodes)))

    @property
    def identity(self) -> str:
        """Hash of range, width and periods, without the hills."""
        return content_hash(f"{self.range} {self.width.tolist()} {self.periods.tolist()}".encode())

    def inside(self, values: FloatArray) -> NDArray[np.bool_]:
        """(R,) whether values (R, d) are within the range."""
        upper = np.array(self.range.upper)
        return np.all((self.periods > 0) | ((values >= self._lower) & (values <= upper)), axis=1)

    def add(self, centres: FloatArray, heights: FloatArray) -> None:
        """Put hills at centres (h, d), of heights (h,) in eV."""
        factors = []
        for k, axis in enumerate(self.range.axes):
            away = nearest((axis - centres[:, [k]])[..., None], self.periods[[k]])[..., 0] / self.width[k]
            hill = np.exp(-0.5 * away**2)
            factors.append((hill, -away / self.width[k] * hill))
        for row, orders in enumerate(self._orders):
            chosen = [factors[k][order] for k, order in enumerate(orders)]
            chosen[0] = heights[:, None] * chosen[0]
            self.table[row] += _outer(chosen)

    def of(self, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """See `atomistic.sampling.bias.Bias`."""
        cells, weights, slopes = self._hermite(values)
        count, replicas = len(self.range.nodes), len(values)
        energy, gradient = np.zeros(replicas), np.zeros((replicas, count))
        for corner in product((0, 1), repeat=count):
            place = tuple(cells[:, k] + corner[k] for k in range(count))
            for row, orders in enumerate(self._orders):
                known = self.table[row][place]
                parts = [weights[:, k, orders[k], corner[k]] for k in range(count)]
                energy += known * reduce(np.multiply, parts)
                for k in range(count):
                    mixed = [slopes[:, j, orders[j], corner[j]] if j == k else parts[j] for j in range(count)]
                    gradient[:, k] += known * reduce(np.multiply, mixed)
        return energy, gradient

    def _hermite(self, values: FloatArray) -> tuple[NDArray[np.int64], FloatArray, FloatArray]:
        """Cells (R, d), weights (R, d, value or derivative, lower or upper node), and the weights' own derivatives."""
        spacing, whole = self.range.spacing, np.where(self.periods > 0, self.periods, 1.0)
        values = np.where(self.periods > 0, self._lower + np.mod(values - self._lower, whole), values)
        raw = (values - self._lower) / spacing
        share = np.clip(raw, 0.0, np.array(self.range.nodes))
        cells = np.minimum(share.astype(np.int64), np.array(self.range.nodes) - 1)
        t = share - cells
        within = (raw == share).astype(float)
        weights = np.stack([
            np.stack([(1 + 2 * t) * (1 - t) ** 2, t**2 * (3 - 2 * t)], axis=-1),
            np.stack([t * (1 - t) ** 2, t**2 * (t - 1)], axis=-1) * spacing[:, None],
        ], axis=2)  # fmt: skip
        slopes = np.stack([
            np.stack([6 * t * (t - 1), 6 * t * (1 - t)], axis=-1) / spacing[:, None],
            np.stack([(1 - t) * (1 - 3 * t), t * (3 * t - 2)], axis=-1),
        ], axis=2)  # fmt: skip
        return cells, weights, slopes * within[:, :, None, None]


def _outer(factors: list[FloatArray]) -> FloatArray:
    """Σ over hills of the outer products of factors (h, n_k)."""
    letters = "abcdef"[: len(factors)]
    return np.asarray(
        np.einsum(",".join(f"z{x}" for x in letters) + "->" + letters, *factors, optimize=len(factors) > 1)
    )
