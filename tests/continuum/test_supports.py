"""Rigid motions that nothing resists: found, named, refused; on one rank and on two."""

import json
import os
import subprocess
import sys
from pathlib import Path

import meshio
import numpy as np
import pytest

from continuum.fenics import MPI
from continuum.materials import LinearElastic
from continuum.mesh.specimen_mesh import read_mesh
from continuum.model import Bond, Contact, Prescribed, Traction
from continuum.solver.problem import CohesiveProblem
from continuum.solver.stepping import pull
from continuum.solver.supports import free_motions
from continuum.specimens.butt_joint import ButtJoint
from coupling.errors import InputError
from coupling.laws.bilinear import Bilinear
from coupling.laws.uber import Uber

STEEL = LinearElastic.isotropic(200e9, 0.3)
LAW = Bilinear(100.0, 50e6, 50e6 / 0.4e-6, shear_work=200.0, shear_peak_traction=40e6)
OPENING = Uber(100.0, 1e-6)  # no resistance to slip
HELD = [Prescribed("bottom", "x"), Prescribed("bottom", "y")]
PULLED = [Prescribed("top", "y", 1.0)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("supports")
    ButtJoint(1.0, 1.0, 1.0, 0.5).write(path / "plane.msh")
    ButtJoint(1.0, 1.0, 1.0, 0.5, thickness=0.5, element="hexahedron").write(path / "space.msh")
    islands(path / "islands.msh")
    return path


def islands(path):
    """Body `upper` in two squares, side by side on the one body `lower`."""
    n = 4
    points = [(x, y, 0.0) for y in (0.0, 1.0, 2.0) for x in range(n)]
    cells, bodies, lines, tags = [], [], [], []
    for row in (0, 1):
        for i in range(n - 1):
            if row == 1 and i == 1:
                continue  # the space between the squares
            a = row * n + i
            cells.append((a, a + 1, a + n + 1, a + n))
            bodies.append(row + 1)
            if row == 1:
                lines += [(a, a + 1), (a + n, a + n + 1)]
                tags += [3, 5 + i // 2]
    lines += [(i, i + 1) for i in range(n - 1)]
    tags += [4] * (n - 1)
    names = {"lower": (1, 2), "upper": (2, 2), "bond": (3, 1), "low": (4, 1), "first": (5, 1), "second": (6, 1)}
    data = {"gmsh:physical": [np.array(bodies), np.array(tags)]}
    data["gmsh:geometrical"] = data["gmsh:physical"]
    mesh = meshio.Mesh(
        np.array(points), [("quad", np.array(cells)), ("line", np.array(lines))], cell_data=data,
        field_data={name: np.array(value) for name, value in names.items()},
    )  # fmt: skip
    meshio.write(path, mesh, file_format="gmsh22", binary=False)


def specimen(folder, mesh, held, law=LAW, kind=None, comm=MPI.COMM_SELF, tractions=(), **options):
    found = read_mesh(folder / f"{mesh}.msh", unit=1e-3, bodies=["upper", "lower"], comm=comm)
    bonds = [] if law is None else [Bond("bond", "upper", "lower", law, **options)]
    return CohesiveProblem(found, dict.fromkeys(found.bodies, STEEL), bonds, held, kind=kind, tractions=tractions)


def cases():
    """Mesh, what is held, options; the words of each free motion."""
    both, apart = (
        "the body 'upper' and the body 'lower' together can ",
        {"initial_gap": lambda p: np.full(len(p), 1e-3)},
    )
    tension = {"tractions": [Traction("top", "y", 1e6)]}
    return {
        "held": ("plane", HELD + PULLED, {}, []),
        "held by one edge alone": ("plane", [Prescribed("left", "x"), Prescribed("left", "y", 1.0)], {}, []),
        "no support along x": ("plane", [Prescribed("bottom", "y"), *PULLED], {}, [both + "move along x"]),
        "pushed from the side": ("plane", [Prescribed("left", "x", 1.0)], {}, [both + "move along y"]),
        "sheared": ("plane", [Prescribed("bottom", "x"), Prescribed("top", "x", 1.0)], {}, [both + "move along y"]),
        "a law without shear": ("plane", HELD + PULLED, {"law": OPENING}, ["the body 'upper' can move along x"]),
        "a law without shear that rubs": ("plane", HELD + PULLED, {"law": OPENING, "viscosity": 1e10}, []),
        "no law": ("plane", HELD, {"law": None} | tension, ["the body 'upper' can move along x and y and turn about (0.0005, 0.0005) m"]),
        "out of reach": ("plane", HELD, apart | tension, ["the body 'upper' can move along x and y and turn about (0.0005, 0.0005) m"]),
        "contact does not hold what is apart": (
            "plane", HELD, apart | tension | {"contact": Contact(1e14)},
            ["the body 'upper' can move along x and y and turn about (0.0005, 0.0005) m"]),
        "axisymmetric": ("plane", [Prescribed("right", "x", 1.0)], {"kind": "axisymmetric"}, [both + "move along y"]),
        "axisymmetric and held": ("plane", HELD[1:] + PULLED, {"kind": "axisymmetric"}, []),
        "in space": ("space", HELD + PULLED, {}, [both + "move along z"]),
        "in space and held": ("space", [*HELD, *PULLED, Prescribed("bottom", "z")], {}, []),
        "hinged in space": ("space", [HELD[1], *PULLED], {}, [both + "move along x and z and turn about y"]),
        "lost in space": (
            "space", [*HELD, Prescribed("bottom", "z")], {"law": None} | tension,
            ["the body 'upper' can move along x, y and z and turn about any axis"]),
        "an island": (
            "islands", [Prescribed("low", "x"), Prescribed("low", "y"), Prescribed("first", "y", 1.0)], {"law": OPENING},
            ["the piece of body 'upper' around (0.0005, 0.0015) m can move along x",
             "the piece of body 'upper' around (0.0025, 0.0015) m can move along x"]),
        "islands that are held": ("islands", [Prescribed("low", "x"), Prescribed("low", "y"), Prescribed("first", "y", 1.0)], {}, []),
    }  # fmt: skip


@pytest.mark.parametrize("name", cases())
def test_free_motions_are_named(folder, name):
    mesh, held, options, words = cases()[name]
    assert list(free_motions(specimen(folder, mesh, held, **options))) == words


@pytest.mark.parametrize("name", [name for name, case in cases().items() if "viscosity" not in case[2]])
def test_a_free_motion_costs_no_energy_and_its_absence_does(folder, name):
    """Against the eigenvalues of the whole tangent of the free degrees of freedom."""
    mesh, held, options, words = cases()[name]
    problem = specimen(folder, mesh, held, **options)
    problem.linearise(None, problem.vector())
    whole = problem.tangent.stiffness.convert("dense").getDenseArray()
    free = np.setdiff1d(np.arange(len(whole)), problem.fixed)
    stiffness = whole[np.ix_(free, free)]
    assert not problem.tangent.has_skew
    values = np.abs(np.linalg.eigvals(stiffness))
    count = sum(
        word.count(" x") + word.count(" y") + word.count(" z") + 3 * ("any axis" in word) + ("about (" in word)
        for word in words
    )
    assert np.sum(values < 1e-9 * values.max()) == count


def test_a_loading_of_a_specimen_that_is_not_held_is_refused(folder):
    with pytest.raises(
        InputError, match=r"Nothing holds the specimen: the body 'upper' and .*move along x.*Give supports"
    ):
        pull(specimen(folder, "plane", [Prescribed("bottom", "y"), *PULLED]), 1e-6, 4)


def test_two_ranks_find_the_same(folder, tmp_path):
    script = tmp_path / "parallel.py"
    script.write_text(
        "import json, sys\nfrom pathlib import Path\nfrom tests.continuum.test_supports import cases, free_motions, specimen\n"
        "from continuum.fenics import MPI\nfound = {}\n"
        f"for name, (mesh, held, options, _) in cases().items():\n"
        f"    found[name] = free_motions(specimen(Path({str(folder)!r}), mesh, held, comm=MPI.COMM_WORLD, **options))\n"
        "everyone = MPI.COMM_WORLD.allgather(found)\nassert everyone[0] == everyone[1]\n"
        "if MPI.COMM_WORLD.rank == 0:\n    json.dump(found, open(sys.argv[1], 'w'))\n"
    )
    launcher = Path(sys.executable).with_name("mpiexec")
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
    subprocess.run(
        [launcher, "-n", "2", sys.executable, script, tmp_path / "out.json"], check=True, env=environment, timeout=600
    )
    assert json.loads((tmp_path / "out.json").read_text()) == {
        name: words for name, (_, _, _, words) in cases().items()
    }
