"""Loads of a specimen: displacements along an axis, or the K field on the rim of a boundary layer."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from coupling.elasticity import hill_averages, isotropic_stiffness
from coupling.errors import InputError
from multiscale.inputs.boundary import LoadInput
from multiscale.runtime.records import Plot, PlotSeries
from multiscale.runtime.results import Results

if TYPE_CHECKING:
    from continuum.materials import BodyMaterial
    from continuum.mesh.specimen_mesh import SpecimenMesh
    from continuum.model import Prescribed
    from continuum.solver.problem import CohesiveProblem
    from continuum.solver.record import Loading

_ALIKE = 1e-6  # of the stiffness


def check_far_field(loads: Sequence[LoadInput], kind: str) -> None:
    """Refuse a K field that is not offered: outside of plane strain, or beside other loads."""
    fields = [load for load in loads if load.is_far_field]
    if not fields:
        return
    if len(fields) < len(loads) or kind != "plane strain":
        raise InputError("loads: component: mode I is offered alone, and in plane strain.")


def prescribed_loads(
    loads: Sequence[LoadInput], mesh: "SpecimenMesh", materials: "Mapping[str, BodyMaterial]"
) -> "list[Prescribed]":
    """The prescribed displacements of the loads. Collective.

    Raises:
        InputError: a K field around bodies that are not of one isotropic stiffness.
    """
    from continuum.model import Prescribed
    from continuum.reference.k_field import k_field

    found = []
    for load in loads:
        if load.is_far_field:
            side, radius = _place(mesh, load)
            found += k_field(load.group, side, *_constants(materials), radius)
        else:
            found.append(Prescribed(load.group, load.component, load.factor))
    return found


def report_far_field(
    results: Results, loads: Sequence[LoadInput], problem: "CohesiveProblem", record: "Loading", units: tuple[str, str]
) -> None:
    """The far field's energy release rate against the growth, and its plateau.

    Args:
        results: Where it goes.
        loads: Of the study.
        problem: Its problem.
        record: Its loading.
        units: Of the swept area, in results and in plots.
    """
    from continuum.post.resistance import plateau
    from continuum.reference.k_field import intensity, release_rate

    fields = [load for load in loads if load.is_far_field]
    if not fields:
        return
    young, poisson = _constants(problem.bulk.materials)
    radius = max(_place(problem.mesh, load)[1] for load in fields)
    rate = release_rate(intensity(record.column("load"), young, poisson, radius), young, poisson)
    growth = record.column("broken_area")
    results.add_curve(
        "far_field",
        "the K field on the rim, by its energy release rate",
        crack_growth=(units[0], growth),
        release_rate=("J/m^2", rate),
    )
    results.plots.append(
        Plot("Resistance in small-scale yielding", "swept area per thickness", units[1], "energy release rate of the far field",
             "J/m^2", (PlotSeries("far_field", "crack_growth", "release_rate", "", "line and points"),),
             "What flows in from the rim: the interface's work and the bodies' dissipation.")
    )  # fmt: skip
    try:
        steady = plateau(growth, rate)
    except InputError as error:
        results.notes.append(f"No steady toughness: {error}")
        return
    results.add(
        "steady_toughness",
        steady.value,
        "J/m^2",
        "energy release rate of the far field in steady growth",
        headline=True,
    )
    results.add(
        "steady_toughness_spread", steady.spread, "J/m^2", "half of its range over the last quarter of the growth"
    )


def _constants(materials: "Mapping[str, BodyMaterial]") -> tuple[float, float]:
    """Young's modulus, Pa, and Poisson's ratio of all bodies."""
    stiffnesses = [material.stiffness_voigt for material in materials.values()]
    shear, poisson = hill_averages(stiffnesses[0])
    young = 2 * shear * (1 + poisson)
    own = isotropic_stiffness(young, poisson)
    if max(np.abs(one - own).max() for one in stiffnesses) > _ALIKE * own.max():
        raise InputError(
            "loads: component: mode I needs bodies of one and the same isotropic stiffness, whose K field it is."
        )
    return young, poisson


def _place(mesh: "SpecimenMesh", load: LoadInput) -> tuple[float, float]:
    """On which side of y = 0 a group lies, and how far from the origin, m. Collective."""
    from continuum.fenics import MPI, dolfinx

    facets = mesh.facet_group(load.group)
    points = dolfinx.mesh.compute_midpoints(mesh.mesh, mesh.mesh.topology.dim - 1, facets)
    comm = mesh.mesh.comm
    side = comm.allreduce(float(points[:, 1].sum()))
    nodes = mesh.mesh.geometry.x[
        np.unique(dolfinx.mesh.entities_to_geometry(mesh.mesh, mesh.mesh.topology.dim - 1, facets))
    ]
    radius = comm.allreduce(float(np.linalg.norm(nodes[:, :2], axis=1).max(initial=0.0)), MPI.MAX)
    return float(np.sign(side)), radius
