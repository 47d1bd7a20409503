"""A solute in bodies and on layers: closed forms, orders of convergence, conserved amounts, one rank like two."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from continuum.materials.linear_elastic import LinearElastic
from continuum.mesh.specimen_mesh import read_mesh
from continuum.model import Control, Prescribed
from continuum.solver.newton import NewtonSolver
from continuum.solver.problem import CohesiveProblem
from continuum.specimens.grid import write_grid
from continuum.transport import (
    Flux,
    HeldSolute,
    HydrostaticStress,
    Medium,
    SoluteLayer,
    TransportProblem,
    Trap,
    diffuse,
)
from continuum.transport.chemistry import SitesOfLaw
from coupling.errors import InputError, NotConverged
from coupling.units import AVOGADRO, GAS_CONSTANT
from tests.continuum.transport_cases import (
    DIFFUSIVITY,
    HEIGHT,
    LENGTH,
    TEMPERATURE,
    TIME,
    both_kinds,
    lag,
    slab_mesh,
    through,
    two_slabs,
)  # fmt: skip

THERMAL = GAS_CONSTANT * TEMPERATURE


@pytest.fixture(scope="module")
def slab(tmp_path_factory):
    return slab_mesh(tmp_path_factory.mktemp("slab") / "slab.msh", 40)


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    return two_slabs(tmp_path_factory.mktemp("pair") / "two.msh", 20)


def decayed(mesh, steps, until=0.3 * TIME):
    """How far cos(πx/L), which a closed slab flattens, is from exp(−π²Dt/L²) of it."""
    problem = TransportProblem(mesh, {"slab": Medium(DIFFUSIVITY)}, TEMPERATURE)
    problem.start({"slab": lambda points: 1 + np.cos(np.pi * points[:, 0] / LENGTH)})
    diffuse(problem, until, tolerance=np.inf, largest=until / steps)
    x = problem.spaces["slab"].tabulate_dof_coordinates()[:, 0]
    exact = 1 + np.cos(np.pi * x / LENGTH) * np.exp(-(np.pi**2) * until / TIME)
    return np.abs(problem.concentrations()["slab"] - exact).max()


def test_a_mode_decays_as_the_series_has_it_to_second_order_in_size_and_time(tmp_path):
    by_size = [decayed(slab_mesh(tmp_path / f"{n}.msh", n), 200) for n in (5, 10)]
    assert np.log2(by_size[0] / by_size[1]) == pytest.approx(2, abs=0.05)
    fine = slab_mesh(tmp_path / "fine.msh", 160)
    by_time = [decayed(fine, n) for n in (4, 8)]
    assert np.log2(by_time[0] / by_time[1]) == pytest.approx(2, abs=0.15)


def test_a_membrane_lets_through_what_the_series_says(slab):
    _, record = through(slab, Medium(DIFFUSIVITY), 0.4 * TIME, tolerance=2e-3)
    n = np.arange(1, 200)
    t = record.times[1:, None] / TIME
    series = t[:, 0] - 1 / 6 - 2 / np.pi**2 * np.sum((-1.0) ** n / n**2 * np.exp(-(n**2) * np.pi**2 * t), axis=1)
    out = -record.supplied("right")[1:] / (LENGTH * HEIGHT)
    assert np.abs(out - series).max() < 1e-3 * series.max()


def test_the_time_lag_of_a_membrane(slab):
    """L²/6D; of linear elements with lumped amounts its (1 − h²/L²)."""
    _, record = through(slab, Medium(DIFFUSIVITY), 4 * TIME)
    assert lag(record) == pytest.approx(TIME / 6 * (1 - 1 / 40**2), rel=1e-6)


def test_traps_delay_as_mcnabb_and_foster_have_it(tmp_path):
    """Few taken: D/(1 + K N_T/N_L). All taken: L²/6D (1 + 3 N_T/c₀)."""
    cells = 16
    slab = slab_mesh(tmp_path / "slab.msh", cells)
    sites, binding = 1e7, 20e3
    strength = np.exp(binding / THERMAL)
    few = Trap(3 * sites / strength, binding)
    _, record = through(slab, Medium(DIFFUSIVITY, sites=sites, traps=(few,)), 16 * TIME)
    assert lag(record) == pytest.approx(TIME / 6 * (1 - 1 / cells**2) * (1 + 3), rel=1e-3)
    _, record = through(slab, Medium(DIFFUSIVITY, sites=sites, traps=(Trap(2.0, 70e3),)), 10 * TIME)
    by_nodes = 1 - 1 / cells  # the traps of the last node stay empty
    assert lag(record) == pytest.approx(TIME / 6 * (1 - 1 / cells**2 + 3 * 2.0 * by_nodes), rel=1e-3)
    assert record.mass_error < 1e-11


def test_weak_traps_are_a_smaller_diffusivity(slab):
    """The whole course, not its lag alone: K c ≪ N_L."""
    weak = Medium(DIFFUSIVITY, sites=1e9, traps=(Trap(1e9, 0.0),))
    _, trapped = through(slab, weak, TIME)
    _, slower = through(slab, Medium(DIFFUSIVITY / 2), TIME)
    np.testing.assert_allclose(trapped.supplied("right"), 2 * slower.supplied("right"), rtol=1e-6, atol=1e-20)
    np.testing.assert_allclose(trapped.column("slab"), 2 * slower.column("slab"), rtol=1e-6)


def bent(path, rows, order=2, shift=0.0):
    """A beam bent by 0.4 % in its outer fibres, its transport problem, hydrostatic stress and height (mm)."""
    young, poisson, curvature = 200e9, 0.3, 8.0
    write_grid(
        path, [np.linspace(0, 2, 5), np.linspace(-0.5, 0.5, rows + 1)], {"beam": ((0, 2), (-0.5, 0.5))},
        {"left": ((0, 0), (-0.5, 0.5)), "right": ((2, 2), (-0.5, 0.5)), "top": ((0, 2), (0.5, 0.5))}, element="quadrilateral",
    )  # fmt: skip
    mesh = read_mesh(path, unit=1e-3, bodies=["beam"])
    items = [
        Prescribed("left", "x"), Prescribed("right", "x", lambda p: 2e-3 * p[:, 1]),
        Prescribed("left", "y", lambda p: -poisson / (1 - poisson) * p[:, 1] ** 2 / 2),
    ]  # fmt: skip
    mechanics = CohesiveProblem(mesh, {"beam": LinearElastic.isotropic(young, poisson)}, [], items, order=order)
    x = mechanics.vector()
    assert NewtonSolver(mechanics).solve(Control("load", curvature), x) is not None
    mechanics.update(x)
    problem = TransportProblem(mesh, {"beam": Medium(DIFFUSIVITY, 2e-6)}, TEMPERATURE)
    y = problem.spaces["beam"].tabulate_dof_coordinates()[:, 1]
    exact = (1 + poisson) / 3 * young / (1 - poisson**2) * curvature * y
    return problem, HydrostaticStress(mechanics, problem.spaces)(), exact, mesh


def test_a_linear_hydrostatic_stress_is_recovered_exactly(tmp_path):
    _, stress, exact, _ = bent(tmp_path / "beam.msh", 10)
    np.testing.assert_allclose(stress["beam"], exact, atol=1e-9 * np.abs(exact).max())


def test_in_a_bent_beam_the_solute_comes_to_oriani_s_profile(tmp_path):
    """c = c₀ exp(σ_h V_H/RT), c₀ by what the closed beam holds; to second order in the size."""
    errors = []
    for rows in (10, 20):
        problem, stress, exact, _ = bent(tmp_path / f"{rows}.msh", rows)
        problem.start({"beam": 1.0})
        problem.drive(stress)
        record = diffuse(problem, 10 * TIME, tolerance=1e-2)
        power = 2e-6 / THERMAL * exact
        outer = power.max()
        found = problem.concentrations()["beam"]
        errors.append(np.abs(found / (outer / np.sinh(outer) * np.exp(power)) - 1).max())
        assert np.ptp(np.log(found) - power) < 1e-7  # uniform potential, whatever the size
        assert record.mass_error < 1e-12
    assert np.log2(errors[0] / errors[1]) == pytest.approx(2, abs=0.05) and errors[1] < 1e-4


def test_what_is_held_under_stress(tmp_path):
    """A potential is that of the concentration without stress; a concentration is kept whatever the stress."""
    problem, stress, exact, mesh = bent(tmp_path / "beam.msh", 10)
    medium, power = problem.bodies["beam"].medium, 2e-6 / THERMAL * exact
    for held, outer in (
        (HeldSolute("top", potential=medium.potential_at(1.0, TEMPERATURE)), np.exp(power.max())),
        (HeldSolute("top", 1.0), 1.0),
    ):
        problem = TransportProblem(mesh, {"beam": medium}, TEMPERATURE, boundaries=[held])
        problem.start({"beam": 0.5})
        problem.drive(stress)
        diffuse(problem, 20 * TIME, tolerance=1e-2)
        np.testing.assert_allclose(problem.concentrations()["beam"], outer * np.exp(power - power.max()), rtol=1e-6)


def test_a_driven_boundary_lets_in_what_it_says(slab):
    problem = TransportProblem(slab, {"slab": Medium(DIFFUSIVITY)}, TEMPERATURE, boundaries=[Flux("left", 3e-6)])
    problem.start({"slab": 0.0})
    record = diffuse(problem, 2 * TIME, tolerance=1e-2)
    np.testing.assert_allclose(record.column("slab"), 3e-6 * HEIGHT * record.times, rtol=1e-12)
    c = problem.concentrations()["slab"]
    x = problem.spaces["slab"].tabulate_dof_coordinates()[:, 0] / LENGTH
    steady = 3e-6 * LENGTH / DIFFUSIVITY * (2 + 1 / 3 - x + x**2 / 2)
    np.testing.assert_allclose(c, steady, rtol=1e-3)


def test_an_axisymmetric_shell_conducts_by_the_logarithm(tmp_path):
    write_grid(
        tmp_path / "ring.msh", [np.linspace(1, 2, 81), np.linspace(0, 0.1, 2)], {"slab": ((1, 2), (0, 0.1))},
        {"left": ((1, 1), (0, 0.1)), "right": ((2, 2), (0, 0.1))}, element="quadrilateral",
    )  # fmt: skip
    mesh = read_mesh(tmp_path / "ring.msh", unit=1e-3, bodies=["slab"])
    boundaries = [HeldSolute("left", 1.0), HeldSolute("right", 0.0)]
    problem = TransportProblem(
        mesh, {"slab": Medium(DIFFUSIVITY)}, TEMPERATURE, boundaries=boundaries, kind="axisymmetric"
    )
    problem.start({"slab": 0.0})
    record = diffuse(problem, 4 * TIME, tolerance=1e-2)
    steady = 2 * np.pi * 1e-4 * DIFFUSIVITY / np.log(2)
    assert record.states[-1].supplies["left"] == pytest.approx(steady, rel=1e-4)
    assert record.mass_error < 1e-12


@pytest.mark.parametrize("exchange", [np.inf, 1e-5])
@pytest.mark.parametrize("energy", [None, -25e3])
def test_a_layer_holds_and_delays(pair, exchange, energy):
    """Frisch's integral of a membrane: the lag is ∫ c_s h dx/J, h the share of the resistance before x; a layer adds Γ h."""
    layer = SoluteLayer("bond", "second", "first", sites=1e-3 if energy else 0.0, energy=energy, exchange=exchange)
    _, record = through(pair, Medium(DIFFUSIVITY, sites=1e4), 14 * TIME, layers=[layer])
    half, step = 0.5 * LENGTH / DIFFUSIVITY, 1 / exchange
    whole = 2 * half + 2 * step
    x = (np.arange(20000) + 0.5) / 20000
    before = np.where(x < 0.5, 2 * half * x, 2 * half * x + 2 * step) / whole
    held = LENGTH * np.mean((1 - before) * before) * whole
    ratio = 0.5 / 1e4 * np.exp(-(energy or 0.0) / THERMAL)
    coverage = ratio / (1 + ratio)
    held += layer.sites * coverage * 0.5 * whole
    assert lag(record, whole) == pytest.approx(held, rel=3e-3)
    assert record.column("bond")[-1] == pytest.approx(layer.sites * coverage * HEIGHT, rel=1e-4)
    assert record.mass_error < 1e-12


