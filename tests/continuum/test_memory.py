"""Bodies with memory on the mesh: patch, energy, ranks, restart, refusals."""

from pathlib import Path  # noqa: F401 - of the script on two ranks

import numpy as np
import pytest

from continuum.inelastic import (
    LinearHardening,
    Plastic,
    PowerHardening,
    RatePower,
    SlipHardening,
    SlippingCrystal,
    SlipSystems,
    Viscoelastic,
    lead,
)
from continuum.mesh.specimen_mesh import read_mesh
from continuum.model import Bond, Control, Prescribed
from continuum.post.fracture import j_integral
from continuum.post.output import FieldWriter
from continuum.solver.newton import NewtonSolver
from continuum.solver.problem import CohesiveProblem
from continuum.solver.record import energy_balance_error
from continuum.solver.stepping import pull
from coupling.elasticity import isotropic_stiffness
from coupling.errors import InputError
from tests.continuum.specimens import curve, curve_on_two_ranks, two_blocks, uber_law

E, NU, SPEED = 200e9, 0.3, 1e-9
PLASTIC = Plastic(E, NU, PowerHardening(1e9, 0.2, E), 1e9)
TIMED = {
    "perzyna": Plastic(E, NU, RatePower(LinearHardening(8e8), 1e-3, 0.1)),
    "crystal": SlippingCrystal(
        isotropic_stiffness(E, NU), SlipSystems.of("fcc"), SlipHardening(5e8, 8e8, 5e9, 2.0), 1e-3, 0.05
    ),
    "maxwell": Viscoelastic(E / 2, (E / 2,), (3.0,), NU),
}


def joint(folder, material, *, order=2, held=False, n=3, **how):
    path = folder / "blocks.msh"
    mesh = read_mesh(path if path.exists() else two_blocks(path, n), unit=1e-6, bodies=["bottom", "top"])
    prescribed = [Prescribed("low", "y"), Prescribed("high", "y", 1.0), Prescribed("left", "x")]
    prescribed += [Prescribed("right", "x")] if held else []
    bond = Bond("bond", "top", "bottom", uber_law(20.0, 1e-9, shear=1.0))
    return CohesiveProblem(mesh, {"bottom": material, "top": material}, [bond], prescribed, order=order, **how)


def loaded(folder, final=(1e-8, -2e-9, 5e-9), steps=20, **how):
    return pull(joint(folder, PLASTIC), final, steps, **how)


@pytest.mark.parametrize("material", [PLASTIC, *TIMED.values()])
def test_patch_every_point_is_the_material_point(tmp_path, material):
    """A block that is stretched while its sides are held, on an irregular mesh: one state, that of a point led alike."""
    problem = joint(tmp_path, material, held=True)
    solver, x, strains = NewtonSolver(problem, relative=1e-12), problem.vector(), [0.0]
    for load in (3e-9, 8e-9):
        problem.begin(2.0)
        assert solver.solve(Control("load", load), x) is not None
        problem.commit(x)
        strains.append((load - problem.jumps[0][0, 0]) / 1e-6)
    path = lead(material, np.array([0.0, 2.0, 4.0]), np.outer(strains, [0, 1, 0, 0, 0, 0]))
    traction = float(problem.bonds[0].law.normal(problem.jumps[0][0, 0])[1])
    assert path.stress[-1, 1] == pytest.approx(traction, rel=1e-9)
    for name, memory in problem.bulk.memories.items():
        np.testing.assert_allclose(
            memory.committed.stress, np.tile(path.stress[-1], (len(memory.committed.stress), 1)), atol=1e-7 * traction
        )
        assert problem.energies(x).bodies[name] == pytest.approx(path.stored[-1] * 0.5e-12, rel=1e-7)
    assert problem.energies(x).bulk_loss == pytest.approx(path.lost[-1] * 1e-12, rel=1e-7)
    shown = FieldWriter(problem).snapshot(x)["top"].stress
    np.testing.assert_allclose(shown[:, 1, 1], traction, rtol=1e-7)


@pytest.mark.parametrize("kind", [None, *TIMED])
def test_the_work_is_what_bodies_and_interface_keep_and_lose(tmp_path, kind):
    """External work = stored + interface + plastic + viscous, to what was asked for; each part is there."""
    if kind is None:
        record = loaded(tmp_path, balance=1e-3)
    else:
        record = pull(joint(tmp_path, TIMED[kind]), 1e-8, 20, rate=SPEED, balance=1e-3)
    last = record.steps[-1].energies
    assert energy_balance_error(record) < 1e-3
    lost = last.relaxed if kind == "maxwell" else last.plastic
    assert min(lost.values()) > 0.02 * record.column("work").max() and not (last.plastic and last.relaxed and not lost)
    assert np.diff([step.energies.bulk_loss for step in record.steps]).min() >= -1e-12 * last.bulk_loss


def test_two_ranks_find_the_curve_of_one(tmp_path):
    expected = curve(loaded(tmp_path, 1e-8, 4))
    found = curve_on_two_ranks("tests.continuum.test_memory", "loaded(Path(sys.argv[1]).parent, 1e-8, 4)", tmp_path)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9 * float(np.abs(expected).max()))


@pytest.mark.parametrize("kind", [None, "maxwell"])
def test_an_interrupted_loading_goes_on_to_the_same_bits(tmp_path, kind):
    def load(**how):
        material = PLASTIC if kind is None else TIMED[kind]
        return pull(joint(tmp_path, material), 1e-8, 10, rate=SPEED if kind else None, **how)

    def interrupt(step, x):
        if step.load > 5e-9:
            raise KeyboardInterrupt

    whole = load(checkpoint=tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        load(checkpoint=tmp_path / "state", on_step=interrupt)
    resumed = load(checkpoint=tmp_path / "state")
    np.testing.assert_array_equal(curve(resumed), curve(whole))
    assert resumed.steps == whole.steps


def test_what_is_not_offered_is_refused(tmp_path):
    with pytest.raises(InputError, match="'bottom' flows at constant volume.*order: 2"):
        joint(tmp_path, PLASTIC, order=1)
    with pytest.raises(InputError, match="Plastic.*plane strain"):
        joint(tmp_path, PLASTIC, kind="plane stress")
    with pytest.raises(InputError, match="'bottom' needs the loading's rate"):
        pull(joint(tmp_path, TIMED["maxwell"]), 1e-8, 10)
    problem = joint(tmp_path, PLASTIC)
    with pytest.raises(InputError, match="memory"):
        j_integral(problem, problem.vector(), np.array([0.5e-6, 0.5e-6]), np.array([1.0, 0.0]), 1e-7, 2e-7)
