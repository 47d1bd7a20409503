"""The concurrent study from input to report, and inputs that make none."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from atomistic import load_potential
from atomistic.properties.bulk import equilibrium
from coupling.errors import InputError
from multiscale import Results, run_study
from multiscale.concurrent.compare import Case, compare
from multiscale.concurrent.defects import point_defect
from multiscale.concurrent.region import BlendingRegion
from multiscale.concurrent.solution import difference
from multiscale.studies import parse_study
from multiscale.studies.concurrent.loading import Probe
from multiscale.studies.concurrent.records import (
    AllAtoms,
    ConcurrentFindings,
    MethodErrors,
    MethodFindings,
    Observable,
    Pad,
    ProbeReading,
    ProbeResponse,
    SurrogateFindings,
)
from multiscale.studies.concurrent.report import report
from multiscale.studies.concurrent.run import method_findings
from multiscale.studies.counted import Counted
from tests.atomistic.conftest import write_eam_alloy
from tests.multiscale.same import assert_stored_as_it_is


def study(**changes):
    base = {
        "study": "concurrent", "title": "a missing column", "potential": "Cu_model.eam.alloy", "species": "Cu",
        "structure": "fcc", "line": [1, -1, 0], "point_defect": {"missing": 1}, "box": {"cells": [2, 2], "level": 4},
        "methods": [
            {"method": "bqce", "core": 3.0}, {"method": "bqcf", "core": 3.0},
            {"method": "bgfc", "core": 2.0, "blend": 2.0}, {"method": "bgfc", "core": 4.0},
        ],
    }  # fmt: skip
    return {key: value for key, value in (base | changes).items() if value is not None}


def run(tmp_path, **changes):
    write_eam_alloy(tmp_path / "Cu_model.eam.alloy")
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(study(**changes)), encoding="utf-8")
    return run_study(tmp_path / "study.yaml", tmp_path / "run")


def test_point_defect_by_several_methods(tmp_path):
    results = run(tmp_path)
    assert results["1_bqce_ghost_force"] > 1e-3
    assert max(results[f"{name}_ghost_force"] for name in ("2_bqcf", "3_bgfc", "4_bgfc")) < 1e-8
    assert results["4_bgfc_strain_error"] < results["3_bgfc_strain_error"]
    assert results["4_bgfc_strain_error"] < 0.2 * results["1_bqce_strain_error"]
    assert "2_bqcf_energy_error" not in results.quantities
    assert results["unknowns"] == 3 * (31 * 31 - 1)
    assert sorted(len(curve.values["unknowns"]) for curve in results.curves.values()) == [1, 1, 2]
    assert results["4_bgfc_unknowns_fraction"] * results["unknowns"] == pytest.approx(
        results.curves["bgfc"].values["unknowns"][1]
    )
    assert list(results.curves["bgfc"].values["strain_error"]) == [results[f"{k}_bgfc_strain_error"] for k in (3, 4)]
    owners = [row.owner for row in results.ledger]
    assert owners == ["atoms", "Cauchy-Born"]
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    for words in ("Methods beside all atoms", "Who counts what", "Error against unknowns"):
        assert words in page


def test_measured_pad_and_surrogate_are_stated(tmp_path):
    results = run(
        tmp_path, pad="measured", surrogate={"strain": 0.03, "degree": 4}, box={"cells": [2, 2], "level": 3},
        methods=[{"method": "bqcf", "core": 2.0, "blend": 2.0}],
    )  # fmt: skip
    assert results["1_bqcf_strain_error"] < 0.3
    assert results["1_bqcf_ghost_force"] < 1e-8
    assert any("meV/Å" in note for note in results.notes) and any("polynomial" in note for note in results.notes)


AXIS = Observable("depth", "m", "how deep")
KNOWN = ConcurrentFindings(
    facts=(ProbeReading(Observable("surface_energy", "J/m^2", "of the plane"), 1.5),), spacing=2.5, box_atoms=101,
    box_memory=2.0**31, reference=AllAtoms(300, 40, None), counted=(Counted("atoms", "core", 1, 10.5), Counted("Cauchy-Born", "rest", 1, 89.5, -0.25)),
    methods=(
        MethodFindings("bqcf", 3.0, 3.5, 2.0, True, 90, 50, 1e-9, 1.5, None, np.array([1, 2.1]), MethodErrors(None, 0.01, 0.02, 0.3, 0.4)),
        MethodFindings("bgfc", 2.0, 2.0, 2.0, False, 60, 40, 1e-9, 1.0, 0.8, np.array([0.9, 2]), MethodErrors(-1e-3, 0.03, 0.05, 0.2, 0.3)),
    ),
    response=ProbeResponse(AXIS, np.array([1e-11, 5e-11]), Observable("force", "N", "force on it"), np.array([1.0, 2.0])),
    surrogate=SurrogateFindings(4, 0.02, 1e-5, 1e-6), pad=Pad(0.1, 1e-3, 6.4, 12.0), ranks=2,
)  # fmt: skip


PLAIN = replace(KNOWN, facts=(), reference=AllAtoms(300, 40, 0.7), response=None, surrogate=None, pad=None, ranks=1)
ALONE = replace(
    KNOWN, reference=None, response=replace(KNOWN.response, values=None), surrogate=None, pad=None, ranks=1,
    methods=tuple(replace(one, errors=None) for one in KNOWN.methods),
)  # fmt: skip


@pytest.mark.parametrize("found", [KNOWN, PLAIN, ALONE])
def test_findings_keep_their_types_in_the_store(found, tmp_path):
    assert_stored_as_it_is(found, tmp_path)


def test_each_finding_is_the_one_of_its_name(tmp_path):
    potential = load_potential(str(write_eam_alloy(tmp_path / "Cu_model.eam.alloy")))
    problem = point_defect(potential, equilibrium(potential, "Cu", "fcc", tolerance=100.0), (2, 2), 3, line=[1, -1, 0])
    atoms, (row,) = compare(problem, [Case("bgfc", BlendingRegion(2.0, 1.5, 0.5))])
    found, exact = method_findings(row), atoms[-1]
    errors = found.errors
    assert errors.strain == pytest.approx(difference(row.solution, exact).relative_strain, rel=1e-12)
    assert errors.displacement == pytest.approx(difference(row.solution, exact).displacement, rel=1e-12)
    assert errors.energy == row.solution.energy - exact.energy and found.energy == row.solution.energy
    assert (found.core_asked, found.core, found.blend, found.adapted) == (2.0, 2.0, 1.5, False)
    assert found.unknowns / exact.unknowns == errors.unknowns_fraction < 1
    assert found.atoms == row.solution.method.atoms and found.response is None
    along = method_findings(row, Probe(AXIS, (1.0,), AXIS, lambda solution: 2.0 * solution.force))
    assert along.response.tolist() == [2 * row.solution.force]


def test_the_report_shows_the_findings_and_what_is_missing_is_left_out():
    results = Results("concurrent")
    report(results, KNOWN)
    assert results["surface_energy"] == 1.5 and "energy" not in results.quantities
    assert results["2_bgfc_energy"] == 0.8 and "1_bqcf_energy" not in results.quantities
    assert results["2_bgfc_energy_error"] == -1e-3 and "1_bqcf_energy_error" not in results.quantities
    assert results["all_atoms_force"] == 2.0 and results["1_bqcf_force"] == 2.1
    assert [row[7] for row in results.tables[0].rows] == [None, -1e-3]
    assert [(row.owner, row.energy) for row in results.ledger] == [("atoms", None), ("Cauchy-Born", -0.25)]
    told = " ".join(results.notes)
    for words in ("degree 4", "2 MPI ranks", "1 meV/Å or more beyond 6.40 Å", "all 100 atoms", "became 3.5"):
        assert words in told
    plain = Results("concurrent")
    report(plain, replace(PLAIN, facts=KNOWN.facts))
    assert plain["energy"] == 0.7 and "all_atoms_force" not in plain.quantities and len(plain.notes) == 2


def test_without_all_atoms_the_report_shows_the_methods_alone():
    results = Results("concurrent")
    report(results, ALONE)
    assert results["2_bgfc_energy"] == 0.8 and results["1_bqcf_force"] == 2.1 and results["box_atoms"] == 101
    for name in ("unknowns", "energy", "2_bgfc_energy_error", "2_bgfc_cost_fraction", "all_atoms_force"):
        assert name not in results.quantities
    assert sorted(results.curves) == ["response_1_bqcf", "response_2_bgfc"]
    assert results.tables[0].title == "Methods" and {len(row) for row in results.tables[0].rows} == {7}
    assert any("No reference" in note and "all 101 atoms" in note and "2 GiB" in note for note in results.notes)


def test_the_same_is_found_without_all_atoms(tmp_path):
    changes = {
        "point_defect": None, "line": [1, 0, 0], "crack": {"plane": [0, 1, 0], "loads": [0.9, 1.0]}, "tolerance": 1e-3,
        "box": {"cells": [2, 2], "level": 3}, "methods": [{"method": "bqcf", "core": 2.5, "blend": 2.0, "buffer": 0.5}],
    }  # fmt: skip
    (tmp_path / "alone").mkdir()
    beside, alone = run(tmp_path, **changes), run(tmp_path / "alone", reference="none", **changes)
    same = set(alone.quantities) & set(beside.quantities)
    assert {"1_bqcf_tip_advance", "1_bqcf_ghost_force", "1_bqcf_unknowns", "1_bqcf_atoms", "box_atoms"} <= same
    for name in same:
        assert alone[name] == pytest.approx(beside[name], rel=1e-12, abs=1e-14)
    assert "1_bqcf_strain_error" in beside.quantities and "1_bqcf_strain_error" not in alone.quantities


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"point_defect": None}, "exactly one of crack, dislocation_dipole, indentation, point_defect"),
        ({"line": None}, "takes three"),
        (
            {
                "line": None,
                "point_defect": None,
                "dislocation_dipole": {"burgers": [0.5, 0.5, 0], "separation": "20 Å"},
            },
            "needs line",
        ),
        ({"methods": [{"method": "bqc", "core": 3.0}]}, "bgfc"),
        ({"methods": [{"method": "bgfc", "core": 0.0}]}, "core"),
        ({"box": {"cells": [2, 0], "level": 4}}, "whole numbers from 1"),
        ({"structure": "diamond"}, "fcc"),
        (
            {"point_defect": None, "indentation": {"plane": [0, 0, 1], "radius": "2 Å", "depths": ["1 Å", "3 Å"]}},
            "below the radius",
        ),
        ({"methods": [{"method": "atomistic", "core": 3.0, "adapt": {}}]}, "cannot adapt"),
        ({"crack": {"plane": [0, 1, 0]}}, "crack and point_defect given"),
        (
            {
                "point_defect": None,
                "line": [1, 0, 0],
                "crack": {"plane": [0, 1, 0]},
                "methods": [{"method": "cauchy_born", "core": 3.0}],
            },
            "no free surfaces",
        ),
        (
            {"point_defect": None, "line": [1, 0, 0], "crack": {"plane": [0, 1, 0], "loads": [1.0, -0.5]}},
            "positive loads",
        ),
        ({"point_defect": None, "crack": {"plane": [0, 1, 0]}}, "does not lie in the plane"),
        (
            {"point_defect": None, "line": [1, 0, 0], "crack": {"plane": [0, 1, 0], "atomistic_faces": "-2 Å"}},
            "greater than zero",
        ),
        (
            {
                "point_defect": None,
                "indentation": {"plane": [0, 0, 1], "radius": "60 Å", "depths": ["1 Å"]},
                "methods": [{"method": "bqcf", "core": 3.0, "adapt": {}}],
            },
            "leave adapt out",
        ),
        ({"reference": "some"}, "all atoms"),
    ],
)
def test_inputs_that_cannot_be_used(changes, words, tmp_path):
    write_eam_alloy(tmp_path / "Cu_model.eam.alloy")
    with pytest.raises(InputError, match=words):
        parse_study(study(**changes), folder=tmp_path)


def test_a_region_that_adapts_is_stated(tmp_path):
    results = run(tmp_path, methods=[{"method": "bqcf", "core": 2.0, "blend": 1.5, "adapt": {"steps": 1}}])
    assert results["1_bqcf_strain_error"] < 0.06
    assert results.tables[0].rows[0][1] > 2.6
    assert any("adapted" in note for note in results.notes)


def test_a_crack_is_loaded_step_by_step(tmp_path):
    results = run(
        tmp_path, point_defect=None, line=[1, 0, 0], crack={"plane": [0, 1, 0], "loads": [1.0, 1.25]},
        box={"cells": [2, 2], "level": 3}, methods=[{"method": "bqcf", "core": 2.5, "blend": 2.0, "buffer": 0.5}], tolerance=1e-3,
    )  # fmt: skip
    intensity, growth = (
        results.curves["response_all_atoms"].values[name] for name in ("stress_intensity", "tip_advance")
    )
    assert intensity[0] == pytest.approx(results["griffith_intensity"]) and intensity[1] == pytest.approx(
        1.25 * intensity[0]
    )
    assert growth[1] > growth[0] + 3e-10
    assert results["1_bqcf_tip_advance"] == pytest.approx(growth[1], abs=0.3e-10)


def test_an_indenter_is_pressed_in_step_by_step(tmp_path):
    indentation = {"plane": [0, 0, 1], "radius": "60 Å", "depths": ["0.2 Å", "0.5 Å"]}
    results = run(
        tmp_path, point_defect=None, indentation=indentation, box={"cells": [2, 2], "level": 3}, tolerance=1e-3,
        methods=[{"method": "bqcf", "core": 2.5, "blend": 1.5, "buffer": 0.5}],
    )  # fmt: skip
    force = results.curves["response_all_atoms"].values["indentation_force"]
    assert force[1] > 2 * force[0] > 0
    assert results["1_bqcf_indentation_force"] == pytest.approx(force[1], rel=0.03)


RANKS = """
import sys
from mpi4py import MPI
from multiscale import Results, run_study
from multiscale.concurrent import shared_law
serve, shared_law._WORTH = shared_law.serve, 20
shared_law.serve = lambda comm: sys.stdout.write(f"shares {serve(comm)}\\n")
results = run_study("study.yaml", "ranks", comm=MPI.COMM_WORLD)
"""


def test_two_ranks_share_the_continuum_and_find_the_same(tmp_path):
    methods, box = [{"method": "bgfc", "core": 2.0, "blend": 1.5, "buffer": 0.5}], {"cells": [2, 2], "level": 3}
    alone = run(tmp_path, methods=methods, box=box, tolerance=1e-3)
    launcher = Path(sys.executable).with_name("mpiexec")
    done = subprocess.run(
        [launcher, "-n", "2", sys.executable, "-c", RANKS], cwd=tmp_path, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    shares = next(int(line.split()[1]) for line in done.stdout.splitlines() if line.startswith("shares"))
    assert shares > 5
    together = Results.load(tmp_path / "ranks")
    assert any("2 MPI ranks" in note for note in together.notes)
    for name in ("energy", "1_bgfc_strain_error", "1_bgfc_energy_error"):
        assert together[name] == pytest.approx(alone[name], rel=1e-9)


def test_a_burgers_vector_that_is_none_is_refused(tmp_path):
    dipole = {"burgers": [0.5, 0.4, 0.0], "separation": "22 Å"}
    with pytest.raises(InputError, match="not a lattice vector"):
        run(tmp_path, point_defect=None, dislocation_dipole=dipole)