def test_a_layer_alone_diffuses_along_itself(tmp_path):
    """cos(πy/H) on the layer decays by D_s where the body takes next to nothing; at a coverage that blocks as much as it moves."""
    mesh = two_slabs(tmp_path / "two.msh", 2)
    layer = SoluteLayer("bond", "second", "first", sites=1e-5, energy=-1e4, diffusivity=1e-9, exchange=1e-30)
    medium = Medium(1e-30, sites=1e4)
    problem = TransportProblem(mesh, {"first": medium, "second": medium}, TEMPERATURE, layers=[layer])
    problem.start({"first": 0.0, "second": 0.0}, {"bond": 0.5})
    own, start = problem.numbers.own_layers[0]
    y = problem.spaces["second"].tabulate_dof_coordinates()[own, 1] / HEIGHT
    problem.unknowns[start::3] = 0.5 + 0.2 * np.cos(np.pi * y)
    problem.amounts[start::3] *= problem.unknowns[start::3] / 0.5
    until = 0.2 * HEIGHT**2 / 1e-9
    diffuse(problem, until, tolerance=np.inf, largest=until / 20)
    rate = (2 / 0.25 * np.sin(np.pi / 8)) ** 2 * until * 1e-9 / HEIGHT**2  # of four linear elements
    np.testing.assert_allclose(problem.unknowns[start::3], 0.5 + 0.2 * np.cos(np.pi * y) * np.exp(-rate), atol=2e-3)


