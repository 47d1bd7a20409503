"""The ledger of a cohesive problem: records of its bodies and interfaces, and the energies that the solver found.

Everything here is collective: all ranks build the same ledger.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from continuum.cohesive.damage import Response
from continuum.cohesive.interface import Interface
from continuum.cohesive.surface import averaged
from continuum.fenics import MPI, dolfinx, ufl
from continuum.materials import BodyMaterial
from continuum.mesh.specimen_mesh import Body, SpecimenMesh
from continuum.model import Bond, InterfaceEnergies
from continuum.solver.memory import with_memory
from coupling.contracts import FloatArray
from coupling.errors import DoubleCounted, unknown_choice
from coupling.laws.law import count_of
from coupling.specimen.ledger import SpecimenLedger, specimen_ledger
from coupling.specimen.records import BodyRecord, InterfaceRecord, Shared

FLAT = np.radians(10)
"""Spread of the normals about their mean, rad, up to which an interface has one frame."""
Counting = Literal["strict", "reported"]
"""Whether an error of counting is raised, or left among the verdicts."""


def facets_of(mesh: SpecimenMesh, bond: Bond) -> NDArray[np.int32]:
    """The facets of the parent mesh that a bond is on, ghosts included.

    Raises:
        InputError: an unknown body or group, or bodies that do not touch.
    """
    for name in (bond.plus, bond.minus):
        if name is not None and name not in mesh.bodies:
            raise unknown_choice("body", name, mesh.bodies)
    return mesh.between(bond.plus, bond.minus or "") if bond.group is None else mesh.facet_group(bond.group)


def shared_parts(
    mesh: SpecimenMesh, bonds: Sequence[Bond], facets: Sequence[NDArray[np.int32]], counting: Counting
) -> tuple[Shared, ...]:
    """The cells that two bodies have, and the facets that two bonds have.

    Args:
        mesh: The specimen.
        bonds: The bonds.
        facets: (n,) facets of the parent mesh of each, ghosts included.
        counting: See `Counting`; cells are refused at once, since an interface in them cannot be made sense of.

    Raises:
        DoubleCounted: two bodies share cells; two bonds have one name, whatever `counting` is.
        InputError: an unknown way of counting.
    """
    if counting not in get_args(Counting):
        raise unknown_choice("way of counting", counting, get_args(Counting))
    names = [bond.name for bond in bonds]
    for name in names:
        if names.count(name) > 1:
            raise DoubleCounted(
                f"{names.count(name)} interfaces are called {name!r}; put one law on it, or divide its group of facets."
            )
    topology = mesh.mesh.topology
    cells, edges = (topology.index_map(mesh.dimension - codimension).size_local for codimension in (0, 1))
    found = []
    for first, second in combinations(mesh.bodies.values(), 2):
        found.append(Shared("cells", first.name, second.name, _common(first.parent_cells, second.parent_cells, cells)))
    for (one, its), (other, others) in combinations(zip(bonds, facets, strict=True), 2):
        found.append(Shared("facets", one.name, other.name, _common(its, others, edges)))
    numbers = mesh.mesh.comm.allreduce(np.array([item.number for item in found], dtype=np.int64))
    shared = tuple(
        Shared(item.what, item.first, item.second, int(n)) for item, n in zip(found, numbers, strict=True) if n
    )
    if counting == "strict":
        bodies = [BodyRecord(name) for name in mesh.bodies]
        specimen_ledger(bodies, [], [item for item in shared if item.what == "cells"]).check()
    return shared


def _common(first: NDArray[np.int32], second: NDArray[np.int32], owned: int) -> int:
    both = np.intersect1d(first, second)
    return int(np.count_nonzero(both < owned))


def count_specimen(
    mesh: SpecimenMesh,
    materials: Mapping[str, BodyMaterial],
    interfaces: Sequence[Interface],
    shared: Sequence[Shared],
    negligible: float,
    counting: Counting,
) -> SpecimenLedger:
    """The ledger of a problem's bodies and interfaces.

    Args:
        mesh: The specimen.
        materials: The materials as they were given, in mesh axes.
        interfaces: The interfaces.
        shared: See `shared_parts`.
        negligible: See `coupling.specimen.ledger.NEGLIGIBLE`.
        counting: See `Counting`.

    Raises:
        DoubleCounted, Uncounted: it does not add up, and `counting` is strict.
        InputError: `negligible` is no share.
    """
    records, extents = [], {name: dict[str, float]() for name in mesh.bodies}
    for interface in interfaces:
        bond, comm = interface.bond, mesh.mesh.comm
        frame, spread = averaged(comm, interface.kinematics.frame, interface.weights)
        flat = spread <= FLAT
        for name in (bond.plus, bond.minus):
            if name is not None:
                extents[name][bond.name] = _extent(mesh, name, frame[2] if flat else None)
        law = bond.law
        records.append(InterfaceRecord(
            bond.name, bond.plus, bond.minus, law.gap, count_of(law), law.peak_traction, law.work_of_separation,
            frame[2] if flat else None, frame[0] if flat else None, bond.spacing, bond.misfit, bond.transported,
        ))  # fmt: skip
    bodies = [
        BodyRecord(
            name,
            materials[name].stiffness_voigt,
            materials[name].stress_free_strain_voigt,
            extents[name],
            loss=next((grain.loss for grain in with_memory(materials[name])), ""),
        )
        for name in mesh.bodies
    ]
    ledger = specimen_ledger(bodies, records, shared, negligible)
    if counting == "strict":
        ledger.check()
    return ledger


def _extent(mesh: SpecimenMesh, name: str, normal: FloatArray | None) -> float:
    """Extent of a body along a normal, m; without one its least extent along the axes; half a grain's of a polycrystal."""
    if mesh.bodies[name].grains:
        return 0.5 * _grain_size(mesh.bodies[name])
    points = mesh.bodies[name].mesh.geometry.x[:, : mesh.dimension]
    axes = np.eye(mesh.dimension) if normal is None else normal[None, : mesh.dimension]
    along = points @ axes.T
    comm = mesh.mesh.comm
    low = [comm.allreduce(float(values.min(initial=np.inf)), MPI.MIN) for values in along.T]
    high = [comm.allreduce(float(values.max(initial=-np.inf)), MPI.MAX) for values in along.T]
    return float(np.min(np.subtract(high, low)))


