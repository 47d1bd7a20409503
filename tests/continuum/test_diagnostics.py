"""Checks that refute a loading, and steps that mend it."""

from types import SimpleNamespace

import numpy as np
import pytest

from continuum.fenics import MPI
from continuum.mesh.specimen_mesh import read_mesh
from continuum.model import Bond, Prescribed, Traction
from continuum.solver.diagnostics import assess, still_rising
from continuum.solver.newton import NewtonSolver
from continuum.solver.problem import CohesiveProblem
from continuum.solver.record import Loading, energy_balance_error, energy_losses
from continuum.solver.stepping import pull
from continuum.specimens.grid import write_grid
from coupling.errors import InputError, Refuted
from coupling.findings import refute
from coupling.laws.bilinear import Bilinear
from coupling.laws.ppr import ParkPaulinoRoesler
from coupling.laws.xu_needleman import XuNeedleman
from coupling.units import length_text
from tests.continuum.specimens import lengths, uber_law
from tests.continuum.test_loading import SIDE, STEEL, folder, joint, stretched  # noqa: F401

TRIANGLE = Bilinear(1e3, 20e6, 1e13)
AS_TOLD = {"balance": np.inf, "peak": np.inf}


def columns(record):
    return np.array([(s.load, s.force, s.work, s.energies.total) for s in record.steps])


def test_too_long_steps_are_refuted_and_by_default_mended(joint):  # noqa: F811
    """Six steps over a triangle that peaks within the first: a quarter of the work is not there."""
    coarse = pull(stretched(joint(), law=TRIANGLE), 130e-6, 6, growth=0.2, **AS_TOLD)
    (balance, *_) = [one for one in assess(coarse) if one.fatal]
    assert balance.size == pytest.approx(energy_balance_error(coarse)) and balance.size > 0.2
    assert "state 1" in balance.where
    with pytest.raises(Refuted, match=r"external work differs from the energies by 0\.2.* of it, and 0\.01 is allowed"):
        refute(assess(coarse))
    mended = pull(stretched(joint(), law=TRIANGLE), 130e-6, 6, growth=0.2)
    assert assess(mended) == ()
    assert mended.column("force").max() == pytest.approx(20e6 * SIDE, rel=0.005)
    assert mended.steps[-1].energies.dissipated == pytest.approx(1e3 * SIDE, rel=1e-9)
    assert energy_balance_error(mended) < 1e-3


def test_a_peak_between_two_steps_is_told_with_its_interval_and_by_default_resolved(joint):  # noqa: F811
    law = XuNeedleman(100.0, 0.4e-6, 0.8e-6, q=2.0)
    coarse = pull(stretched(joint(), law=law), 8e-6, 12, **AS_TOLD)
    (peak,) = [one for one in assess(coarse) if "largest load" in one.what]
    assert not peak.fatal
    truth, top = law.peak_traction * SIDE, coarse.column("force").max()
    assert top < 0.99 * truth <= 1.0001 * top * (1 + peak.size)  # missed, and within what is told
    fine = pull(stretched(joint(), law=law), 8e-6, 400, **AS_TOLD)
    at = fine.column("load")[fine.column("force").argmax()]
    low, high = lengths(peak.where)
    assert low < at < high
    resolved = pull(stretched(joint(), law=law), 8e-6, 12)
    assert assess(resolved) == ()
    assert resolved.column("force").max() == pytest.approx(truth, rel=0.005)


def test_a_peak_is_resolved_where_the_load_is_brittle(joint):  # noqa: F811
    """The traction falls steeply after a straight rise: the highest state lies at the kink, and nothing is missed left of it."""
    law = Bilinear(100.0, 50e6, 50e6 / 3.5e-6)
    mesh = joint()
    resolved = pull(stretched(mesh, law=law), 8e-6, 5)
    assert resolved.column("force").max() == pytest.approx(50e6 * SIDE, rel=0.006)
    assert assess(resolved) == ()


def approached(mesh, closing=False, **options):
    """Faces that attract each other, brought together."""
    law, gap = XuNeedleman(100.0, 0.1e-6, 0.2e-6), 1.5e-6
    held = [Prescribed("bottom", "x"), Prescribed("bottom", "y"), Prescribed("top", "x"), Prescribed("top", "y", -1.0)]
    held += [Prescribed(side, "x") for side in ("left", "right")]
    bond = Bond("bond", "upper", "lower", law, history="reversible", initial_gap=lambda p: np.full(len(p), gap))
    return pull(
        CohesiveProblem(mesh, dict.fromkeys(mesh.bodies, STEEL), [bond], held), 2.5e-6, 40, closing=closing, **options
    )


