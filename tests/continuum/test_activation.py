"""Activated interfaces: barriers on paper, tangents, both limits, a held load on the mesh, interrupted and on two ranks."""

import itertools

import numpy as np
import pytest
from scipy.optimize import brentq

from benchmarks import rates_delay
from continuum.cohesive.history import History, commit, respond
from continuum.fenics import MPI
from continuum.materials import LinearElastic
from continuum.mesh.specimen_mesh import read_mesh
from continuum.model import Bond, Prescribed, Traction
from continuum.solver.holding import hold_load
from continuum.solver.problem import CohesiveProblem
from continuum.solver.record import energy_balance_error
from continuum.solver.stepping import pull
from continuum.specimens.butt_joint import ButtJoint
from coupling.errors import InputError
from coupling.interface.activation import Activation, BarrierTable, LawBarrier, secant
from coupling.laws.bilinear import Bilinear
from coupling.laws.ppr import ParkPaulinoRoesler
from coupling.laws.uber import Uber
from coupling.units import EV
from tests.continuum.specimens import curve, curve_on_two_ranks

BILINEAR = rates_delay.bilinear_law()
UBER = Uber(3.4, 0.5e-10)
AREA = 1e-19
LOAD = 0.9
"""Of the peak: so near that few steps are needed."""


def activation(law=BILINEAR, temperature=300.0, reversible=1.0, area=AREA):
    return Activation(LawBarrier(law, area), temperature, 1e13, reversible)


def activated(law=BILINEAR, **options):
    return Bond("bond", "upper", "lower", law, activation=activation(law, **options))


@pytest.mark.parametrize("law", [UBER, BILINEAR])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.98])
def test_the_barrier_is_the_difference_of_the_two_enthalpies(law, share):
    traction = share * law.peak_traction

    def over(opening):
        return law.normal(np.array([opening]))[1][0] - traction

    closed = brentq(over, 0.0, law.opening_at_peak, xtol=1e-24)
    opened = brentq(over, law.opening_at_peak, law.final_opening, xtol=1e-24)
    energies = law.normal(np.array([closed, opened]))[0]
    exact = AREA * (energies[1] - energies[0] - traction * (opened - closed))
    at = np.array([closed])
    assert LawBarrier(law, AREA).evaluate(at, at, secant(law, at)).energy[0] == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize("table", [False, True])
def test_slopes_of_the_rate_are_its_derivatives(table):
    of_law = LawBarrier(BILINEAR, AREA)
    parts = np.linspace(0.0, 1.0, 9)
    of_table = BarrierTable(BILINEAR, parts * BILINEAR.peak_traction, of_law.at_rest * (1 - parts) ** 1.5)
    own = Activation(of_table if table else of_law, 300.0, 1e13, 1.0)
    m, largest = np.array([0.7, 1.1]) * BILINEAR.opening_at_peak, np.array([1.2, 1.3]) * BILINEAR.opening_at_peak
    step = 1e-6 * BILINEAR.opening_at_peak
    found = own.evaluate(m, largest)
    by_m = (own.evaluate(m + step, largest).rate - own.evaluate(m - step, largest).rate) / (2 * step)
    by_largest = (own.evaluate(m, largest + step).rate - own.evaluate(m, largest - step).rate) / (2 * step)
    np.testing.assert_allclose(found.by_separation, by_m, rtol=1e-7)
    np.testing.assert_allclose(found.by_largest, by_largest, rtol=1e-7)


@pytest.mark.parametrize(
    "law", [BILINEAR, UBER, ParkPaulinoRoesler(3.4, 1e10, shear_work=5.0, shear_peak_traction=8e9)]
)
@pytest.mark.parametrize("duration", [1e-12, 1e-3])
def test_tangent_is_the_derivative_of_the_traction_while_sites_break(law, duration):
    bond, past = activated(law, area=3e-19), History.new(np.zeros((1, 3)))
    length = law.opening_at_peak
    past.largest[:], past.jump[0, 0] = 1.3 * length, 0.8 * length
    jump, way = np.array([[0.9, 0.1, 0.05]]) * length, np.array([1.0, 0.3, -0.2])
    base, remainders = respond(bond, jump, past, duration), []
    for step in 2.0 ** -np.arange(7, 11):
        moved = respond(bond, jump + step * length * way, past, duration).traction
        remainders.append(np.abs(moved - base.traction - step * length * (base.tangent @ way)).max())
    ratios = [b / a for a, b in itertools.pairwise(remainders)]
    assert all(ratio < 0.3 for ratio in ratios), ratios  # 1/4 for a remainder of second order


def test_without_time_it_is_the_law_and_in_all_time_the_reversible_work():
    plain, past, own = (
        Bond("bond", "upper", "lower", UBER),
        History.new(np.zeros((1, 3))),
        History.new(np.zeros((1, 3))),
    )
    bond = activated(UBER)
    for part in (0.3, 0.9, 2.0, 1.0, 4.0):
        jump = np.array([[part * UBER.length, 0.0, 0.0]])
        fast, athermal = respond(bond, jump, own, 0.0), respond(plain, jump, past)
        assert np.array_equal(fast.traction, athermal.traction)
        np.testing.assert_allclose(fast.stored + fast.dissipated, athermal.stored + athermal.dissipated, rtol=1e-12)
        commit(bond, jump, own, 0.0)
        commit(plain, jump, past)
    slow = rates_delay.work_of_opening(1e60, 1.0, steps=60)
    assert slow == pytest.approx(1.0, rel=5e-3)  # the trapezoid's error over 60 steps


