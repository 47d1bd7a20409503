"""Ties of an Abaqus assembly: two instances that they join share nodes, and the facets between are an interface."""

import numpy as np
import pytest

from continuum.mesh.checks import check_mesh
from continuum.mesh.file import read_file
from continuum.mesh.joints import NonConforming
from continuum.mesh.readers.reading import MeshError
from coupling.errors import InputError
from multiscale.inputs.checks import check_groups
from tests.continuum.abaqus_files import PART, assembly, inp, middles

SIDES = (*PART[:-1], "*Surface, name=top", "1, S3", "2, S3", "*Surface, name=low", "left, S1", "*End Part")


def tied(tmp_path, first="P-2.low", second="P-1.top", shift="0., 1., 0."):
    """The part on itself, tied over the left half alone."""
    lines = [*SIDES, *assembly(("P-1",), ("P-2", shift)), "*Tie, name=Bond, adjust=yes", f"{first}, {second}"]
    return inp(tmp_path / "a.inp", *lines, "*End Assembly")


def test_a_tie_is_an_interface_and_beyond_it_the_faces_stay_apart(tmp_path):
    mesh = read_file(tied(tmp_path), ["P-1", "P-2"])
    check_mesh(mesh)
    assert middles(mesh, mesh.facets["Bond"]) == [(0.5, 1.0)]
    assert len(mesh.facets["P-1.top"]) == 2 and len(np.intersect1d(mesh.cells["P-1"], mesh.cells["P-2"])) == 2
    assert any("'Bond' (line" in note and "1 facets" in note for note in mesh.notes)


def test_the_outside_of_elements_is_a_side_of_a_tie(tmp_path):
    path = tied(tmp_path)
    path.write_text(path.read_text().replace("left, S1", "left"))
    mesh = read_file(path, ["P-1", "P-2"])
    assert middles(mesh, mesh.facets["Bond"]) == [(0.5, 1.0)]


def test_a_tie_whose_sides_do_not_meet_is_refused_where_it_is_used(tmp_path):
    path = tied(tmp_path, shift="0., 1.5, 0.")
    with pytest.raises(InputError, match=r"The tie 'Bond' \(line \d+\) joins no facets"):
        check_groups(path, cells=["P-1", "P-2"], facets=["Bond"], dimension=2)
    with pytest.raises(NonConforming):
        check_mesh(read_file(tied(tmp_path, shift="0.5, 1., 0."), ["P-1", "P-2"]))


@pytest.mark.parametrize(
    ("first", "words"),
    [("P-2.lo", "the tie 'Bond' names the surface 'lo'.*valid: end, top, low"), ("", "names two surfaces")],
)
def test_a_tie_of_what_is_not_there(tmp_path, first, words):
    with pytest.raises(MeshError, match=rf"line \d+: .*{words}"):
        read_file(tied(tmp_path, first))
