"""Global numbers: every body's degrees of freedom, then the load parameter; what is prescribed."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from continuum.fenics import PETSc, dolfinx
from continuum.mesh.specimen_mesh import SpecimenMesh
from continuum.model import COMPONENTS, Prescribed
from continuum.solver.bulk import Bulk
from coupling.errors import InputError, unknown_choice


class Unknowns:
    """The numbering of the unknowns over the ranks.

    On each rank stand the owned degrees of freedom of body after body; the load parameter is the
    last unknown of the last rank.

    Args:
        bulk: The bodies.

    Attributes:
        x: A vector of the unknowns (a template).
        u: A vector of the displacements alone (a template); their numbers are the same.
        size: Their number.
        load: Number of the load parameter.
        owns_load: Whether it is on this rank.
        numbers: (n, dim) global number of each local (owned, then ghost) degree of freedom, by body.
    """

    def __init__(self, bulk: Bulk) -> None:
        dim, self.comm = bulk.dimension, bulk.mesh.mesh.comm
        self.owned = {n: v.dofmap.index_map.size_local * dim for n, v in bulk.spaces.items()}
        self.owns_load = self.comm.rank == self.comm.size - 1
        self.x = PETSc.Vec().createMPI((sum(self.owned.values()) + self.owns_load, None), comm=self.comm)
        self.u = PETSc.Vec().create(self.comm)
        self.u.setSizes((sum(self.owned.values()), None), bsize=dim)
        self.u.setType(PETSc.Vec.Type.MPI if self.comm.size > 1 else PETSc.Vec.Type.SEQ)
        self.size = self.x.getSize()
        self.load = self.size - 1
        start, _ = self.x.getOwnershipRange()
        self.numbers: dict[str, NDArray[Any]] = {}
        for name, space in bulk.spaces.items():
            number = dolfinx.fem.Function(space)
            number.x.array[: self.owned[name]] = start + np.arange(self.owned[name])
            number.x.scatter_forward()
            self.numbers[name] = np.rint(number.x.array).astype(PETSc.IntType).reshape(-1, dim)
            start += self.owned[name]

    def displacements(self, x: "PETSc.Vec") -> "PETSc.Vec":
        """A copy of the displacements of x, without the load parameter."""
        u = self.u.duplicate()
        u.setArray(x.array_r[: u.getLocalSize()])
        return u

    def load_parameter(self, x: "PETSc.Vec") -> float:
        """λ of x. Collective."""
        own = float(x.array_r[-1]) if self.owns_load else None
        return self.comm.bcast(own, root=self.comm.size - 1)

    def join(self, u: "PETSc.Vec", load: float, out: "PETSc.Vec") -> None:
        """Put displacements, or forces, and a load parameter into `out`."""
        out.setArray(np.append(u.array_r, np.full(int(self.owns_load), load)))

    def matrix(
        self, interfaces: Sequence[NDArray[Any]], couplings: "tuple[NDArray[np.int64], NDArray[np.int64]] | None" = None
    ) -> "PETSc.Mat":
        """A matrix of the displacements, in which interfaces have their places.

        Args:
            interfaces: (n_facets, n) numbers of each interface's coupled unknowns.
            couplings: See `continuum.solver.bulk.Bulk.couplings`; None: the bodies have no places. Collective.
        """
        local, dim = self.u.getLocalSize(), self.u.getBlockSize()
        own, other = (np.zeros(local // dim, dtype=np.int64),) * 2 if couplings is None else couplings
        more_own, more_other = self._interface_couplings(interfaces)
        counts = (
            np.minimum(dim * (own + more_own), local),
            np.minimum(dim * (other + more_other), self.size - 1 - local),
        )
        matrix = PETSc.Mat().create(self.comm)
        matrix.setSizes(((local, None), (local, None)), bsize=dim)
        matrix.setType(PETSc.Mat.Type.AIJ)
        matrix.setPreallocationNNZ([np.repeat(count, dim).astype(PETSc.IntType) for count in counts])
        bodies = np.concatenate([n.ravel() for n in self.numbers.values()])
        mapping = PETSc.LGMap().create(bodies, comm=self.comm)
        matrix.setLGMap(mapping, mapping)
        for numbers in interfaces:
            zeros = np.zeros((len(numbers), numbers.shape[1] ** 2))
            matrix.setValuesRCV(numbers, numbers, zeros, addv=PETSc.InsertMode.ADD_VALUES)
        return matrix

    def _interface_couplings(self, interfaces: Sequence[NDArray[Any]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """As `continuum.solver.bulk.Bulk.couplings`, across interfaces. Collective."""
        dim = self.u.getBlockSize()
        start, end = (number // dim for number in self.u.getOwnershipRange())
        pairs = [np.empty((0, 2), dtype=np.int64)]
        for numbers in interfaces:
            nodes = numbers[:, ::dim].astype(np.int64) // dim
            each = np.stack(np.broadcast_arrays(nodes[:, :, None], nodes[:, None, :]), axis=-1)
            pairs.append(np.unique(each.reshape(-1, 2), axis=0))
        found = np.unique(np.concatenate(pairs), axis=0)
        mine = (found[:, 0] >= start) & (found[:, 0] < end)
        everyone = np.concatenate([found[mine], *self.comm.allgather(found[~mine])])
        everyone = np.unique(everyone[(everyone[:, 0] >= start) & (everyone[:, 0] < end)], axis=0)
        rows, inside = everyone[:, 0] - start, (everyone[:, 1] >= start) & (everyone[:, 1] < end)
        count = end - start
        return np.bincount(rows[inside], minlength=count), np.bincount(rows[~inside], minlength=count)


def prescribed(bulk: Bulk, unknowns: Unknowns, items: Sequence[Prescribed]) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Global numbers and load factors of the prescribed degrees of freedom that this rank owns.

    Raises:
        InputError: an unknown group or component, contradictory values, or nothing touched.
    """
    valid, factors, clash = list(COMPONENTS)[: bulk.dimension], dict[int, float](), None
    for item in items:
        if item.component not in valid:
            raise unknown_choice("component", item.component, valid)
        facets = bulk.mesh.facet_group(item.group)
        for name, space in bulk.spaces.items():
            own = boundary_facets(bulk.mesh, name, facets)
            dofs = dolfinx.fem.locate_dofs_topological(space, bulk.dimension - 1, own)
            dofs = dofs[dofs < space.dofmap.index_map.size_local]
            values = _values(item, space.tabulate_dof_coordinates()[dofs, : bulk.dimension])
            for number, value in zip(unknowns.numbers[name][dofs, COMPONENTS[item.component]], values, strict=True):
                if factors.setdefault(int(number), value) != value:
                    clash = item.group
    for group in unknowns.comm.allgather(clash):
        if group is not None:
            raise InputError(f"The group {group!r} prescribes a node that another group moves otherwise.")
    fixed = np.array(sorted(factors), dtype=PETSc.IntType)
    if unknowns.comm.allreduce(len(fixed)) == 0:
        raise InputError("The supports and loads touch no node; check their groups.")
    return fixed, np.array([factors[int(n)] for n in fixed], dtype=float)


