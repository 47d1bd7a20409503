"""The script's interface: the same numbers as the studies, in a handful of lines, and sentences for what does not fit."""

import subprocess
import sys

import numpy as np
import pytest

import multiscale as ms
from coupling.errors import InputError

PATH = {"path": "relaxed", "openings": 20, "largest_opening": "5 Å"}


@pytest.fixture(scope="module")
def emt():
    return ms.load_potential("emt")


@pytest.fixture(scope="module")
def plane(emt):
    return ms.cleave(ms.crystal(emt, "Cu", "fcc"), (1, 1, 1), x=(1, 1, -2), layers=6)


@pytest.fixture(scope="module")
def law(emt, plane):
    return ms.cohesive_law(emt, plane, **PATH)


def test_every_name_is_there_and_none_is_heavy():
    script = "import sys, multiscale as ms\nassert not {'torch', 'dolfinx', 'ase', 'matplotlib'} & set(sys.modules)\n[getattr(ms, n) for n in ms.__all__]"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(ms.__all__) == len(set(ms.__all__)) <= 40


def test_the_law_is_that_of_the_study_to_the_last_bit(law, tmp_path):
    from coupling.exchange.storage import law_text
    from multiscale.studies import parse_study

    plane = {"species": "Cu", "structure": "fcc", "miller": [1, 1, 1], "x": [1, 1, -2], "layers": 6}
    study = {
        "study": "cohesive_law",
        "potential": "emt",
        "plane": plane,
        "path": "relaxed",
        "openings": {"max": "5 Å", "points": 20},
    }
    ms.run_study(parse_study(study, tmp_path), tmp_path / "run")
    assert law_text(ms.load_law(tmp_path / "run" / "law.json")) == law_text(law)
    assert law.count.taken_away == "bulk" and law.count.plus.material == "Cu fcc, emt"


def test_a_beam_in_a_few_lines_breaks_at_the_law_s_work(plane, law, tmp_path):
    from continuum.specimens.dcb import DoubleCantileverBeam

    DoubleCantileverBeam(length=30, arm=6, crack=12, growth=8, fine=0.25, coarse=3, grading=0.3).write(
        tmp_path / "dcb.msh"
    )
    mesh = ms.read_mesh(tmp_path / "dcb.msh", unit="nm")
    hold, load = {"end": "x"}, {"load_upper": ("y", 0.5), "load_lower": ("y", -0.5)}
    with pytest.raises(ms.DoubleCounted, match="closed spacing"):  # the arms are thin
        ms.Specimen(mesh, plane.crystal.material(plane), {"bond": law}, hold=hold, load=load)
    bond = ms.Bond("bond", "upper", "lower", law, spacing="left out")
    specimen = ms.Specimen(mesh, plane.crystal.material(plane), {"bond": bond}, hold=hold, load=load)
    record = specimen.pull("7 nm", 8)
    assert record.energy_release_rate == pytest.approx(law.work_of_separation, rel=0.01)
    assert record.peak_load == record.load.max() and record.opening[-1] == pytest.approx(7e-9)
    assert "slab of bond" in record.ledger() and "body upper" in specimen.ledger()
    record.plot(tmp_path / "loading.png")
    assert (tmp_path / "loading.png").stat().st_size > 3000


def test_material_and_grain_are_those_of_the_crystal(plane):
    from coupling.elasticity import grain_rotation, rotate_stiffness

    grain = grain_rotation([1, 1, -2], [1, 1, 1])
    np.testing.assert_allclose(plane.grain, grain, atol=1e-12)
    made = plane.crystal.material(plane)
    np.testing.assert_allclose(
        made.stiffness_voigt, rotate_stiffness(plane.crystal.stiffness_voigt, grain), rtol=1e-9, atol=1e3
    )
    assert 3.4e-10 < plane.crystal.lattice_parameter < 3.7e-10 and "C44" in plane.crystal._repr_html_()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda emt, plane: ms.crystal(emt, "Cu"), "species and structure, or by file"),
        (lambda emt, plane: ms.cleave(plane.crystal, (0, 0, 0)), "name no plane"),
        (lambda emt, plane: ms.cleave(plane.crystal, (1, 1, 1), x=(1, 0, 0)), "does not lie in the plane"),
        (lambda emt, plane: ms.cohesive_law(emt, plane, path="rigid", gap="in bulk"), "rigid path"),
        (lambda emt, plane: ms.cohesive_law(emt, plane, slipp={}), "unknown key 'slipp'.*Did you mean 'slip'"),
        (lambda emt, plane: ms.read_mesh("x.msh", unit="inch"), "'inch'"),
        (lambda emt, plane: ms.cleave(plane.crystal, (1, 1, 1)).grain, "no x"),
    ],
)
def test_what_does_not_fit_is_one_sentence(call, words, emt, plane):
    with pytest.raises(InputError, match=words):
        call(emt, plane)
