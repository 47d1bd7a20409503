"""Views of reports: faces of bodies, films of loadings, atoms of files, what a page has of them, and that it is the same each time."""

import json
import re
from base64 import b64decode
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from atomistic.frames import Frames, with_results, write_frames
from continuum.post.output import Snapshot
from coupling.errors import InputError
from coupling.files import load_arrays
from multiscale.report.atoms_view import atoms_scene
from multiscale.report.bodies_view import bodies_scene
from multiscale.report.page import write_report
from multiscale.report.scene import LARGEST, Scene
from multiscale.report.still import still
from multiscale.runtime.records import RunFile, View
from multiscale.runtime.results import Results
from multiscale.runtime.shown_units import in_units
from multiscale.studies.specimen.film import MOST_STATES, Film, surface


def grid(*counts: int) -> Snapshot:
    """Unit square or cube of equal cells, with corners as a tensor product; displaced by 1 % along y, stress y = number of the cell."""
    dim = len(counts)
    nodes = np.arange(np.prod(np.add(counts, 1))).reshape(np.add(counts, 1)[::-1])
    points = np.stack(np.meshgrid(*(np.linspace(0, 1, n + 1) for n in counts[::-1]), indexing="ij"), -1)
    points = points.reshape(-1, dim)[:, ::-1]
    cells = np.stack([nodes[tuple(slice(o, o + n) for o, n in zip(offset, counts[::-1], strict=True))].ravel()
                      for offset in np.ndindex(*(2,) * dim)], axis=1)  # fmt: skip
    stress = np.zeros((len(cells), 3, 3))
    stress[:, 1, 1] = np.arange(len(cells))
    return Snapshot(points, cells, 0.01 * points * (np.arange(dim) == 1), stress)


def tetrahedra() -> Snapshot:
    """The unit cube as six tetrahedra around a diagonal."""
    corners = np.array(list(np.ndindex(2, 2, 2)), dtype=float)
    ways = [(0, 4, 6, 7), (0, 4, 5, 7), (0, 2, 6, 7), (0, 2, 3, 7), (0, 1, 5, 7), (0, 1, 3, 7)]
    return Snapshot(corners, np.array(ways), np.zeros((8, 3)), np.zeros((6, 3, 3)))


def size(body: Snapshot, outline: bool = False) -> float:
    """Area of the surface, or length of the outline."""
    found = surface(body, outline)
    places = body.points[found.points][found.cells]
    if places.shape[1] == 2:
        return float(np.linalg.norm(places[:, 1] - places[:, 0], axis=1).sum())
    fans = [
        np.cross(places[:, k] - places[:, 0], places[:, k + 1] - places[:, 0]) for k in range(1, places.shape[1] - 1)
    ]
    return float(sum(np.linalg.norm(fan, axis=1).sum() / 2 for fan in fans))


def test_the_surface_of_a_solid_is_what_no_other_cell_shares() -> None:
    assert size(grid(3, 2, 4)) == pytest.approx(6, rel=1e-12)
    assert size(tetrahedra()) == pytest.approx(6, rel=1e-12)
    cube = grid(2, 2, 2)
    outside = surface(cube)
    assert len(outside.cells) == 24 and np.bincount(outside.owners).tolist() == [3] * 8
    assert len(surface(grid(3, 3, 3)).points) == 4**3 - 2**3
    split = Snapshot(  # as two ranks gather it, each with points of its own
        np.concatenate([cube.points, cube.points]), np.concatenate([cube.cells[:4], cube.cells[4:] + len(cube.points)]),
        np.concatenate([cube.displacement] * 2), cube.stress,
    )  # fmt: skip
    assert size(split) == pytest.approx(6, rel=1e-12)


def test_a_plane_body_is_its_cells_or_its_outline() -> None:
    plate = grid(3, 5)
    assert len(surface(plate).cells) == 15
    assert size(plate, outline=True) == pytest.approx(4, rel=1e-12)
    first = plate.points[surface(plate).points][surface(plate).cells[0]]
    sides = np.linalg.norm(np.roll(first, -1, axis=0) - first, axis=1)
    assert sides == pytest.approx([1 / 3, 1 / 5, 1 / 3, 1 / 5])  # around, not across


