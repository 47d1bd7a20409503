"""A cohesive interface between two bodies, or of one on a rigid foundation, at quadrature points.

Or between the grains of one body that is a polycrystal, whose field jumps there.

The jump is u(plus) − u(minus) in the local frame (normal from minus to plus, tangential 1, 2), so
that opening is positive. Displacements are read and forces are returned through the trace
degrees of freedom of the two bodies' own spaces. The frame is that of the undeformed interface.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from continuum.cohesive.damage import Response
from continuum.cohesive.history import History
from continuum.cohesive.separation import separation, separation_gradient, work_ahead
from continuum.cohesive.surface import averaged, surface_of
from continuum.fenics import dolfinx
from continuum.mesh.specimen_mesh import Body, SpecimenMesh
from continuum.model import Bond, Kind, circumference
from coupling.contracts import FloatArray
from coupling.errors import InputError

_ALIKE = 1e-9  # of the largest separation so far: a point that near to it may be damaged further


@dataclass(frozen=True)
class Side:
    """The trace of one body on the interface.

    Attributes:
        dofs: (n_facets, n_trace) blocked degrees of freedom of the body's space.
        shape: (n_facets, n_points, n_trace) basis functions at the quadrature points.
    """

    dofs: NDArray[np.int32]
    shape: FloatArray


@dataclass(frozen=True)
class Kinematics:
    """Quadrature on the facets of one interface that this rank owns.

    Attributes:
        plus: Trace of the body that the normal points into.
        minus: Trace of the other body.
        frame: (n_facets, n_points, 3, dim) rows: normal, tangential 1, tangential 2.
        weights: (n_facets, n_points) m (2D, per unit thickness) or m².
        points: (n_facets, n_points, dim) m.
        facets: (n_facets,) of the parent mesh.
    """

    plus: Side
    minus: Side
    frame: FloatArray
    weights: FloatArray
    points: FloatArray
    facets: NDArray[np.int32]

    def jump(self, plus: FloatArray, minus: FloatArray) -> FloatArray:
        """(n_facets, n_points, 3) local jumps from the two bodies' displacements (n_dofs, dim)."""
        difference = np.einsum("fqa,fai->fqi", self.plus.shape, plus[self.plus.dofs]) - np.einsum(
            "fqa,fai->fqi", self.minus.shape, minus[self.minus.dofs]
        )
        return np.einsum("fqki,fqi->fqk", self.frame, difference)


def kinematics(
    mesh: SpecimenMesh,
    facets: NDArray[np.int32],
    plus: "tuple[Body, dolfinx.fem.FunctionSpace]",
    minus: "tuple[Body, dolfinx.fem.FunctionSpace] | None",
    tangential: Sequence[float] | None = None,
) -> Kinematics:
    """Quadrature points, frames and traces of an interface, curved ones included.

    Args:
        mesh: The specimen.
        facets: Facets of the parent mesh; those of other ranks are skipped.
        plus: Body and function space that the normal points into.
        minus: The same on the other side; None: a rigid foundation outside the mesh. The same body twice: a polycrystal, and
            at each facet the grain of the lower number is plus.
        tangential: (3,) direction whose projection on the interface is tangential 1; None: t₁ = n × z, the normal turned
            by −90° in a plane mesh and in its extrusion alike, or t₁ = y × n where the mean normal is nearer to z than 45°.
            In each case t₂ = n × t₁. With plus and minus exchanged the frame has turned about tangential 2.

    Raises:
        InputError: a facet does not lie between the two bodies, or not on the surface of the one.
    """
    surface = surface_of(mesh, facets, plus[0], minus and minus[0], tangential)
    nothing = Side(np.empty((len(surface.facets), 0), dtype=np.int32), np.empty((*surface.points.shape[:2], 0)))
    other = nothing if minus is None else _trace(*minus, surface.minus_cells, surface.points)
    return Kinematics(
        _trace(*plus, surface.plus_cells, surface.points), other, surface.frame, surface.weights, surface.points,
        surface.facets,
    )  # fmt: skip


