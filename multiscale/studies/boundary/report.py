"""What a boundary study reports."""

import yaml

from coupling.findings import Criterion, Finding
from coupling.units import ANGSTROM
from multiscale.runtime.crystals import CrystalRecord
from multiscale.runtime.records import NextStep
from multiscale.runtime.results import Results
from multiscale.stages.grain_boundary import BoundaryRecord
from multiscale.studies.boundary.schema import BoundaryStudy
from multiscale.studies.boundary_report import report_boundary


def report(results: Results, study: BoundaryStudy, crystal: CrystalRecord, boundary: BoundaryRecord) -> None:
    """Numbers, candidates, strain, checks, and how to go on to a law."""
    report_boundary(results, boundary, headline=True)
    results.summary = (
        "The boundary has an energy of {boundary_energy} and an excess volume per area of {excess_volume}."
    )
    results.add("boundary_area", boundary.area * ANGSTROM**2, "m^2", "area of the common cell of the two grains")
    for name, value in zip(("xx", "yy", "xy"), boundary.strain, strict=True):
        results.add(f"strain_{name}", float(value), "", f"in-plane strain {name} of the strained grain")
    results.add("lattice_parameter", crystal.lattice_parameter * ANGSTROM, "m", "lattice parameter of the potential")
    wanted = study.grain_boundary.tolerance
    results.checks.append(Criterion("change of the energy with more layers, J/m²", boundary.energy_error, wanted))
    if boundary.energy_error > wanted:
        what = f"the boundary's energy still moved by {boundary.energy_error:.2g} J/m² with half more layers, and {wanted:g} is wanted"
        results.findings.append(
            Finding(what, "", boundary.energy_error, "give a larger grain_boundary: thickness", False)
        )
    given = study.model_dump(mode="json", include={"potential", "grain_boundary"}, exclude_none=True)
    text = yaml.safe_dump(
        {"study": "cohesive_law"} | given | {"path": "relaxed", "openings": {"max": "6 Å", "points": 24}},
        sort_keys=False, default_flow_style=None, width=100, allow_unicode=True,
    )  # fmt: skip
    results.onward.append(
        NextStep("Pull this boundary apart: save this as law.yaml, and multiscale run law.yaml", text)
    )