def test_two_ranks_find_what_one_finds(tmp_path):
    alone, error = both_kinds(tmp_path)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
    launcher, program = Path(sys.executable).with_name("mpiexec"), Path(__file__).with_name("transport_cases.py")
    command = [launcher, "-n", "2", sys.executable, program, tmp_path]
    subprocess.run(command, check=True, env=environment, timeout=300)
    together, other = json.loads((tmp_path / "out.json").read_text())
    np.testing.assert_allclose(together, alone, rtol=1e-9, atol=1e-20)
    assert max(error, other) < 1e-11


def drained(slab, inward):
    """What is left of 1 mol/m³ when a flux has gone through the left face for a while."""
    problem = medium_of(slab, [Flux("left", inward)], sites=1e4)
    problem.start({"slab": 1.0})
    return diffuse(problem, TIME, tolerance=1e-2)


def medium_of(slab, boundaries=(), **changes):
    medium = Medium(**{"diffusivity": DIFFUSIVITY, **changes})
    return TransportProblem(slab, {"slab": medium}, TEMPERATURE, boundaries=boundaries)


def test_a_flux_may_take_what_is_there_and_the_lattice_says_how_full_it_is(slab):
    """A fifth of it goes out in a time in which the face is not emptied; a quarter of the sites hold solute."""
    inward = -0.2 * DIFFUSIVITY / LENGTH
    record = drained(slab, inward)
    assert record.column("slab")[-1] == pytest.approx(LENGTH * HEIGHT * (1 - 0.2), rel=1e-9)
    problem = medium_of(slab, sites=4.0)
    problem.start({"slab": 1.0})
    assert problem.filled() == {"slab": 0.25}


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda m: medium_of(m, diffusivity=-1e-9), r"diffusivity -1e-09 m\^2/s of a medium must be a finite number above 0"),
        (lambda m: TransportProblem(m, {"slab": Medium(1e-9)}, None), "needs a temperature"),
        (lambda m: TransportProblem(m, {"slab": Medium(1e-9)}, -3.0), "temperature -3.0 K"),
        (lambda m: TransportProblem(m, {"slab": Medium(1e-9), "slob": Medium(1e-9)}, 300.0), "Unknown body 'slob'; valid: slab"),
        (lambda m: TransportProblem(m, {}, 300.0), "no diffusivity in slab"),
        (lambda m: Medium(1e-9, traps=(Trap(1.0, 1e4),)), "traps of a medium need its density of lattice sites"),
        (lambda m: medium_of(m, sites=2.0).start({"slab": 3.0}), "initial concentration 3 mol/m.3 is more than the 2 mol/m.3"),
        (lambda m: medium_of(m, [HeldSolute("left", 3.0)], sites=2.0), "concentration at 'left', 3 mol/m.3 is more than the 2"),
        (lambda m: medium_of(m, sites=2.0).start_at(5e3), "initial chemical potential 5000 J/mol is above the solution energy 0 J/mol of 'slab'"),
        (lambda m: medium_of(m).start_at(np.nan), "chemical potential nan J/mol of the start must be a finite number"),
        (lambda m: medium_of(m, [HeldSolute("left", potential=1.0)], sites=2.0), "potential at 'left', 1 J/mol is above the solution energy"),
        (lambda m: drained(m, -1e-6), "The flux out of 'left' takes more solute than there is"),
        (lambda m: Trap(-1.0, 1e4), "density -1.0"),
        (lambda m: HeldSolute("left"), "a concentration or a potential"),
        (lambda m: HeldSolute("left", -1.0), "concentration -1.0"),
        (lambda m: Flux("left", np.nan), "inward flux nan"),
        (lambda m: SoluteLayer("bond", "a", "b", sites=1e-5), "need an energy"),
        (lambda m: SoluteLayer("bond", "a", "b", exchange=0.0), "exchange 0.0 m/s"),
        (lambda m: TransportProblem(m, {"slab": Medium(1e-9)}, 300.0, boundaries=[HeldSolute("up", 1.0)]), "'up'; valid: left, right"),
        (
            lambda m: TransportProblem(m, {"slab": Medium(1e-9)}, 300.0, boundaries=[HeldSolute("left", 1.0), HeldSolute("left", 2.0)]),
            "holds a node that another boundary holds otherwise",
        ),
        (lambda m: medium_of(m).start({"slab": -1.0}), "initial concentration of 'slab'"),
        (lambda m: diffuse(medium_of(m), -1.0), "A transport over -1.0 s"),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence(slab, made, said):
    with pytest.raises(InputError, match=said) as caught:
        made(slab)
    assert "\n" not in str(caught.value)