def test_faces_that_jump_into_contact_are_followed_and_a_jump_that_is_taken_is_refuted_and_says_where(joint):  # noqa: F811
    jumped, followed, asked = approached(joint(), **AS_TOLD), approached(joint()), approached(joint(), True)
    assert assess(followed) == () == assess(asked)
    assert max(energy_balance_error(record) for record in (followed, asked)) < 0.003
    (finding,) = [one for one in assess(jumped) if one.fatal]
    assert "snaps" in finding.change and finding.size > 0.1
    before, after = lengths(finding.where)
    turned = followed.column("load")[: followed.column("force").argmin()].max()  # where the faces jump
    assert before <= turned * 1.001 and turned < after * 1.05
    assert followed.steps[-1].work == pytest.approx(asked.steps[-1].work, rel=0.006)  # either keeps 0.003


def test_a_jump_that_cannot_be_followed_is_told_with_its_work(joint):  # noqa: F811
    """A loading with a rate stays load-controlled."""
    bond = Bond("bond", "upper", "lower", XuNeedleman(100.0, 1e-7, 2e-7))
    held = [Prescribed("bottom", "x"), Prescribed("bottom", "y"), Prescribed("top", "x"), Prescribed("top", "y", 1.0)]
    problem = CohesiveProblem(joint(), dict.fromkeys(joint().bodies, STEEL), [bond], held)
    record = pull(problem, 5e-6, 20, rate=1.0, balance=0.9)
    (told,) = assess(record, balance=0.9, peak=np.inf)
    lost = energy_losses(record)
    assert not told.fatal and told.what.startswith("The specimen jumps across an instability, and 0.")
    assert told.size == pytest.approx(np.abs(lost).max() / record.column("work").max(), rel=0.05) and told.size > 0.05
    at = int(np.diff(lost).argmax()) + 1
    assert f"{np.diff(lost).max():.3g}, between the loads {length_text(record.steps[at - 1].load, 5)}" in told.where


def junction(path, length, held, **options):
    """Three bodies that meet in a T, with equal laws."""
    axes = [np.linspace(0, 2, 17), np.linspace(-1, 1, 17)]
    bodies = {"base": ((0, 2), (-1, 0)), "left": ((0, 1), (0, 1)), "right": ((1, 2), (0, 1))}
    lines = {"bottom": ((0, 2), (-1, -1)), "first": ((0, 1), (1, 1)), "second": ((1, 2), (1, 1))}
    write_grid(path, axes, bodies, lines, element="quadrilateral")
    mesh = read_mesh(path, unit=SIDE, bodies=list(bodies), comm=MPI.COMM_SELF)
    law = XuNeedleman(100.0, length, 2 * length)
    bonds = [Bond(None, *pair, law) for pair in (("left", "base"), ("right", "base"), ("right", "left"))]
    fixed = [Prescribed("bottom", "x"), Prescribed("bottom", "y"), *held]
    return pull(CohesiveProblem(mesh, dict.fromkeys(mesh.bodies, STEEL), bonds, fixed), 6e-6, 40, **options)


def test_a_junction_is_followed_and_a_jump_that_is_taken_is_refuted(tmp_path):
    """Equal laws in a T: under load control a third of the work goes in one step."""
    even = [Prescribed("first", "y", 1.0), Prescribed("second", "y", 1.0)]
    sideways = [Prescribed("first", "x"), Prescribed("second", "x")]
    (jump, *_) = assess(junction(tmp_path / "t.msh", 2e-7, even + sideways, **AS_TOLD))
    assert jump.fatal and jump.size > 0.3
    uneven = [Prescribed("first", "y", 1.0), Prescribed("second", "y", 0.6)]
    for loads, broken in (
        (even, 2),
        (uneven, 3),
    ):  # uneven: the right block lets go of the left one and of the base at once
        followed = junction(tmp_path / "t.msh", 2e-7, loads + sideways)
        assert assess(followed) == () and energy_balance_error(followed) < 0.003
        assert followed.steps[-1].energies.dissipated == pytest.approx(broken * 100.0 * SIDE, rel=1e-3)


