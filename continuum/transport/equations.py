"""The equations of a transport problem: amounts, residual and derivative over all bodies and layers, and when they are solved."""

from collections.abc import Mapping, Sequence

import numpy as np

from continuum.fenics import PETSc
from continuum.transport.bodies import TransportBody
from continuum.transport.boundaries import Boundaries
from continuum.transport.layers import TransportLayer
from continuum.transport.linear import Entries
from continuum.transport.numbers import OF_LAYER, Numbers
from coupling.contracts import FloatArray

_RESOLVED = 1e-13  # of the amounts, and of what flows within a step
_EXCHANGED = 1e-11  # of the activity: how closely a layer's exchange is solved
_HELD = 1e-14  # of a held activity
_SPARSE = 1e-3
_BEYOND = 0.9  # of the way to a full layer that an iteration may go


class Equations:
    """What every unknown's equation says.

    Args:
        bodies: The bodies.
        layers: The layers.
        numbers: The unknowns.
        boundaries: What is held and driven.
    """

    def __init__(
        self,
        bodies: Mapping[str, TransportBody],
        layers: Sequence[TransportLayer],
        numbers: Numbers,
        boundaries: Boundaries,
    ) -> None:
        self.bodies, self.layers, self.numbers, self.boundaries = bodies, layers, numbers, boundaries
        self.comm = numbers.comm
        self._bodies = [(body, slice(numbers.starts[n], numbers.starts[n] + body.size)) for n, body in bodies.items()]
        self._layers = [
            (layer, own, slice(start, start + OF_LAYER * len(own)))
            for layer, (own, start) in zip(layers, numbers.own_layers, strict=True)
        ]
        self._balanced = np.ones(numbers.local, dtype=bool)
        for _, _, part in self._layers:
            self._balanced[part] = np.arange(part.stop - part.start) % OF_LAYER == 0
        self._balanced[boundaries.fixed] = False

    def spread(self, unknowns: FloatArray) -> None:
        """Put a state into the bodies' and the layers' fields, ghosts included. Collective."""
        for body, part in self._bodies:
            body.activity.x.array[: body.size] = unknowns[part]
            body.activity.x.scatter_forward()
        for layer, own, part in self._layers:
            layer.take(own, unknowns[part].reshape(-1, OF_LAYER))

    def amounts(self, unknowns: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Amount of each unknown, mol or mol/m, and its derivative, at a state and at the present stresses."""
        amounts, slopes = np.zeros(self.numbers.local), np.zeros(self.numbers.local)
        for body, part in self._bodies:
            amounts[part], slopes[part] = body.amounts(unknowns[part])
        for layer, own, part in self._layers:
            capacity = layer.layer.capacity * layer.areas[own]
            amounts[part][::OF_LAYER], slopes[part][::OF_LAYER] = capacity * unknowns[part][::OF_LAYER], capacity
        return amounts, slopes

    def totals(self, amounts: FloatArray) -> dict[str, float]:
        """mol (3D, axisymmetric) or mol/m in each body and on each layer. Collective."""
        found = {body.name: amounts[part].sum() for body, part in self._bodies}
        found |= {layer.layer.name: amounts[part].sum() for layer, _, part in self._layers}
        return {name: float(self.comm.allreduce(float(value))) for name, value in found.items()}

    def distance(self, amounts: FloatArray, others: FloatArray) -> float:
        """Norm of a difference of amounts where none is held, over that of all: of the bodies, or of a layer if that is greater.

        What a nearly empty layer holds is compared with a coverage of `_SPARSE`. Collective.
        """
        apart, sums = np.where(self._balanced, amounts - others, 0.0), np.zeros((1 + len(self.layers), 3))
        for body, part in self._bodies:
            sums[0, :2] += apart[part] ** 2 @ (1 / body.volumes), amounts[part] ** 2 @ (1 / body.volumes)
        for number, (layer, own, part) in enumerate(self._layers, 1):
            areas, at = layer.areas[own], slice(part.start, part.stop, OF_LAYER)
            sparse = (_SPARSE * layer.layer.capacity) ** 2 * areas.sum()
            sums[number] = apart[at] ** 2 @ (1 / areas), amounts[at] ** 2 @ (1 / areas), sparse
        wrong, size, least = np.moveaxis(self.comm.allreduce(sums), 1, 0)
        size = np.maximum(size, least)
        return float(np.sqrt(np.divide(wrong, size, out=np.zeros_like(wrong), where=size > 0)).max())

    def residual(self, amounts: FloatArray, base: FloatArray, inner: float) -> FloatArray:
        """(local,) what each equation lacks where nothing is held: amounts − base − inner × what flows in. Collective."""
        residual = amounts - base - inner * self.boundaries.driven
        for body, part in self._bodies:
            residual[part] += inner * body.flow()
        if self.layers:
            vector = self.numbers.vector()
            for layer, numbers in zip(self.layers, self.numbers.of_layers, strict=True):
                rows, values = layer.residual(numbers, self.numbers.nodes, inner)
                vector.setValues(rows.astype(PETSc.IntType), values, addv=PETSc.InsertMode.ADD_VALUES)
            vector.assemble()
            residual += vector.array
            vector.destroy()
        return residual

    def entries(self, slopes: FloatArray, inner: float) -> tuple[list[Entries], FloatArray]:
        """Of the derivative of `residual`; and (local,) how much an activity sends out of its node, mol. Collective."""
        diagonal, leaving = self.numbers.first + np.arange(self.numbers.local), np.zeros(self.numbers.local)
        entries: list[Entries] = [(diagonal, diagonal, slopes)]
        for body, part in self._bodies:
            rows, columns, values = body.flow_slope(self.numbers)
            entries.append((rows, columns, inner * values))
            on = rows == columns
            leaving[part] = inner * values[on]
        for layer, numbers in zip(self.layers, self.numbers.of_layers, strict=True):
            entries.append(layer.slopes(numbers, self.numbers.nodes, inner))
        return entries, leaving

    def is_solved(self, residual: FloatArray, sizes: FloatArray, held: FloatArray) -> bool:
        """Whether the equations are solved to rounding. Collective.

        Args:
            residual: (local,) that of what is held included.
            sizes: (local,) mol, of which each balance is a difference.
            held: (n,) the activities held.
        """
        left = self.comm.allreduce(np.array([np.abs(residual[self._balanced]).sum(), sizes.sum()]))
        exact = bool(np.all(np.abs(residual[self.boundaries.fixed]) <= _HELD * np.abs(held)))
        for layer, own, part in self._layers:
            exact &= layer.is_exchanged(residual[part].reshape(-1, OF_LAYER), own, _EXCHANGED)
        return bool(left[0] <= _RESOLVED * left[1]) and all(self.comm.allgather(exact))

    def damping(self, unknowns: FloatArray, change: FloatArray) -> float:
        """Part of a change that leaves room on every layer. Collective."""
        part = 1.0
        for layer, _, place in self._layers:
            if layer.layer.capacity > 0:
                room, rise = 1.0 - unknowns[place][::OF_LAYER], change[place][::OF_LAYER]
                over = rise > _BEYOND * room
                part = min(part, float((_BEYOND * room[over] / rise[over]).min(initial=1.0)))
        return min(self.comm.allgather(part))
