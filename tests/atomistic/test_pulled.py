"""A column of atoms pulled by its ends against bulk in series with a thin slab's law: opening, shear, between."""

import numpy as np
import pytest

from atomistic.decohesion.jumps import Series
from atomistic.decohesion.pulled import pull_by_ends, slab_rupture
from atomistic.decohesion.relaxed_path import relaxed_path
from atomistic.decohesion.slab import cleavage_slab, conventional_cell
from atomistic.properties.bulk import equilibrium

TOLERANCE = 5e-6  # next to a crystal's strength work goes with the softness that is left
GAPS = {
    "opening": np.linspace(0, 1, 15) ** 1.5 * 2.4,
    "shear": np.linspace(0, 0.6, 13),
    "oblique": np.linspace(0, 0.6, 13),
}


@pytest.fixture(scope="module")
def series(emt):
    crystal = equilibrium(emt, "Cu", "fcc", tolerance=1e3)
    x, cube = np.array([1.0, 1.0, -2.0]), conventional_cell(crystal)
    return {n: Series(emt, cleavage_slab(crystal, (1, 1, 1), n, conventional=cube, x=x), TOLERANCE) for n in (5, 16)}


def easy(series):
    """±1: the slip along x that leads to the stacking fault."""
    ways = [series.cell.opened(0.3, (sign * 0.8, 0.0)) for sign in (1.0, -1.0)]
    return 1.0 if np.argmin(series.potential.evaluate(ways).energies) == 0 else -1.0


@pytest.mark.parametrize("way", GAPS)
def test_bulk_and_the_law_of_a_thin_slab_break_as_the_column_of_atoms_does(series, way):
    sign = easy(series[5])
    direction = {"opening": (1, 0, 0), "shear": (0, sign, 0), "oblique": (1, sign, 0)}[way]
    atoms = pull_by_ends(series[16], direction, GAPS[way])
    bar = pull_by_ends(series[5], direction, GAPS[way], bulk_repeats=11)
    for name in ("elongation", "peak_traction", "work"):
        assert getattr(bar, name) == pytest.approx(getattr(atoms, name), rel=3e-3), name
    wrong = pull_by_ends(series[5], direction, GAPS[way], bulk_repeats=12)  # the slab's own spacing counted twice
    assert abs(wrong.elongation / atoms.elongation - 1) > 0.02 and abs(wrong.work / atoms.work - 1) > 0.02


def test_along_the_normal_it_is_the_opening_path_s_rupture(emt, series):
    pulled = pull_by_ends(series[5], (1, 0, 0), GAPS["opening"])
    known = slab_rupture(relaxed_path(emt, series[5].cell, GAPS["opening"], tolerance=TOLERANCE))
    for name in ("elongation", "traction", "peak_traction", "work"):
        assert getattr(pulled, name) == pytest.approx(getattr(known, name), rel=1e-3), name