def test_a_body_that_breaks_off_and_drifts_away_is_refuted(tmp_path):
    """Without support along x a block is free once its bonds are broken: the equations are singular and are solved all the same."""
    with pytest.raises(
        Refuted,
        match=r"The body '.*' has moved by .*, and the specimen is 2.83 mm large.*nothing holds it any more",
    ):
        junction(tmp_path / "t.msh", 1e-7, [Prescribed("first", "y", 1.0), Prescribed("second", "y", 1.0)], **AS_TOLD)


@pytest.mark.parametrize(("thickness", "free"), [(None, "move along x"), (0.5, "move along x and z")])
def test_a_loading_ends_where_the_specimen_has_come_apart(joint, thickness, free, tmp_path):  # noqa: F811
    """Held along y alone, the upper half floats once the bond is broken; what was found until then stays."""
    mesh = joint(thickness, 0.5)
    axes = "xyz"[: mesh.dimension]
    held = [*(Prescribed("bottom", axis) for axis in axes), Prescribed("top", "y", 1.0)]
    whole = CohesiveProblem(mesh, dict.fromkeys(mesh.bodies, STEEL), [Bond("bond", "upper", "lower", TRIANGLE)], held)
    record = pull(whole, 130e-6, 6, growth=0.2, checkpoint=tmp_path)
    area = SIDE * (0.5 * SIDE if thickness else 1.0)
    last = record.steps[-1]
    assert last.load < 130e-6 and last.energies.dissipated == pytest.approx(1e3 * area, rel=1e-9)
    (told,) = [one for one in assess(record) if "came apart" in one.what]
    assert not told.fatal and f"the body 'upper' can {free}" in told.what and energy_balance_error(record) < 1e-3
    again = pull(whole, 130e-6, 6, growth=0.2, checkpoint=tmp_path)
    assert (again.steps, again.apart) == (record.steps, record.apart)


class Leaking(XuNeedleman):
    """A law whose energy is a tenth short of the integral of its traction."""

    def evaluate(self, jump):
        value = super().evaluate(jump)
        return value._replace(energy=0.9 * value.energy)


def test_a_law_whose_energy_is_not_the_integral_of_its_traction_is_refuted_without_endless_steps(joint, monkeypatch):  # noqa: F811
    solve, calls = NewtonSolver.solve, []

    def counted(self, *arguments):
        calls.append(1)
        return solve(self, *arguments)

    monkeypatch.setattr(NewtonSolver, "solve", counted)
    record = pull(stretched(joint(), law=Leaking(100.0, 0.4e-6, 0.8e-6, q=2.0)), 8e-6, 60)
    (finding,) = [one for one in assess(record) if one.fatal]
    assert finding.size == pytest.approx(0.1, abs=0.02) and "they have no potential" in finding.change
    assert "mesh" not in finding.what and record.column("jump").max() == 0
    assert len(calls) < 100


def test_ppr_of_unequal_works_is_said_to_have_no_potential(joint):  # noqa: F811
    held = [
        Prescribed("bottom", "x"),
        Prescribed("bottom", "y"),
        Prescribed("top", "x", 2.0),
        Prescribed("top", "y", 1.0),
    ]
    found = {}
    for shear in (100.0, 200.0):
        bond = Bond("bond", "upper", "lower", ParkPaulinoRoesler(100.0, 50e6, shear, 40e6))
        record = pull(CohesiveProblem(joint(), dict.fromkeys(joint().bodies, STEEL), [bond], held), 10e-6, 30)
        found[shear] = assess(record)
    assert found[100.0] == ()
    (fatal,) = found[200.0]
    assert fatal.fatal and "the interfaces' tractions make most of it: they have no potential" in fatal.change


