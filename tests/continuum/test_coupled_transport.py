"""A solute and a cohesive interface together: the two ends of the rate, iterated turns, energy and amounts."""

import numpy as np
import pytest

from continuum.cohesive.coverage import AtCoverage, part_of
from continuum.materials.linear_elastic import LinearElastic
from continuum.mesh.specimen_mesh import read_mesh
from continuum.model import Bond, Prescribed
from continuum.solver.problem import CohesiveProblem
from continuum.solver.record import energy_balance_error
from continuum.specimens.grid import write_grid
from continuum.transport import Coupled, HeldSolute, Medium, SoluteLayer, TransportProblem, pull_slowly
from continuum.transport.turns import Turns
from coupling.errors import DoubleCounted, InputError, NotConverged
from coupling.laws.coverage import CoverageLaw
from coupling.laws.reservoir import ReservoirLaw
from coupling.laws.uber import Uber
from coupling.units import AVOGADRO, GAS_CONSTANT

TEMPERATURE, COVERAGE, SITES, BINDING = 300.0, 0.2, 1e19, 20e3
OPENING = 4e-9


def law():
    closed = np.array([0.0, -BINDING * SITES / AVOGADRO])
    return CoverageLaw([Uber(2.0, 1e-9), Uber(1.6, 1.1e-9)], np.array([0.0, 1.0]), closed, SITES, COVERAGE)


def potential():
    return -BINDING + GAS_CONSTANT * TEMPERATURE * np.log(COVERAGE / (1 - COVERAGE))


@pytest.fixture(scope="module")
def joint(tmp_path_factory):
    """Two blocks of 10 nm, one upon the other."""
    path = tmp_path_factory.mktemp("joint") / "joint.msh"
    facets = {"bond": ((0, 10), (0, 0)), "low": ((0, 10), (-10, -10)), "high": ((0, 10), (10, 10))}
    facets["side"] = ((0, 0), (-10, 10))
    bodies = {"upper": ((0, 10), (0, 10)), "lower": ((0, 10), (-10, 0))}
    write_grid(path, [np.linspace(0, 10, 3), np.linspace(-10, 10, 5)], bodies, facets, element="quadrilateral")
    return read_mesh(path, unit=1e-9, bodies=["upper", "lower"])


def mechanics(mesh, bond):
    steel = dict.fromkeys(mesh.bodies, LinearElastic.isotropic(200e9, 0.0))
    items = [Prescribed("high", "y", 1.0), Prescribed("low", "y"), Prescribed("side", "x")]
    return CohesiveProblem(mesh, steel, [bond], items)


def pulled(mesh, duration, scheme="iterated", steps=16, **options):
    """The joint opened by 4 nm in a time, held at the potential of its coverage at both ends; its mechanics and records."""
    bond = Bond("bond", "upper", "lower", law(), transported=True)
    problem, medium = mechanics(mesh, bond), Medium(1e-12, sites=1.5e5)
    transport = TransportProblem(
        mesh, dict.fromkeys(mesh.bodies, medium), TEMPERATURE,
        boundaries=[HeldSolute(group, potential=potential()) for group in ("low", "high")],
        layers=[SoluteLayer("bond", "upper", "lower", law=bond.law, exchange=1e-3)],
    )  # fmt: skip
    coupled = Coupled(problem, transport, scheme)
    transport.start_at(potential())
    record, solute = pull_slowly(coupled, OPENING, duration, steps, tolerance=np.inf, **options)
    return coupled, record, solute


def traction(mesh, of):
    """Of the joint under a law without transport, at the same openings, N/m; one dimension, solved by itself."""
    compliance = 2 * 10e-9 / 200e9
    opening = np.linspace(0, 40e-9, 400_001)
    pull = of.evaluate(np.column_stack([opening, np.zeros((len(opening), 2))])).traction[:, 0]
    return np.interp(np.linspace(0, OPENING, 17), opening + compliance * pull, pull) * 10e-9


def test_fast_is_the_law_at_the_coverage_and_slow_that_at_the_potential(joint):
    """Both against one dimension solved by itself: the iterated turns come to the solution of all equations at once."""
    for duration, wanted in ((1e-15, law()), (1e3, ReservoirLaw(law(), potential() / AVOGADRO, TEMPERATURE))):
        coupled, record, solute = pulled(joint, duration)
        exact = traction(joint, wanted)
        np.testing.assert_allclose(record.column("force"), exact, rtol=0, atol=2e-5 * exact.max())
        assert energy_balance_error(record) < 0.02
        assert solute.mass_error < 1e-10
    coverage = coupled.transport.coverages(coupled.transport.unknowns)[0]
    np.testing.assert_allclose(coverage, wanted.coverage_at(coupled.mechanics.jumps[0]), rtol=1e-5)


