"""What a problem asks of all its interfaces together: their response, contact, process zone and profiles.

Displacements are the bodies' present fields; everything but `responses` is collective.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from continuum.cohesive.damage import Response
from continuum.cohesive.history import History, respond
from continuum.cohesive.interface import Interface
from continuum.fenics import MPI
from coupling.contracts import FloatArray

_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(4)
_PANELS = 6
_ALONG = ((np.arange(_PANELS)[:, None] + 0.5 * (1 + _POINTS)) / _PANELS).ravel()
_PARTS = np.tile(0.5 * _WEIGHTS / _PANELS, _PANELS)
"""Places along a step, of its length, and the weights of a quadrature over it."""

Fields = Mapping[str, Any]
"""The displacement field (dolfinx `Function`) of each body."""


def responses(
    interfaces: Sequence[Interface], displacements: Fields, duration: float, intensity: float
) -> list[Response]:
    """The response of each interface.

    Args:
        interfaces: The interfaces.
        displacements: The bodies' fields.
        duration: Of the step, s: what viscosity sees.
        intensity: Factor of tractions and tangents; below 1 on the way to the first equilibrium.
    """
    found = [respond(i.bond, i.flat_jump(displacements), i.history, duration) for i in interfaces]
    if intensity != 1.0:
        for response in found:
            response.traction[:] *= intensity
            response.tangent[:] *= intensity
    return found


def unexplained(
    comm: "MPI.Comm",
    interfaces: Sequence[Interface],
    histories: Sequence[History],
    before: Sequence[FloatArray],
    after: Sequence[FloatArray],
) -> float:
    """Work of the interfaces' tractions along the straight way of a step, less their energies' gain; J or J/m. Collective.

    It vanishes where the traction has a potential.

    Args:
        comm: All ranks.
        interfaces: The interfaces; their histories hold the step.
        histories: Their histories before it.
        before: (points, 3) jumps of each before it.
        after: The same after it.
    """
    own = 0.0
    for interface, history, first, last in zip(interfaces, histories, before, after, strict=True):
        bond, way = interface.bond, last - first
        start, end = respond(bond, first, history), respond(bond, last, interface.history)
        density = start.stored + start.dissipated - end.stored - end.dissipated
        for part, weight in zip(_ALONG, _PARTS, strict=True):
            density += weight * np.einsum("nk,nk->n", respond(bond, first + part * way, history).traction, way)
        own += float(interface.weights.ravel() @ density)
    return float(comm.allreduce(own))


def correct_contact(comm: "MPI.Comm", interfaces: Sequence[Interface], displacements: Fields) -> float:
    """One step of the augmented Lagrangian.

    Returns:
        Largest penetration over what is allowed; the multipliers moved unless it is at most 1.
    """
    jumps = [i.flat_jump(displacements)[:, 0] for i in interfaces]
    worst = 0.0
    for interface, opening in zip(interfaces, jumps, strict=True):
        contact = interface.bond.contact
        if contact is not None and contact.penetration is not None:
            worst = max(worst, -float(opening.min(initial=0.0)) / contact.penetration)
    worst = comm.allreduce(worst, MPI.MAX)
    for interface, opening in zip(interfaces, jumps, strict=True):
        contact = interface.bond.contact
        if contact is not None and contact.penetration is not None and worst > 1:
            interface.history.pressure = np.minimum(interface.history.pressure + contact.stiffness * opening, 0.0)
    return worst


def process_zone(
    comm: "MPI.Comm", interfaces: Sequence[Interface], displacements: Fields
) -> tuple[float, int, float, float]:
    """Of `Step`: `most_opened`, `zone_facets`, `zone_area`, `zone_doubt`."""
    most, facets, area, doubt = 0.0, 0, 0.0, 0.0
    for interface in interfaces:
        law = interface.bond.law
        opened = interface.opened(interface.flat_jump(displacements)).reshape(interface.weights.shape)
        most, mean = max(most, float(opened.max(initial=0.0))), opened.mean(axis=1)
        facets += int(np.sum((mean > law.opening_at_peak / law.final_opening) & (mean < 1)))
        inside = np.minimum(opened, 1.0)
        half_open = float(np.sum(interface.weights * inside * (1.0 - inside)))
        area, doubt = area + 6.0 * half_open, doubt + interface.work_ahead * half_open
    return comm.allreduce(most, MPI.MAX), comm.allreduce(facets), comm.allreduce(area), comm.allreduce(doubt)


def profiles(
    comm: "MPI.Comm", interfaces: Sequence[Interface], displacements: Fields, found: Sequence[Response]
) -> dict[str, tuple[FloatArray, FloatArray, FloatArray]]:
    """Points (n, dim) m, jumps (n, 3) m and tractions (n, 3) Pa of each interface, on rank 0."""
    gathered = {}
    for interface, response in zip(interfaces, found, strict=True):
        points = interface.kinematics.points
        local = (points.reshape(-1, points.shape[-1]), interface.flat_jump(displacements), response.traction)
        parts = comm.gather(local) or [local]
        places, jumps, tractions = (np.concatenate(column) for column in zip(*parts, strict=True))
        gathered[interface.bond.name] = (places, jumps, tractions)
    return gathered