def test_loads_that_do_no_work_are_refuted(joint):  # noqa: F811
    """The specimen is moved as a whole; a traction acts where it is held."""
    mesh, held = joint(), [Prescribed("bottom", "x"), Prescribed("top", "x")]
    material, bond = dict.fromkeys(mesh.bodies, STEEL), [Bond("bond", "upper", "lower", TRIANGLE)]
    moved = CohesiveProblem(mesh, material, bond, [*held, Prescribed("bottom", "y", 1.0), Prescribed("top", "y", 1.0)])
    clamped = [*held, Prescribed("bottom", "y"), Prescribed("top", "y")]
    pressed = CohesiveProblem(mesh, material, bond, clamped, tractions=[Traction("top", "y", 1e6)])
    for problem, end in ((moved, 1e-3), (pressed, 10.0)):
        record = pull(problem, end, 4)
        (finding,) = assess(record)
        assert finding.fatal and finding.what.startswith("The loads do no work")
        assert len(record.steps) <= 5
    weak = pull(stretched(mesh, law=uber_law(1e-6, 1e-6)), 1e-6, 8)  # weak, and yet work
    assert assess(weak) == () and weak.steps[-1].work < 1e-9
    weaker = assess(pull(stretched(mesh, law=uber_law(2e-8, 1e-6)), 1e-6, 8))
    assert [one.fatal for one in weaker] == [False] and weaker[0].what.startswith("Rounding leaves 0.0")


def test_an_opening_below_double_precision_is_refused_before_and_refuted_during_the_loading(joint):  # noqa: F811
    """A crystal's law on a specimen that is carried along by a billion times its opening and more."""
    mesh, law = joint(), XuNeedleman(1.0, 1e-10, 2e-10)
    with pytest.raises(InputError, match=r"law on bond opens by 1 Å at its peak, and one step .* 1e\+06 m.*coarsen"):
        pull(stretched(mesh, law=law), 4e6, 4)
    material, bond = dict.fromkeys(mesh.bodies, STEEL), [Bond("bond", "upper", "lower", law)]

    def carried(far):
        held = [
            Prescribed("bottom", "x"),
            Prescribed("top", "x"),
            Prescribed("bottom", "y", far),
            Prescribed("top", "y", far + 1.0),
        ]
        return CohesiveProblem(mesh, material, bond, held)

    assert assess(pull(carried(0.0), 4e-9, 8)) == ()
    with pytest.raises(Refuted, match=r"opening at the peak traction is 1 Å.*\(interface bond\).*coarsen the law"):
        pull(carried(2.0**45), 4e-9, 8)


def test_a_multiple_of_tractions_is_no_displacement(joint):  # noqa: F811
    """Forces are resolved against the displacements: with many small tractions as with few large ones."""
    mesh, curves = joint(), []
    held = [Prescribed("bottom", "y"), Prescribed("left", "x"), Prescribed("right", "x")]
    for traction in (1e6, 1e-3):
        problem = CohesiveProblem(
            mesh, dict.fromkeys(mesh.bodies, STEEL), [Bond("bond", "upper", "lower", XuNeedleman(100.0, 0.4e-6, 0.8e-6))], held,
            tractions=[Traction("top", "y", traction)],
        )  # fmt: skip
        record = pull(problem, 80e6 / traction, 10)
        curves.append(np.array([(s.load * traction, s.work, s.broken_area) for s in record.steps]))
    np.testing.assert_allclose(curves[1], curves[0], rtol=1e-7, atol=1e-12)


def test_a_mended_loading_goes_on_from_its_checkpoint(joint, tmp_path):  # noqa: F811
    """Interrupted amid the cut steps, one that jumps included."""

    def leaking():
        return stretched(joint(), law=Leaking(100.0, 0.4e-6, 0.8e-6, q=2.0))

    def interrupt(step, x):
        seen.append(step)
        if len(seen) == 11:
            raise KeyboardInterrupt

    whole, seen = pull(leaking(), 8e-6, 20), []
    with pytest.raises(KeyboardInterrupt):
        pull(leaking(), 8e-6, 20, checkpoint=tmp_path / "state", on_step=interrupt)
    resumed = pull(leaking(), 8e-6, 20, checkpoint=tmp_path / "state")
    np.testing.assert_array_equal(columns(resumed), columns(whole))
    assert [str(one) for one in assess(resumed)] == [str(one) for one in assess(whole)] != []


def test_a_largest_load_that_is_the_last_is_no_peak():
    def loaded(*forces):
        steps = [SimpleNamespace(load=float(i), force=force) for i, force in enumerate(forces)]
        return Loading(steps)

    assert still_rising(loaded(0.0, 1.0, 0.8)) == ()
    (finding,) = still_rising(loaded(0.0, 1.0, 1.2))
    assert not finding.fatal and "no peak" in finding.what and "stop_at_area" in finding.change