def test_between_the_two_rates_the_force_lies_between(joint):
    forces = [pulled(joint, duration)[1].column("force")[12] for duration in (1e-4, 1e-3, 1e-2)]
    assert np.all(np.diff(forces) < 0)


def test_a_staggered_step_comes_to_the_iterated_one_as_steps_shorten(joint):
    wanted = pulled(joint, 1e-3, steps=32)[1].steps[-1].force
    apart = [abs(pulled(joint, 1e-3, "staggered", steps=n)[1].steps[-1].force - wanted) for n in (8, 16)]
    assert apart[1] < 0.6 * apart[0] and apart[1] < 0.02 * wanted


def test_a_held_load_lets_the_solute_come(joint):
    _, record, solute = pulled(joint, 1e-6, hold=1.0)
    assert record.steps[-1].load == pytest.approx(OPENING)
    assert solute.times[-1] == pytest.approx(1.0 + 1e-6)
    assert solute.column("bond")[-1] > 2 * solute.column("bond")[0]
    held = traction(joint, ReservoirLaw(law(), potential() / AVOGADRO, TEMPERATURE))[-1]
    assert record.steps[-1].force == pytest.approx(held, rel=1e-3)


def test_points_of_different_coverage_have_each_their_own_law():
    coverage, jump = np.array([0.0, 0.4, 1.0]), np.array([[1e-9, 0, 0], [2e-9, 0, 0], [0.5e-9, 0, 0]])
    covered = AtCoverage(law(), coverage)
    for i in range(3):
        alone = law().at_coverage(coverage[i]).evaluate(jump[i : i + 1])
        for found, wanted in zip(covered.evaluate(jump), alone, strict=True):
            np.testing.assert_allclose(found[i : i + 1], wanted, rtol=1e-12, atol=1e-12)
    twice = covered.evaluate(np.concatenate([jump, jump])).traction
    np.testing.assert_array_equal(twice[:3], twice[3:])
    some = part_of(covered, np.array([True, False, True])).evaluate(jump[[0, 2]])
    np.testing.assert_allclose(some.energy, covered.evaluate(jump).energy[[0, 2]])


def test_turns_of_a_linear_map_end_soon():
    """θ → A θ + b with eigenvalues up to 0.95, which plain turns would need hundreds of."""
    from continuum.fenics import MPI

    rng = np.random.default_rng(0)
    q, _ = np.linalg.qr(rng.normal(size=(4, 4)))
    matrix, fixed = q @ np.diag([0.95, 0.5, -0.3, 0.1]) @ q.T, np.full(4, 0.5)
    felt, turns = [np.full(4, 0.4)], Turns(MPI.COMM_SELF)
    taken = 0
    while taken < 12:
        taken += 1
        if turns.add(felt, [fixed + matrix @ (felt[0] - fixed)]) < 1e-9:
            break
        felt = turns.next()
    assert taken < 9
    np.testing.assert_allclose(felt[0], fixed, atol=1e-7)


def test_a_solute_is_not_counted_by_law_and_mesh(joint):
    held = ReservoirLaw(law(), potential() / AVOGADRO, TEMPERATURE)
    with pytest.raises(DoubleCounted, match="reservoir"):
        mechanics(joint, Bond("bond", "upper", "lower", held, transported=True))


def test_what_does_not_go_together_is_refused(joint):
    problem = mechanics(joint, Bond("bond", "upper", "lower", law(), transported=True))
    media = dict.fromkeys(joint.bodies, Medium(1e-12, sites=1.5e5))
    with pytest.raises(InputError, match="scheme of the coupling 'monolithic'; valid: iterated, staggered"):
        Coupled(problem, TransportProblem(joint, media, 300.0), "monolithic")
    other = TransportProblem(joint, media, 300.0, layers=[SoluteLayer("bond", "upper", "lower", law=law())])
    with pytest.raises(InputError, match="must have the law of its interface"):
        Coupled(problem, other)
    fine = Coupled(problem, TransportProblem(joint, media, 300.0))
    fine.transport.start({"upper": 1.0, "lower": 1.0})
    with pytest.raises(InputError, match="A loading to 0"):
        pull_slowly(fine, 0.0, 1.0, 3)
    fine.attempt = lambda *arguments: None
    with pytest.raises(NotConverged, match="No equilibrium with the solute was found in the first step"):
        pull_slowly(fine, OPENING, 1.0, 3)