def _grain_size(body: Body) -> float:
    """Edge of the square or cube that is as large as the mean grain, m."""
    form = dolfinx.fem.form(dolfinx.fem.Constant(body.mesh, 1.0) * ufl.dx)
    whole = body.mesh.comm.allreduce(dolfinx.fem.assemble_scalar(form))
    return float((whole / len(body.grains)) ** (1 / body.mesh.topology.dim))


def interface_energies(
    comm: "MPI.Comm", interfaces: Sequence[Interface], responses: Sequence[Response]
) -> dict[str, InterfaceEnergies]:
    """What each interface took up over all ranks, J (3D, axisymmetric) or J/m."""
    sums = np.zeros((len(interfaces), 3))
    for row, i, r in zip(sums, interfaces, responses, strict=True):
        row[:] = [i.weights.ravel() @ part for part in (r.stored, r.dissipated, i.history.viscous)]
    rows = comm.allreduce(sums).tolist()
    return {i.bond.name: InterfaceEnergies(*row) for i, row in zip(interfaces, rows, strict=True)}


def taken_energies(
    comm: "MPI.Comm", interfaces: Sequence[Interface], responses: Sequence[Response]
) -> dict[tuple[str, str], float]:
    """The bulk that each law took away, linear, at the interface's present tractions, by (side, interface).

    ∫ n d ½ T·Q⁻¹·T dA with Q the stiffness of the normal and the two shears at a held in-plane cell; nothing for layers
    that were held rigid. In J (3D, axisymmetric) or J/m.
    """
    found = {}
    for interface, response in zip(interfaces, responses, strict=True):
        count = count_of(interface.bond.law)
        for which, side in (("plus", count.plus), ("minus", count.minus)):
            if count.taken_away != "bulk" or side is None:
                continue
            density = np.zeros(len(response.traction)) if count.held_rigid else side.energy_under(response.traction)
            found[which, interface.bond.name] = float(comm.allreduce(float(interface.weights.ravel() @ density)))
    return found