def test_a_film_keeps_the_last_of_equal_loads_and_writes_few_states(tmp_path: Path) -> None:
    film, bodies = Film(), {"block": grid(2, 2, 2), "wedge": tetrahedra()}
    for load in [*np.linspace(0, 1e-6, 40), 1e-6]:
        film.take(bodies, float(load))
    film.take({"block": Snapshot(np.empty((0, 3)), np.empty((0, 8), int), np.empty((0, 3)), np.empty((0, 3, 3)))}, 2.0)
    assert len(film.loads) == 40
    film.write(tmp_path / "film.npz", 5.0)
    found = load_arrays(tmp_path / "film.npz")
    assert len(found["load"]) == MOST_STATES and found["load"][[0, -1]].tolist() == [0, 1e-6]
    assert found["cells"].shape == (24 + 12, 4) and found["cells"].max() == found["points"].shape[1] - 1
    assert found["points"][..., 1].max() == pytest.approx(1.05, rel=1e-6)  # 1 % five times
    assert sorted({int(s) for s in found["stress"][0]}) == list(range(8))


def plane_film(path: Path) -> Scene:
    film = Film()
    for load in (0.0, 1e-9, 2e-9):
        film.take({"plate": grid(4, 3)}, load)
    film.write(path, 1.0)
    scene = bodies_scene(path, View(path.name, "", "", "stress along y", "Pa", "opening", "m"))
    assert scene is not None
    return scene


def unpacked(packed: dict, name: str, kind: str) -> np.ndarray:
    return np.frombuffer(b64decode(packed[name]), dtype=kind)


def test_a_page_has_the_scene_to_a_step_of_its_grid(tmp_path: Path) -> None:
    scene = plane_film(tmp_path / "film.npz")
    assert scene.plane and scene.labels == ("opening 0 nm", "opening 1 nm", "opening 2 nm")
    packed = json.loads(scene.packed())
    points = np.array(packed["low"]) + np.array(packed["step"]) * unpacked(packed, "points", "<u2").reshape(3, -1, 3)
    np.testing.assert_allclose(points, scene.points, atol=1e-5)
    np.testing.assert_array_equal(unpacked(packed, "cells", "<u2").reshape(-1, 4), scene.cells)
    colours = unpacked(packed, "colours", "u1").reshape(3, -1)
    assert np.all(np.diff(colours, axis=1) >= 0) and colours.max() == 63  # as the stress rises from cell to cell
    assert len(packed["palette"]) == 64


def test_a_large_scene_has_fewer_frames_and_a_huge_one_none() -> None:
    def scene(atoms: int, frames: int) -> Scene:
        points = np.random.default_rng(1).random((frames, atoms, 3))
        return Scene(
            points, np.arange(atoms)[:, None], np.zeros((1, atoms), int), np.ones(atoms), KEY, ("",) * frames, np.eye(3)
        )

    from multiscale.report.scene import Key

    KEY = Key("element", ("#112233",), ("Cu",), False)
    small, middling = scene(50, 10).thinned(), scene(8000, 40).thinned()
    assert small is not None and len(small.points) == 10
    assert middling is not None and 2 < len(middling.points) < 25 and 0.5 * LARGEST < len(middling.packed()) < LARGEST
    np.testing.assert_array_equal(middling.points[-1], scene(8000, 40).points[-1])
    assert scene(70_000, 1).thinned() is None


def written(path: Path, atoms: Atoms, frames: int = 3, **arrays: np.ndarray) -> Path:
    """The atoms, which rise along z from frame to frame."""
    states = []
    for k in range(frames):
        moved = atoms.copy()
        moved.positions[-1, 2] += 0.1 * k
        states.append(with_results(moved, 0.0, np.zeros((len(atoms), 3))))
    write_frames(path, [Frames.of(states, {"opening_A": 0.1 * np.arange(frames)}, arrays)])
    return path


def test_atoms_of_a_file_are_shown_with_their_periods_and_what_is_said_of_them(tmp_path: Path) -> None:
    cell = bulk("NaCl", "rocksalt", a=5.6)
    scene = atoms_scene(written(tmp_path / "a.extxyz", cell))
    assert scene is not None
    assert scene.labels == ("opening 0 Å", "opening 0.1 Å", "opening 0.2 Å")
    assert len(scene.cells) == 2 * 3**3 and scene.boxed and scene.points.shape == (3, 54 + 8, 3)
    assert scene.key.labels == ("Cl", "Na") and len(np.unique(scene.radii)) == 2
    corners = scene.points[0, -8:]
    np.testing.assert_allclose(corners[7], 3 * cell.cell.sum(axis=0), atol=1e-7)
    assert np.ptp(scene.points[:, 1, 2]) == pytest.approx(0.2, abs=1e-7)


