"""A concurrent problem: a crystal in a box, a defect in its middle, and the far field."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from atomistic.cauchy_born import CauchyBornLaw, cauchy_born_law
from coupling.contracts import FloatArray, Potential
from coupling.errors import InputError
from multiscale.concurrent.lattice import Lattice

IntArray = NDArray[np.int64]
_ON = 1e-6
"""Å by which atoms of the surface may lie above it."""


def reach_beyond(potential: Potential) -> float:
    """Distance to which free surfaces go on beyond the box, Å: what the atoms in it feel.

    Raises:
        InputError: the potential declares neither a finite interaction range nor a finite cutoff.
    """
    known = potential.capabilities.interaction_range
    reach = known if np.isfinite(known) else potential.cutoff
    if not np.isfinite(reach):
        raise InputError(
            f"Potential {potential.name!r} declares neither a finite interaction range nor a cutoff, so it is not known how "
            "far a free surface must extend; use one that does."
        )
    return 2 * reach


class Predictor(Protocol):
    """A displacement field that is right far away; the solution adds a corrector to it."""

    def displacement(self, points: FloatArray) -> FloatArray:
        """(n, 3) Å at reference points (n, 3) Å."""
        ...

    def distortion(self, points: FloatArray) -> FloatArray:
        """(n, 3, 3) ∂u_i/∂x_j, without the jump over a cut."""
        ...

    def severs(self, corners: FloatArray) -> NDArray[np.bool_]:
        """(m,) True for elements with these corners (m, d + 1, 3), Å, that the field tears apart."""
        ...


class External(Protocol):
    """External forces."""

    def evaluate(self, positions: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Energies (n,) in eV and forces (n, 3) in eV/Å on atoms at positions (n, 3)."""
        ...


@dataclass(frozen=True)
class Problem:
    """What all methods solve: positions F₀X + predictor(X) + u(X), u = 0 on the faces of the box.

    Attributes:
        potential: The interatomic potential.
        lattice: Reference crystal.
        cells: (d,) coarsest cells of the mesh along each lattice vector.
        level: The coarsest cells are 2**level lattice cells wide.
        centres: (k, d) middles of what is atomistic, Å.
        voids: (v, d) sites without an atom.
        deformation: (3, 3) F₀, the homogeneous state far away.
        predictor: Added to F₀X; None is nothing.
        law: The continuum's; None takes the exact Cauchy-Born law.
        faces: (f, d) points of free surfaces that stay atomistic up to the faces of the box, Å.
        cuts: (c, d) points of free surfaces that are the continuum's own, meshed to the last site, Å.
        surface: Height along the last axis of space beyond which no atoms are, Å; None is a full crystal.
        indenter: Pushes atoms, besides their own forces.

    Raises:
        InputError: a centre or a void lies outside the box.
    """

    potential: Potential
    lattice: Lattice
    cells: tuple[int, ...]
    level: int
    centres: FloatArray
    voids: IntArray | None = None
    deformation: FloatArray = field(default_factory=lambda: np.eye(3), repr=False)
    predictor: Predictor | None = None
    law: CauchyBornLaw | None = None
    faces: FloatArray | None = field(default=None, repr=False)
    cuts: FloatArray | None = field(default=None, repr=False)
    surface: float | None = None
    indenter: External | None = None

    def __post_init__(self) -> None:
        d = self.lattice.dimension
        if len(self.cells) != d:
            raise InputError(f"The box {self.cells} does not fit a problem of {d} dimensions; give {d} counts.")
        centres = np.atleast_2d(np.asarray(self.centres, dtype=float))
        object.__setattr__(self, "centres", centres)
        voids = np.zeros((0, d), dtype=np.int64) if self.voids is None else np.atleast_2d(np.asarray(self.voids))
        object.__setattr__(self, "voids", voids)
        places = np.concatenate([self.lattice.coordinates(centres), voids])
        if (np.abs(places) >= self.half).any():
            raise InputError(f"A centre or a void lies outside the box of {(2 * self.half).tolist()} lattice cells.")
        if self.law is None:
            object.__setattr__(self, "law", cauchy_born_law(self.potential, self.lattice.crystal()))

    @property
    def half(self) -> IntArray:
        """(d,) half of the box in lattice cells."""
        return np.array(self.cells) * 2**self.level // 2

    @cached_property
    def sites(self) -> IntArray:
        """(n, d) all sites inside the box, faces excluded; voids included."""
        axes = [np.arange(1 - h, h) for h in self.half]
        return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))

    @property
    def middles(self) -> FloatArray:
        """(k + f, d) the centres and the points of free surfaces, Å."""
        d = self.lattice.dimension
        return self.centres if self.faces is None else np.concatenate([self.centres[:, :d], self.faces])

    @property
    def atoms(self) -> int:
        """Of the fully atomistic problem, counted and not made."""
        empty = int((~self.outside(self.lattice.points(self.voids))).sum())
        return int(np.prod(2 * self.half - 1)) - empty if self.surface is None else self._below_surface() - empty

    def _below_surface(self) -> int:
        """Sites of the box up to the surface, counted row by row along the steepest lattice vector."""
        rise = self.lattice.vectors[: self.lattice.dimension, self.lattice.dimension - 1]
        along = int(np.argmax(np.abs(rise)))
        others = [k for k in range(len(rise)) if k != along]
        axes = np.meshgrid(*(np.arange(1 - self.half[k], self.half[k]) * rise[k] for k in others))
        highest = np.floor((self.surface + _ON - sum(axes)) / abs(rise[along]))
        return int(np.clip(highest + self.half[along], 0, 2 * self.half[along] - 1).sum())

    def is_void(self, sites: IntArray) -> NDArray[np.bool_]:
        """(n,) True where no atom is."""
        return (np.asarray(sites)[:, None] == self.voids[None]).all(axis=2).any(axis=1) | self.outside(
            self.lattice.points(sites)
        )

    def outside(self, points: FloatArray) -> NDArray[np.bool_]:
        """(…,) True for points (…, 3), Å, in the vacuum above the surface."""
        height = points[..., self.lattice.dimension - 1]
        return np.zeros(height.shape, dtype=bool) if self.surface is None else height > self.surface + _ON

    def predicted(self, sites: IntArray) -> FloatArray:
        """(n, 3) the predictor at sites, Å."""
        points = self.lattice.points(sites)
        return np.zeros_like(points) if self.predictor is None else self.predictor.displacement(points)

    def severed(self, corners: FloatArray) -> NDArray[np.bool_]:
        """(m,) True for elements with these corners (m, d + 1, 3), Å, in which no crystal is whole."""
        empty = self.outside(corners).any(axis=1)
        return empty if self.predictor is None else empty | self.predictor.severs(corners)

    def without_defect(self) -> "Problem":
        """The perfect crystal in the homogeneous state."""
        return replace(self, voids=None, predictor=None, surface=None, indenter=None)