def test_a_boundary_on_an_interface_or_within_a_body_is_refused(pair, tmp_path):
    """Between two bodies it would act on both, and within one on nothing."""
    media = dict.fromkeys(pair.bodies, Medium(DIFFUSIVITY))
    with pytest.raises(InputError, match="The sites of the layer 'bond' need the density of lattice sites of 'second'"):
        TransportProblem(
            pair, media, TEMPERATURE, layers=[SoluteLayer("bond", "second", "first", sites=1e-5, energy=-2e4)]
        )
    for item in (Flux("bond", 1e-6), HeldSolute("bond", 1.0)):
        with pytest.raises(InputError, match="'bond' lies on the interface 'bond' and would act on both"):
            TransportProblem(
                pair, media, TEMPERATURE, boundaries=[item], layers=[SoluteLayer("bond", "second", "first")]
            )
    facets = {"middle": ((0.5, 0.5), (0, 0.1))}
    axes, bodies = [np.linspace(0, 1, 5), np.linspace(0, 0.1, 3)], {"slab": ((0, 1), (0, 0.1))}
    write_grid(tmp_path / "one.msh", axes, bodies, facets, element="triangle")
    with pytest.raises(InputError, match="'middle' lies within a body"):
        medium_of(read_mesh(tmp_path / "one.msh", unit=1e-3, bodies=["slab"]), boundaries=[Flux("middle", 1e-6)])