def _values(item: Prescribed, points: NDArray[np.float64]) -> NDArray[np.float64]:
    if not callable(item.factor):
        return np.full(len(points), float(item.factor))
    values = np.asarray(item.factor(points), dtype=float)
    if values.shape != (len(points),) or not np.all(np.isfinite(values)):
        raise InputError(f"The displacement on {item.group!r} must give one finite number for each point.")
    return values


def boundary_facets(mesh: SpecimenMesh, name: str, facets: NDArray[np.int32]) -> NDArray[np.int32]:
    """The facets of a body's submesh that are these facets of the parent mesh."""
    body, parent = mesh.bodies[name], mesh.mesh
    sub, dim = body.mesh.topology, parent.topology.dim
    for topology in (parent.topology, sub):
        topology.create_connectivity(dim - 1, dim)
        topology.create_connectivity(dim, dim - 1)
    to_cells, lookup = parent.topology.connectivity(dim - 1, dim), np.full(_cells(parent), -1, dtype=np.int64)
    lookup[body.parent_cells] = np.arange(len(body.parent_cells))
    own_facets, parent_facets = sub.connectivity(dim, dim - 1), parent.topology.connectivity(dim, dim - 1)
    found = []
    for facet in facets:
        for cell in to_cells.links(facet):
            if lookup[cell] >= 0:
                place = np.flatnonzero(parent_facets.links(cell) == facet)[0]
                found.append(own_facets.links(lookup[cell])[place])
    return np.unique(np.array(found, dtype=np.int32))


def _cells(mesh: "dolfinx.mesh.Mesh") -> int:
    index = mesh.topology.index_map(mesh.topology.dim)
    return index.size_local + index.num_ghosts


def rigid_motions(bulk: Bulk, unknowns: Unknowns) -> "list[PETSc.Vec]":
    """Translations and small rotations of the whole specimen, orthonormal (for multigrid)."""
    dim = bulk.dimension
    rotations = [(0, 1)] if dim == 2 else [(0, 1), (1, 2), (2, 0)]
    modes: list[PETSc.Vec] = []
    for number in range(dim + len(rotations)):
        parts = []
        for name, space in bulk.spaces.items():
            points = space.tabulate_dof_coordinates()[: unknowns.owned[name] // dim, :dim]
            mode = np.zeros_like(points)
            if number < dim:
                mode[:, number] = 1.0
            else:
                i, j = rotations[number - dim]
                mode[:, i], mode[:, j] = -points[:, j], points[:, i]
            parts.append(mode.ravel())
        vector = unknowns.u.duplicate()
        vector.setArray(np.concatenate(parts))
        for earlier in modes:
            vector.axpy(-vector.dot(earlier), earlier)
        vector.normalize()
        modes.append(vector)
    return modes
