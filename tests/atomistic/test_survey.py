"""What is told of a potential's file: its crystal, and faults of its functions under pressure and tension."""

import numpy as np
import pytest
from typer.testing import CliRunner

from atomistic.potentials.registry import load_potential
from atomistic.properties.survey import survey
from benchmarks.finnis_sinclair import ALUMINIUM_FIT, write_aluminium
from multiscale.cli import app


@pytest.fixture(scope="module")
def aluminium(tmp_path_factory):
    return write_aluminium(tmp_path_factory.mktemp("eam") / "Al.eam.alloy")


def spoilt(path, place, by):
    """The file with its pair function r φ(r) changed from a distance in Å on."""
    lines = path.read_text().splitlines()
    points, step = int(lines[4].split()[2]), float(lines[4].split()[3])
    r = np.arange(points) * step
    pair = np.array(lines[6 + 2 * points :], dtype=float) + r * by * np.maximum(place - r, 0)
    changed = path.with_name(f"spoilt_{by}.eam.alloy")
    changed.write_text("\n".join([*lines[: 6 + 2 * points], *map(repr, map(float, pair))]) + "\n")
    return changed


def test_a_sound_file_has_one_peak_and_no_kink(aluminium):
    (found,) = survey(load_potential(str(aluminium)))
    assert (found.species, found.structure) == ("Al", "fcc")
    assert 1e3 * found.checked.fault == pytest.approx(ALUMINIUM_FIT["intrinsic fault"][0], rel=0.02)
    assert 1e3 * found.surfaces[-1].rigid.value == pytest.approx(ALUMINIUM_FIT["surface (111)"][0], rel=0.02)
    assert len(found.stretch.maxima) == 1 and found.stretch.pressed and found.stretch.kink < 0.1
    assert not any("WARNING" in line for line in found.lines())


def test_a_kink_is_found_where_it_is(aluminium):
    """Two slopes of the pair function meet at 3.2 Å, the nearest neighbours' distance at 1.117 a."""
    (sound,), (bent,) = (survey(load_potential(str(path))) for path in (aluminium, spoilt(aluminium, 3.2, 0.03)))
    assert bent.stretch.kink_at == pytest.approx(3.2 / (bent.length / np.sqrt(2)), abs=0.005)
    assert bent.stretch.kink > 10 * sound.stretch.kink


def test_a_crystal_that_gives_way_under_pressure_is_told(aluminium):
    """An attraction that sets in at 2.6 Å makes the pressure fall on the way to 0.8 a."""
    potential = load_potential(str(spoilt(aluminium, 2.6, -30.0)))
    (found,) = survey(potential)
    assert not found.stretch.pressed and any("the pressure falls on the way" in line for line in found.lines())


def test_the_card_of_a_file_holds_it(aluminium):
    told = CliRunner().invoke(app, ["potentials", "--card", str(aluminium)])
    assert told.exit_code == 0
    assert "compare two files before believing one" in told.output and "Al fcc: a 4.0499 Å" in told.output