class Attracting:
    """Sites of E₀ = eθ + wθ²/2 + cθ³/3 in J/mol, one mole of them a square metre."""

    site_density, coverages = AVOGADRO, np.array([0.0, 1.0])

    def __init__(self, *terms):
        self.terms = terms

    def evaluate(self, jump, coverage):
        e, w, c = self.terms
        return SimpleNamespace(
            energy=e * coverage + w * coverage**2 / 2 + c * coverage**3 / 3,
            chemical_potential=(e + w * coverage + c * coverage**2) / AVOGADRO,
            chemical_potential_by_coverage=(w + 2 * c * coverage) / AVOGADRO,
        )


@pytest.mark.parametrize(
    ("terms", "potential"),
    [((-10e3, -25e3, 8e3), -20e3), ((-10e3, -5e3, -10e3), -15.5e3), ((-10e3, -25e3, 8e3), -30e3)],
)
def test_sites_that_attract_start_in_their_stable_state(terms, potential):
    """Of two states at one potential, that of the least grand potential, as a fine grid of coverages has it."""
    e, w, c = terms
    theta = np.linspace(0, 1, 200_001)[1:-1]
    mixing = theta * np.log(theta) + (1 - theta) * np.log(1 - theta)
    grand = e * theta + w * theta**2 / 2 + c * theta**3 / 3 + GAS_CONSTANT * 300 * mixing - potential * theta
    activity = np.array([np.exp(potential / (GAS_CONSTANT * 300)), 0.0])
    found = SitesOfLaw(300.0, Attracting(*terms)).coverage(np.zeros((2, 3)), activity)
    assert found[0] == pytest.approx(theta[grand.argmin()], abs=1e-5)
    assert found[1] == 0


def test_equations_that_are_not_solved_are_told(slab, monkeypatch):
    problem = medium_of(slab)
    monkeypatch.setattr(problem, "step", lambda duration: None)
    with pytest.raises(NotConverged, match="not solved within a step"):
        diffuse(problem, TIME)
