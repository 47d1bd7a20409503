"""What follows from a loading: G_c, balance, R-curve, friction, and where the mesh is too coarse."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from coupling.contracts import FloatArray
from coupling.elasticity import plane_strain_modulus_x
from coupling.errors import InputError
from coupling.findings import Criterion, Finding
from coupling.laws.law import Law, count_of
from coupling.units import SI_FACTORS, length_text
from multiscale.studies.specimen.interface_input import InterfaceInput
from multiscale.studies.specimen.schema import SpecimenStudy

if TYPE_CHECKING:
    from continuum.mesh.inspect import FacetFacts
    from continuum.post.fracture import SteadyGrowth
    from continuum.solver.problem import CohesiveProblem
    from continuum.solver.record import Loading


GC_AGREES = 0.02
"""Relative difference of G_c by the energy balance from the law's work, up to which the two are one."""


@dataclass(frozen=True)
class Resolution:
    """How well a mesh resolves the process zones.

    Attributes:
        elements: In the process zone of the interface that has the fewest.
        findings: Where they are too few, and what would resolve it.
    """

    elements: float
    findings: tuple[Finding, ...]

    @property
    def check(self) -> Criterion:
        """The elements against those that resolve a process zone."""
        from continuum.mesh.inspect import RESOLVING

        return Criterion("elements in the process zone", self.elements, RESOLVING, at_least=True)


@dataclass(frozen=True)
class LoadingFindings:
    """What follows from the record of a loading.

    Attributes:
        growth: The steadiest growth of the crack, with G_c; None where none is steady.
        unsteady: Why none is; empty where one is.
        balance_error: External work against stored plus dissipated energy, relative.
        swept_area: (n,) broken areas of the R-curve, m² or, per thickness, m.
        resistance: (n,) energy per newly broken area there, J/m².
        friction: What closed faces that slid took up, J or J/m.
        beyond: Largest part of an interface opened beyond its law's equilibrium; None where all laws are equilibria throughout.
        findings: What the record's own checks found.
    """

    growth: "SteadyGrowth | None"
    unsteady: str
    balance_error: float
    swept_area: FloatArray
    resistance: FloatArray
    friction: float
    beyond: float | None
    findings: tuple[Finding, ...]

    def checks(self, study: SpecimenStudy, laws: Mapping[str, Law]) -> list[Criterion]:
        """The balance, G_c against the law where one of opening alone acts without friction, and how far laws were followed."""
        found = [Criterion("energy balance", self.balance_error, study.loading.balance_tolerance)]
        works = {law.work_of_separation for law in laws.values()} | {
            getattr(law, "shear_work", law.work_of_separation) for law in laws.values()
        }
        viscous = any(interface.viscosity for interface in study.interfaces.values())
        if self.growth is not None and len(works) == 1 and not self.friction and not viscous:
            (work,) = works
            difference = abs(self.growth.energy_release_rate / work - 1)
            found.append(Criterion("G_c against the law", difference, max(GC_AGREES, self.growth.spread / work)))
        if self.beyond is not None:
            found.append(Criterion("opened beyond the law's equilibrium", self.beyond, 0))
        return found


def loading_findings(study: SpecimenStudy, problem: "CohesiveProblem", record: "Loading") -> LoadingFindings:
    """All that follows from a loading's record. Collective."""
    from continuum.post.fracture import resistance_curve, steady_growth
    from continuum.solver.diagnostics import assess, still_rising
    from continuum.solver.record import energy_balance_error

    growth, reason = None, ""
    try:
        growth = steady_growth(record)
    except InputError as error:
        reason = str(error)
    area, resistance = resistance_curve(record)
    friction = sum(float(i.weights.ravel() @ i.history.frictional) for i in problem.interfaces)
    found = (*assess(record, study.loading.balance_tolerance, study.loading.peak_tolerance),)
    found += tuple(still_rising(record)) if study.loads else ()
    passed = beyond_equilibrium(problem)
    found += tuple(passed)
    ends = any(count_of(interface.bond.law).equilibrium_until is not None for interface in problem.interfaces)
    beyond = max((one.size for one in passed), default=0.0) if ends else None
    return LoadingFindings(
        growth,
        reason,
        energy_balance_error(record),
        area,
        resistance,
        float(problem.comm.allreduce(friction)),
        beyond,
        found,
    )


