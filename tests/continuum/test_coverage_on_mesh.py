"""Laws with solute between finite elements: at a coverage and in exchange with a reservoir; the reservoir counted once."""

import numpy as np
import pytest

from continuum.materials import LinearElastic
from continuum.mesh.specimen_mesh import read_mesh
from continuum.model import Bond, Control, Prescribed
from continuum.solver.newton import NewtonSolver
from continuum.solver.problem import CohesiveProblem
from coupling.exchange.storage import load_law, save_law
from coupling.laws.coverage import CoverageLaw
from coupling.laws.reservoir import ReservoirLaw
from coupling.laws.uber import Uber
from coupling.units import EV
from tests.continuum.specimens import two_blocks

STEEL = LinearElastic.isotropic(200e9, 0.3)
LAW = CoverageLaw(
    [Uber(3.9 * (1 - 0.4 * c), 0.5e-10 * (1 + 0.3 * c), 4e20) for c in (0.0, 0.5, 1.0)], [0.0, 0.5, 1.0], [0.0, -0.1, -0.15], 1.9e19, 0.3
)  # fmt: skip


@pytest.mark.parametrize(
    "law", [LAW, LAW.at_coverage(0.8), ReservoirLaw(LAW, -0.2 * EV, 300.0)], ids=("first", "more", "slow")
)
def test_the_elements_bear_the_law_of_what_is_held(law, tmp_path):
    save_law(law, tmp_path / "law.json")
    mesh = read_mesh(two_blocks(tmp_path / "blocks.msh"), unit=1e-8, bodies=["bottom", "top"])
    prescribed = [
        Prescribed("low", "y"),
        Prescribed("high", "y", 1.0),
        Prescribed("left", "x"),
        Prescribed("right", "x"),
    ]
    bond = Bond("bond", "top", "bottom", load_law(tmp_path / "law.json"))
    problem = CohesiveProblem(mesh, {name: STEEL for name in mesh.bodies}, [bond], prescribed)
    x, load = problem.vector(), 1.0e-10
    assert NewtonSolver(problem, relative=1e-13).solve(Control("load", load), x) is not None
    problem.update(x)
    opening = problem.interfaces[0].flat_jump(problem.displacements)[:, 0]
    traction = float(law.normal(opening.mean())[1])
    assert np.ptp(opening) < 1e-9 * opening.mean()
    assert problem.reaction(x) == pytest.approx(traction * 1e-8, rel=1e-9)
    sites = [site.name for site in problem.counting.sites]
    assert "solute on bond" in sites
    assert ("reservoir of the solute on bond" in sites) == isinstance(law, ReservoirLaw)