def test_columns_of_the_file_give_the_colours(tmp_path: Path) -> None:
    line = bulk("Cu", cubic=True) * (4, 4, 1)
    line.pbc = [False, False, True]
    shown = atoms_scene(written(tmp_path / "b.extxyz", line, free=np.arange(64) % 2))
    assert shown is not None and shown.key.name == "free to move" and shown.key.labels == ("no", "yes")
    np.testing.assert_array_equal(shown.turn @ [0, 0, 1], [0, 0, 1])  # along the line
    assert not shown.boxed
    share = atoms_scene(written(tmp_path / "c.extxyz", line, beta=np.linspace(0, 1, 64), free=np.ones(64, int)))
    assert share is not None and share.key.continuous and share.key.labels == ("0", "1")
    assert share.colours[0, 0] == 0 and share.colours[0, 63] == 63


def test_atoms_across_a_boundary_do_not_jump_between_frames(tmp_path: Path) -> None:
    cube = Atoms("Cu2", [[0, 0, 0], [5, 5, 9.85]], cell=[10, 10, 10], pbc=True)
    scene = atoms_scene(written(tmp_path / "d.extxyz", cube))
    assert scene is not None
    assert scene.points[:, 1, 2] == pytest.approx([-0.15, -0.05, 0.05], abs=1e-7)


def test_a_missing_or_large_file_has_no_view_and_a_damaged_one_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "e.extxyz", bulk("Cu"))
    assert atoms_scene(tmp_path / "gone.extxyz") is None
    monkeypatch.setattr("multiscale.report.atoms_view.LARGEST_FILE", 10)
    assert atoms_scene(path) is None
    view = View("film.npz", "")
    assert bodies_scene(tmp_path / "film.npz", view) is None
    (tmp_path / "film.npz").write_bytes(b"no film")
    with pytest.raises(InputError, match="film.npz cannot be read .* run the study again"):
        bodies_scene(tmp_path / "film.npz", view)


def test_still_pictures_are_the_same_each_time(tmp_path: Path) -> None:
    for scene in (plane_film(tmp_path / "film.npz"), atoms_scene(written(tmp_path / "a.extxyz", bulk("Cu")))):
        assert scene is not None
        first, again = still(scene), still(scene)
        assert first == again and b64decode(first.split(",")[1]).startswith(b"\x89PNG")


def test_a_page_has_views_only_of_files_in_its_folder_and_of_old_results_none(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    (folder / "atoms").mkdir(parents=True)
    written(folder / "atoms" / "law.extxyz", bulk("Cu"))
    plane_film(folder / "film.npz")
    plane_film(tmp_path / "film.npz")
    results = Results("specimen", files=[RunFile("atoms/law.extxyz", "structures")])
    results.views = [
        View("film.npz", "The crack", "", "stress along y", "Pa", "opening", "m"),
        View("../film.npz", "No"),
    ]
    results.write(folder)
    write_report(Results.load(folder), folder / "report.html")
    page = (folder / "report.html").read_text()
    assert re.findall(r"<h3>(.*?)</h3>", page) == ["The crack", "Atoms: law"]
    assert page.count("<canvas") == 2 and "prefers-reduced-motion" in page
    assert len(page) < 300_000
    record = json.loads((folder / "results.json").read_text())
    assert "views" in record
    write_report(Results("function"), tmp_path / "old.html")
    assert "prefers-reduced-motion" not in (tmp_path / "old.html").read_text()


def test_a_view_is_in_the_units_of_the_input(tmp_path: Path) -> None:
    plane_film(tmp_path / "film.npz")
    results = Results("specimen", views=[View("film.npz", "", "", "stress along y", "Pa", "opening", "m")])
    (view,) = in_units(results, "mm-MPa").views
    scene = bodies_scene(tmp_path / "film.npz", view)
    assert scene is not None
    assert (view.value_unit, view.frame_unit) == ("MPa", "mm")
    assert scene.labels[-1] == "opening 2 × 10⁻⁶ mm" and scene.key.labels[1].endswith("MPa")