def test_an_unloaded_or_cold_interface_stays_whole():
    past, jump = History.new(np.zeros((1, 3))), np.array([[0.6 * BILINEAR.opening_at_peak, 0.0, 0.0]])
    for own in (activation(reversible=0.5 * BILINEAR.work_of_separation), activation(temperature=1.0, reversible=0.0)):
        bond = Bond("bond", "upper", "lower", BILINEAR, activation=own)
        found = respond(bond, jump, past, 1e9)  # λ² below the least, or no fluctuations
        assert found.dissipated[0] == pytest.approx(0.0, abs=1e-15)
        assert np.array_equal(found.traction, respond(bond, jump, past).traction)


def joint(folder, comm=MPI.COMM_SELF, traction=LOAD, size=1.0):
    path = folder / f"joint-{size}.msh"
    if comm.rank == 0 and not path.exists():
        ButtJoint(1.0, 1.0, 1.0, size).write(path)
    comm.barrier()
    mesh = read_mesh(path, unit=1e-9, bodies=["upper", "lower"], comm=comm)
    block = LinearElastic.isotropic(200e9, 0.0)
    return CohesiveProblem(
        mesh, {"upper": block, "lower": block}, [rates_delay.activated_bond()],
        [Prescribed("bottom", "y"), Prescribed("left", "x")],
        tractions=[Traction("top", "y", traction * BILINEAR.peak_traction)],
    )  # fmt: skip


def held(problem, tolerance=0.25, **options):
    return hold_load(problem, 1.0, 1e3, ramp=1e-20, steps=1, tolerance=tolerance, **options)


def six(record):
    return len(record.steps) >= 6


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("activated")


@pytest.fixture(scope="module")
def whole(folder):
    return held(joint(folder))


def test_it_breaks_when_the_closed_form_says_and_the_energy_is_counted_once(whole):
    assert abs(np.log10(whole.lifetime / rates_delay.lifetime(LOAD * BILINEAR.peak_traction))) < 0.15
    assert energy_balance_error(whole.record) < 1e-2  # of first order in the steps, which are few
    last = whole.record.steps[-1]
    assert last.energies.dissipated > 1e-3 * last.work
    assert np.all(np.diff(whole.times) > 0)


def test_an_interrupted_hold_goes_on_bit_for_bit(folder, whole):
    class Interrupted(Exception):
        pass

    def stop_at_three(step, x, counted=[]):  # noqa: B006
        counted.append(step)
        if len(counted) == 3:
            raise Interrupted

    with pytest.raises(Interrupted):
        held(joint(folder), checkpoint=folder / "unfinished", on_step=stop_at_three)
    again = held(joint(folder), checkpoint=folder / "unfinished", stop=six)
    np.testing.assert_allclose(again.times, whole.times[:6], rtol=1e-9)
    np.testing.assert_allclose(curve(again.record), curve(whole.record)[:6], rtol=1e-9)


def test_two_ranks_find_the_same_states(folder, whole):
    expression = f"held(joint(Path({str(folder)!r}), MPI.COMM_WORLD), stop=six).record"
    found = curve_on_two_ranks("pathlib import Path\nfrom tests.continuum.test_activation", expression, folder)
    own = curve(whole.record)[:6]
    np.testing.assert_allclose(found, own, rtol=1e-6, atol=1e-9 * np.abs(own).max())


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: LawBarrier(BILINEAR, 0.0), "activation area 0.0 m.2 must be positive"),
        (lambda: activation(temperature=0.0), "temperature 0.0 K"),
        (lambda: activation(reversible=5.0), "between 0 and the law's work of separation, 3.4 J/m.2"),
        (lambda: Bond("bond", "a", "b", UBER, activation=activation(BILINEAR)), "the law of its barrier"),
        (lambda: Bond("bond", "a", "b", UBER, "reversible", activation=activation(UBER)), "history: damage"),
        (lambda: BarrierTable(BILINEAR, np.array([0.0, 1e9]), EV * np.array([1.0, 0.0])), "peak traction, 10 GPa"),
        (lambda: BarrierTable(BILINEAR, np.array([0.0, 1e9]), np.array([0.0, 1.0])), "energies that fall"),
    ],
)
def test_refusals(make, said):
    with pytest.raises(InputError, match=said):
        make()


def test_what_takes_time_needs_a_time(folder):
    with pytest.raises(InputError, match=r"viscous or activated interface needs the loading's rate"):
        pull(joint(folder), 1.0, 2)
    with pytest.raises(InputError, match=r"held for 0.0 s is none"):
        hold_load(joint(folder), 1.0, 0.0, ramp=1.0, steps=1)


def test_a_law_that_stiffens_is_refused():
    class Stiffening(Bilinear):
        kind = "stiffening"

        def evaluate(self, jump):
            value = super().evaluate(jump)
            start = np.clip(jump[:, :1] / self.opening_at_peak, 0.0, 1.0)
            return value._replace(traction=value.traction * start)

    with pytest.raises(InputError, match="stiffens as it opens"):
        LawBarrier(Stiffening(3.4, 1e10, 2e20), AREA)
