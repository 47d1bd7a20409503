"""The convex hull of energies over composition, in any number of elements."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull as Qhull

from coupling.contracts import FloatArray
from coupling.errors import InputError

ON_HULL = 1e-9
"""eV per atom: a phase no higher than this is stable."""
_UP = 1e-10  # normals of facets that stand upright, or look up


@dataclass(frozen=True)
class ConvexHull:
    """The energies that mixtures of phases reach; energies may be counted from any energies of the elements.

    Attributes:
        fractions: (n, k) atomic fractions, each row adding up to 1; each element pure in at least one.
        energies: (n,) eV per atom.

    Raises:
        InputError: the shapes do not fit, the fractions do not add up, or an end member is missing.
    """

    fractions: FloatArray
    energies: FloatArray

    def __post_init__(self) -> None:
        x, e = np.asarray(self.fractions, dtype=float), np.asarray(self.energies, dtype=float)
        if x.ndim != 2 or e.shape != (len(x),) or not np.isfinite(e).all():
            raise InputError(
                f"Fractions of shape {x.shape} and energies of shape {e.shape} make no hull; give (n, k) and (n,), all finite."
            )
        if np.any(x < 0) or np.abs(x.sum(axis=1) - 1).max() > 1e-9:
            raise InputError("The atomic fractions of a phase must be zero or more and add up to 1.")
        for column in np.flatnonzero(x.max(axis=0) < 1 - 1e-12):
            raise InputError(
                f"No phase is pure in element number {column + 1}; the hull needs an end member of each element."
            )
        object.__setattr__(self, "fractions", x)
        object.__setattr__(self, "energies", e)

    @cached_property
    def _facets(self) -> tuple[FloatArray, NDArray[np.int64]]:
        """Planes (f, k), which are the energies of the pure elements on each, and corners (f, k), of the lower side."""
        x, e = self.fractions, self.energies
        k = x.shape[1]
        if k == 1:
            return np.array([[e.min()]]), np.array([[int(np.argmin(e))]])
        pure = self._pure
        above = e - x @ e[pure]  # from the end members, which does not move the hull
        scale = max(float(np.ptp(above)), 1e-12)
        high = np.append(np.full(k - 1, 1 / k), above.max() / scale + 1.0)  # so that the whole is not flat
        hull: Any = Qhull(np.vstack([np.column_stack([x[:, :-1], above / scale]), high]))
        lower = hull.equations[:, -2] < -_UP
        normal, offset = hull.equations[lower, :-1], hull.equations[lower, -1]
        corners = np.vstack([np.eye(k - 1), np.zeros(k - 1)])
        planes = -(normal[:, :-1] @ corners.T + offset[:, None]) / normal[:, -1:] * scale + e[pure]
        return planes, np.asarray(hull.simplices[lower])

    @cached_property
    def _pure(self) -> NDArray[np.int64]:
        """(k,) the best phase of each element."""
        best = [np.where(column > 1 - 1e-12, self.energies, np.inf).argmin() for column in self.fractions.T]
        return np.array(best)

    def energy(self, fractions: FloatArray) -> FloatArray:
        """(m,) the hull's energy at compositions (m, k), eV per atom."""
        planes, _ = self._facets
        return np.asarray((np.atleast_2d(fractions) @ planes.T).max(axis=1))

    @cached_property
    def above(self) -> FloatArray:
        """(n,) energies above the hull, eV per atom; 0 for what is stable."""
        height = np.clip(self.energies - self.energy(self.fractions), 0, None)
        height[self._corners] = 0.0
        return height

    @property
    def stable(self) -> NDArray[np.bool_]:
        """(n,) whether a phase lies on the hull."""
        return self.above <= ON_HULL

    @property
    def facets(self) -> NDArray[np.int64]:
        """(f, k) numbers of the phases that stand side by side."""
        return self._facets[1]

    def decomposition(self, fractions: FloatArray) -> tuple[tuple[int, float], ...]:
        """Into which phases a composition (k,) falls apart: their numbers, and the share of all atoms in each."""
        x = np.asarray(fractions, dtype=float)
        planes, corners = self._facets
        heights = planes @ x
        shares = [
            (facet, np.linalg.lstsq(self.fractions[facet].T, x, rcond=None)[0])
            for facet in corners[heights > heights.max() - ON_HULL]
        ]
        facet, share = max(shares, key=lambda one: float(one[1].min()))
        return tuple((int(phase), float(part)) for phase, part in zip(facet, share, strict=True) if part > 1e-9)

    def solubility_limit(self, host: int, solute: int) -> tuple[float, int | None]:
        """The largest chemical potential of a solute in a host before another phase appears, and which that is.

        Args:
            host: Number of the element.
            solute: Number of the other one.

        Returns:
            eV, counted like the energies; the phase that appears, None where it is the solute's own.
        """
        planes, corners = self._facets
        edge = np.all(self.fractions[corners][:, :, [host, solute]].sum(axis=2) <= 1 + 1e-12, axis=1)
        touching = edge & np.any(corners == self._pure[host], axis=1)
        best = int(np.argmin(np.where(touching, planes[:, solute], np.inf)))
        others = [
            int(k) for k in corners[best] if self.fractions[k, host] < 1 - 1e-12 and self.fractions[k, solute] > 0
        ]
        other = max(others, key=lambda k: float(self.fractions[k, solute]))
        return float(planes[best, solute]), None if self.fractions[other, solute] > 1 - 1e-12 else other

    @cached_property
    def _corners(self) -> NDArray[np.int64]:
        """Phases at corners of the lower facets."""
        return np.unique(self._facets[1])