def mean_frame(
    mesh: SpecimenMesh,
    group: str | None,
    plus: str,
    minus: str | None,
    tangential: Sequence[float] | None = None,
) -> tuple[FloatArray, float]:
    """The frame of an interface as a whole, over all ranks.

    Args:
        mesh: The specimen.
        group: Physical group of its facets; None: all facets between the two bodies.
        plus: Body that the normal points into.
        minus: Body on the other side; None: a rigid foundation.
        tangential: See `kinematics`.

    Returns:
        (3, 3) rows tangential 1, tangential 2 and the mean normal in mesh axes, right-handed; the largest angle
        between a facet's normal and the mean one, rad.

    Raises:
        InputError: as in `kinematics`.
    """
    facets = mesh.between(plus, minus or "") if group is None else mesh.facet_group(group)
    body = mesh.bodies[plus], None if minus is None else mesh.bodies[minus]
    surface = surface_of(mesh, facets, *body, tangential)
    return averaged(mesh.mesh.comm, surface.frame, surface.weights)


def _trace(body: Body, space: "dolfinx.fem.FunctionSpace", cells: NDArray[np.int32], points: FloatArray) -> Side:
    """The body's basis functions that do not vanish on the facets, at the physical points."""
    geometry: Any = body.mesh.geometry
    coordinates = geometry.x
    element: Any = space.element.basix_element
    dofs, shapes = [], []
    for cell, where in zip(cells, points, strict=True):
        nodes = coordinates[geometry.dofmaps[0][cell]][:, : geometry.dim]
        values = element.tabulate(0, geometry.cmaps[0].pull_back(where, nodes))[0, :, :, 0]
        present = np.flatnonzero(np.abs(values).max(axis=0) > 1e-9)
        dofs.append(space.dofmap.cell_dofs(cell)[present])
        shapes.append(values[:, present])
    if not dofs:
        return Side(np.empty((0, 1), dtype=np.int32), np.empty((0, points.shape[1], 1)))
    return Side(np.array(dofs), np.array(shapes))


