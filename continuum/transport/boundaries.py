"""The boundaries of a transport problem: what is held there, what is driven in, and what has come in."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from continuum.fenics import MPI
from continuum.transport.bodies import TransportBody
from continuum.transport.model import Flux, HeldSolute
from continuum.transport.numbers import Numbers
from coupling.contracts import FloatArray
from coupling.errors import InputError
from coupling.units import GAS_CONSTANT

_EMPTY = 1e-3
"""Of the largest activity: what a step may leave below none."""


class Boundaries:
    """What is held and driven at the boundaries of all bodies.

    Args:
        items: The boundaries; a node of two that are held alike belongs to the first.
        bodies: The bodies.
        numbers: The unknowns.

    Attributes:
        names: The groups of facets, each once.
        outward: Those through which a flux goes out.
        fixed: (n,) places of the held unknowns among this rank's.
        driven: (local,) mol/s or mol/(s m) into each unknown's node.

    Raises:
        InputError: an unknown group, one within a body or that touches none, one node held at two values, or more solute held
            than there are lattice sites. Collective.
    """

    def __init__(
        self, items: Sequence[HeldSolute | Flux], bodies: Mapping[str, TransportBody], numbers: Numbers
    ) -> None:
        self.names, self._comm = tuple(dict.fromkeys(item.group for item in items)), numbers.comm
        self.outward = tuple(item.group for item in items if isinstance(item, Flux) and item.inward < 0)
        self._temperature = next(iter(bodies.values())).temperature
        self.driven, self._by_group = np.zeros(numbers.local), np.zeros(len(self.names))
        owners = dict[int, HeldSolute]()
        clash = None
        for item in items:
            touched = 0
            if self._comm.allreduce(sum(body.inner_on(item.group) for body in bodies.values())):
                raise InputError(
                    f"The boundary {item.group!r} lies within a body; name a group of facets of its surface."
                )
            for name, body in bodies.items():
                start = numbers.starts[name]
                if isinstance(item, Flux):
                    into = body.through(item)
                    self.driven[start : start + body.size] += into
                    self._by_group[self.names.index(item.group)] += into.sum()
                    touched += int(np.count_nonzero(into)) or len(body.nodes_on(item.group))
                    continue
                if self._comm.allreduce(len(body.nodes_on(item.group))):
                    _check_held(body, item)
                for node in start + body.nodes_on(item.group):
                    touched += 1
                    clash = clash or (None if _alike(owners.setdefault(int(node), item), item) else item.group)
            if not self._comm.allreduce(touched):
                raise InputError(f"The boundary {item.group!r} touches no body; check its group.")
        for group in self._comm.allgather(clash):
            if group is not None:
                raise InputError(f"The boundary {group!r} holds a node that another boundary holds otherwise.")
        self.fixed = np.array(sorted(owners), dtype=np.int64)
        held = [owners[int(node)] for node in self.fixed]
        self._groups = np.array([self.names.index(one.group) for one in held], dtype=np.int64)
        self._concentrations = np.array([np.nan if one.concentration is None else one.concentration for one in held])
        self._activities = np.array([np.nan if one.potential is None else self.activity(one.potential) for one in held])
        self._bodies, self._starts, self._local = bodies, numbers.starts, numbers.local

    def refuse_on(self, name: str, facets: NDArray[np.int32]) -> None:
        """Raise `InputError` where a boundary lies on an interface between two bodies, both of which it would act on. Collective.

        Args:
            name: Of the interface.
            facets: Its facets, of the parent mesh.
        """
        mesh = next(iter(self._bodies.values())).mesh
        for group in self.names:
            if self._comm.allreduce(len(np.intersect1d(mesh.facet_group(group), facets))):
                raise InputError(
                    f"The boundary {group!r} lies on the interface {name!r} and would act on both of its bodies; name a group of "
                    "facets of the surface, and let the interface exchange with the bodies as a layer."
                )

    def check_left(self, activities: FloatArray) -> None:
        """Raise `InputError` where fluxes that go out leave less than nothing at the nodes (n,) that this rank owns. Collective."""
        if not self.outward:
            return
        ends = np.array([activities.min(initial=np.inf), -activities.max(initial=-np.inf)])
        least, most = self._comm.allreduce(ends, MPI.MIN) * [1.0, -1.0]
        if least < -_EMPTY * max(most, 0.0):
            raise InputError(
                f"The flux out of {', '.join(map(repr, self.outward))} takes more solute than there is; give a smaller one, a shorter "
                "time, or hold a concentration there."
            )

    def activity(self, potential: float) -> float:
        """exp(μ/RT)."""
        return float(np.exp(potential / (GAS_CONSTANT * self._temperature)))

    def held_activities(self) -> FloatArray:
        """(n,) of the held unknowns, at the bodies' present stresses."""
        capacities = np.ones(self._local)
        for name, body in self._bodies.items():
            capacities[self._starts[name] :][: body.size] = body.capacities()[: body.size]
        by_concentration = self._concentrations / capacities[self.fixed]
        return np.where(np.isnan(self._activities), by_concentration, self._activities)

    def supplied(self, residual: FloatArray, inner: float) -> FloatArray:
        """(groups,) mol/s or mol/(s m) that comes in through each boundary.

        Args:
            residual: (local,) what the equations lack where nothing is held, mol: what the held nodes were supplied with.
            inner: Duration over which they were, s. Collective.
        """
        own = self._by_group.copy()
        np.add.at(own, self._groups, residual[self.fixed] / inner)
        return np.asarray(self._comm.allreduce(own))


def _check_held(body: TransportBody, item: HeldSolute) -> None:
    """Raise `InputError` where more solute is held than a body has lattice sites."""
    if item.concentration is not None:
        body.medium.check_holds(body.name, f"concentration at {item.group!r},", item.concentration)
    if item.potential is not None:
        body.medium.check_potential(body.name, f"chemical potential at {item.group!r},", item.potential)


def _alike(first: HeldSolute, second: HeldSolute) -> bool:
    return (first.concentration, first.potential) == (second.concentration, second.potential)
