"""Global numbers of a transport problem: the activities of body after body, then three unknowns a node of each layer."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from continuum.fenics import PETSc, dolfinx
from continuum.mesh.specimen_mesh import SpecimenMesh

OF_LAYER = 3
"""Unknowns a node of a layer: coverage, flux out of the plus body, flux out of the minus body."""


class Numbers:
    """The numbering of the unknowns over the ranks.

    Args:
        mesh: The specimen.
        layers: By layer the plus body, and the local nodes of its space (owned and ghost) that lie on the layer, rising.

    Attributes:
        spaces: Continuous linear functions on each body.
        owned: Nodes of each body that this rank owns.
        starts: Where they begin among this rank's unknowns.
        nodes: (n,) global number of each local (owned, then ghost) node, by body.
        of_layers: By layer (n, 3) global numbers of its unknowns by local node of the plus body; −1 elsewhere.
        own_layers: By layer the local nodes that this rank owns, and where their unknowns begin among this rank's.
        local: Unknowns of this rank.
        first: Global number of the first of them.
        size: Unknowns of all ranks.
    """

    def __init__(self, mesh: SpecimenMesh, layers: list[tuple[str, NDArray[np.int32]]], spaces: dict[str, Any]) -> None:
        self.comm, self.spaces = mesh.mesh.comm, spaces
        self.owned = {name: space.dofmap.index_map.size_local for name, space in spaces.items()}
        self.starts, place = dict[str, int](), 0
        for name, count in self.owned.items():
            self.starts[name], place = place, place + count
        self.own_layers: list[tuple[NDArray[np.int32], int]] = []
        for body, on in layers:
            own = on[on < self.owned[body]]
            self.own_layers.append((own, place))
            place += OF_LAYER * len(own)
        self.local = place
        self.first = int(self.comm.exscan(place) or 0)
        self.size = int(self.comm.allreduce(place))
        self.nodes = {
            name: self._spread(space, self.first + self.starts[name] + np.arange(self.owned[name]), self.owned[name])
            for name, space in spaces.items()
        }
        self.of_layers = [
            self._of_layer(spaces[body], own, start) for (body, _), (own, start) in zip(layers, self.own_layers, strict=True)
        ]  # fmt: skip
        self._ranges = {name: self._translation(name) for name in spaces}

    def _spread(self, space: Any, values: NDArray[Any], owned: int) -> NDArray[np.int64]:
        """Owned values and those of ghosts. Collective."""
        vector = dolfinx.la.vector(space.dofmap.index_map, 1, dtype=np.int64)
        vector.array[:owned] = values
        vector.scatter_forward()
        return vector.array.copy()

    def _of_layer(self, space: Any, own: NDArray[np.int32], start: int) -> NDArray[np.int64]:
        count = space.dofmap.index_map.size_local
        first = np.full(count, -1, dtype=np.int64)
        first[own] = self.first + start + OF_LAYER * np.arange(len(own))
        spread = self._spread(space, first, count)
        return np.where(spread[:, None] < 0, -1, spread[:, None] + np.arange(OF_LAYER))

    def _translation(self, name: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Ends of the ranks' ranges in a body's own numbering, and what to add for the problem's. Collective."""
        begin, end = self.spaces[name].dofmap.index_map.local_range
        parts = self.comm.allgather((end, self.first + self.starts[name] - begin))
        ends, shifts = zip(*parts, strict=True)
        return np.array(ends, dtype=np.int64), np.array(shifts, dtype=np.int64)

    def ours(self, name: str, theirs: NDArray[np.int64]) -> NDArray[np.int64]:
        """The problem's numbers of nodes given in a body's own global numbering."""
        ends, shifts = self._ranges[name]
        return theirs + shifts[np.searchsorted(ends, theirs, side="right")]

    def vector(self) -> "PETSc.Vec":
        """A new vector of zeros."""
        vector = PETSc.Vec().createMPI((self.local, None), comm=self.comm)
        vector.setOption(PETSc.Vec.Option.IGNORE_NEGATIVE_INDICES, True)
        return vector