class Interface:
    """A bond on its facets: what it adds to forces, stiffness, energies and the opening's measure.

    Args:
        bond: The law and its options.
        kinematics: The interface's quadrature.
        numbers: (n_facets, n) global numbers of the trace degrees of freedom, plus then minus.

    Attributes:
        work_ahead: See `continuum.cohesive.separation.work_ahead`.
    """

    def __init__(self, bond: Bond, kinematics: Kinematics, numbers: NDArray[Any]) -> None:
        self.bond, self.kinematics, self.numbers = bond, kinematics, numbers
        self.weights = kinematics.weights
        self.shape = np.concatenate([kinematics.plus.shape, -kinematics.minus.shape], axis=2)
        self._gap = self._initial_gap()
        self.work_ahead = work_ahead(bond.law)
        self.history = History.new(self.flat_jump(None))

    def _initial_gap(self) -> FloatArray:
        points = self.kinematics.points
        if self.bond.initial_gap is None:
            return np.zeros(points.shape[:2])
        gap = np.asarray(self.bond.initial_gap(points.reshape(-1, points.shape[-1])), dtype=float)
        if gap.shape != (points.shape[0] * points.shape[1],) or not np.all(np.isfinite(gap)):
            raise InputError(
                f"The initial gap of interface {self.bond.name!r} must give one finite number in m for each point."
            )
        return gap.reshape(points.shape[:2])

    def flat_jump(self, displacements: "Mapping[str, dolfinx.fem.Function] | None") -> FloatArray:
        """(points, 3) local jumps in m, initial gap included; None: undeformed."""
        jump = np.zeros((*self.weights.shape, 3))
        if displacements is not None:
            dim = self.kinematics.points.shape[-1]
            plus = displacements[self.bond.plus].x.array.reshape(-1, dim)
            minus = (
                np.zeros((1, dim))
                if self.bond.minus is None
                else displacements[self.bond.minus].x.array.reshape(-1, dim)
            )
            jump = self.kinematics.jump(plus, minus)
        jump[..., 0] += self._gap
        return jump.reshape(-1, 3)

    def forces(self, response: Response) -> FloatArray:
        """(n_facets, n) forces on the trace degrees of freedom."""
        traction = response.traction.reshape(*self.weights.shape, 3)
        force = np.einsum("fq,fqki,fqk->fqi", self.weights, self.kinematics.frame, traction)
        return np.einsum("fqa,fqi->fai", self.shape, force).reshape(self.numbers.shape)

    def stiffness(self, tangent: FloatArray) -> FloatArray:
        """(n_facets, n²) of derivatives (points, 3, 3) of the traction with the jump, row-major."""
        tangent, frame = tangent.reshape(*self.weights.shape, 3, 3), self.kinematics.frame
        turned = np.einsum("fq,fqki,fqkl,fqlj->fqij", self.weights, frame, tangent, frame, optimize=True)
        local = np.einsum("fqa,fqij,fqb->faibj", self.shape, turned, self.shape, optimize=True)
        return local.reshape(len(self.numbers), self.numbers.shape[1] ** 2)

    def opened(self, jump: FloatArray) -> FloatArray:
        """(points,) separation over the final one: 0 closed, 1 broken, unclipped."""
        return separation(self.bond.law, jump) / self.bond.law.final_opening

    def opened_area(self, jump: FloatArray) -> float:
        """∫ min(separation over final, 1)."""
        return float(self.weights.ravel() @ np.minimum(self.opened(jump), 1.0))

    def opened_area_gradient(self, jump: FloatArray) -> FloatArray:
        """(n_facets, n) derivative of `opened_area`."""
        rate = separation_gradient(self.bond.law, jump) / self.bond.law.final_opening
        rate[self.opened(jump) >= 1] = 0.0
        return self.gradient(rate)

    def damaged_area(self, jump: FloatArray) -> float:
        """∫ min(largest separation so far over final, 1): as `opened_area`, but what closes again stays."""
        largest = np.maximum(self.history.largest / self.bond.law.final_opening, self.opened(jump))
        return float(self.weights.ravel() @ np.minimum(largest, 1.0))

    def damaged_area_gradient(self, jump: FloatArray) -> FloatArray:
        """(n_facets, n) derivative of `damaged_area`; where the damage would begin to grow, as it grows."""
        rate = separation_gradient(self.bond.law, jump) / self.bond.law.final_opening
        rests = separation(self.bond.law, jump) < (1.0 - _ALIKE) * self.history.largest
        rate[rests | (self.opened(jump) >= 1)] = 0.0
        return self.gradient(rate)

    def gradient(self, rate: FloatArray) -> FloatArray:
        """(n_facets, n) derivative of an integral over the interface, whose density changes by `rate` (points, 3) a jump."""
        rate = rate.reshape(*self.weights.shape, 3)
        return np.einsum(
            "fq,fqk,fqki,fqa->fai", self.weights, rate, self.kinematics.frame, self.shape, optimize=True
        ).reshape(self.numbers.shape)


def bonded(
    mesh: SpecimenMesh,
    spaces: "Mapping[str, dolfinx.fem.FunctionSpace]",
    numbers: Mapping[str, NDArray[Any]],
    kind: Kind,
    bond: Bond,
    facets: NDArray[np.int32],
) -> Interface:
    """The interface of a bond.

    Args:
        mesh: The specimen.
        spaces: Function space of each body.
        numbers: Global numbers of each body's degrees of freedom, as in `continuum.solver.unknowns.Unknowns`.
        kind: See `continuum.model.Kind`.
        bond: Sides, law and options.
        facets: Its facets.

    Raises:
        InputError: as in `kinematics`.
    """
    sides = [None if name is None else (mesh.bodies[name], spaces[name]) for name in (bond.plus, bond.minus)]
    assert sides[0] is not None
    kin = kinematics(mesh, facets, sides[0], sides[1], bond.tangential)
    kin.weights[:] *= circumference(kin.points, kind)
    own = [numbers[bond.plus][kin.plus.dofs]]
    if bond.minus is not None:
        own.append(numbers[bond.minus][kin.minus.dofs])
    both = np.concatenate(own, axis=1)  # facets, nodes, components; a rank may have no facets
    return Interface(bond, kin, both.reshape(len(both), both.shape[1] * both.shape[2]))