def beyond_equilibrium(problem: "CohesiveProblem") -> list[Finding]:
    """Interfaces that were opened further than their law is an equilibrium, and what fails there. Collective."""
    findings = []
    for interface in problem.interfaces:
        bond, count = interface.bond, count_of(interface.bond.law)
        if count.equilibrium_until is None:
            continue
        weights, passed = interface.weights.ravel(), interface.history.largest > count.equilibrium_until
        whole, beyond = (float(problem.comm.allreduce(float(w.sum()))) for w in (weights, weights[passed]))
        if beyond > 0:
            findings.append(Finding(
                f"{100 * beyond / whole:.3g} % of it was opened beyond {length_text(count.equilibrium_until)}, up to which its law is an "
                "equilibrium: a crystal fails there before the interface does", f"interface {bond.name or f'{bond.minus}-{bond.plus}'}",
                beyond / whole, count.beyond or "take the peak load for an upper bound", False,
            ))  # fmt: skip
    return findings


def resolution(
    study: SpecimenStudy, problem: "CohesiveProblem", record: "Loading", planes: Mapping[str, Law]
) -> Resolution:
    """How many elements resolve the process zones, and what would where they are too few.

    Args:
        study: The study.
        problem: Its problem.
        record: Its loading.
        planes: The laws before coarsening.
    """
    from continuum.mesh.inspect import RESOLVING, inspect_mesh, zone_length

    found, unit = inspect_mesh(study.mesh_file, study.cell_groups), SI_FACTORS["length"][study.mesh_unit]
    facts = {item.name: item for item in (*found.interfaces, *found.groups)}
    findings: list[Finding] = []
    edges, fewest = 0, float("inf")
    for (name, interface), bond in zip(study.interfaces.items(), problem.bonds, strict=True):
        item = (
            _between_grains(found.interfaces, study.grain_groups[bond.plus])
            if bond.plus == bond.minus
            else facts.get(bond.name) or facts[f"{bond.minus}-{bond.plus}"]
        )
        edges += item.facets
        modulus = min(
            plane_strain_modulus_x(problem.bulk.materials[body].stiffness_voigt)
            for body in (bond.plus, bond.minus)
            if body
        )
        length = zone_length(bond.law, modulus)
        elements = length / (item.finest * unit)
        fewest = min(fewest, float(elements))
        if elements < RESOLVING * (1 - 1e-12):
            change = f"refine the mesh there to {length / RESOLVING / unit:.3g} {study.mesh_unit}"
            findings.append(Finding(
                f"{elements:.3g} elements lie in the process zone (Irwin's length {length_text(length, 3)}), and {RESOLVING} should",
                f"interface {name}", float(elements), change + _coarser(interface, planes[name], modulus, item, unit), False,
            ))  # fmt: skip
    facets = int(record.column("zone_facets").max())
    if study.dimension == 2 and not findings and 0 < facets < min(RESOLVING, edges):
        findings.append(Finding(
            f"Never more than {facets} element edges lay in the process zone, and {RESOLVING} should", "", float(facets),
            "refine the mesh along the crack", False,
        ))  # fmt: skip
    return Resolution(fewest, tuple(findings))


def _between_grains(facts: "Sequence[FacetFacts]", grains: Sequence[str]) -> "FacetFacts":
    """All boundaries of a polycrystal as one."""
    from continuum.mesh.inspect import FacetFacts

    names = {f"{one}-{other}" for one in grains for other in grains}
    its = [one for one in facts if one.name in names]
    number, area = sum(one.facets for one in its), sum(one.area for one in its)
    return FacetFacts("", "between grains", number, area, np.concatenate([one.sizes for one in its]))


def _coarser(interface: InterfaceInput, law: Law, modulus: float, item: "FacetFacts", unit: float) -> str:
    """The number of planes that the mesh does resolve, in words."""
    from continuum.mesh.inspect import process_zone

    try:
        stiffness = interface.coarsen and interface.coarsen.plane_stiffness
        meshed = "" if interface.spacing == "meshed" else " with spacing: meshed"
        return f", or set coarsen: {process_zone(law, modulus, item, unit, stiffness).planes}{meshed}"
    except InputError as reason:
        return f" (a coarser law is not known: {str(reason).rstrip('.')})"
