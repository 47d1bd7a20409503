"""The place on a static path as a coordinate, and the law's tractions from populations."""

import numpy as np
import pytest
from ase import Atoms
from scipy.interpolate import CubicSpline

from atomistic.decohesion.opening_free_energy import thermal_part
from atomistic.decohesion.opening_path import OpeningPath
from atomistic.decohesion.opening_tractions import ThermalPart, rising_heights, warm_tractions
from atomistic.decohesion.slab import cleavage_slab, conventional_cell
from atomistic.dynamics import plane_distance
from atomistic.properties.bulk import equilibrium
from coupling.contracts import Capabilities, Cost, Evaluation
from coupling.errors import InputError
from coupling.interface.excess import BulkBranch, SlabBranch
from coupling.units import BOLTZMANN_EV

TEMPERATURE = 300.0
THERMAL = BOLTZMANN_EV * TEMPERATURE


@pytest.fixture(scope="module")
def path(eam):
    """A plane of copper opened rigidly, the structures bent off the straight path so that their slopes change."""
    crystal = equilibrium(eam, "Cu", "fcc")
    slab = cleavage_slab(crystal, (1, 1, 1), 4, conventional=conventional_cell(crystal))
    gaps = np.array([-0.1, 0.0, 0.1, 0.25, 0.4, 0.7])
    structures = [slab.opened(gap) for gap in gaps]
    for gap, atoms in zip(gaps, structures, strict=True):
        atoms.positions[1, 2] += 0.2 * np.sin(4 * gap)
        atoms.positions[2, 0] += 0.1 * gap**2
    return OpeningPath(eam, gaps, structures), structures


def test_at_its_places_the_path_has_the_potentials_own_energies(eam, path):
    known, structures = path
    found = known.evaluate([known.start(place) for place in known.places])
    expected = eam.evaluate(structures)
    np.testing.assert_allclose(found.energies, expected.energies, rtol=1e-12)
    np.testing.assert_allclose([f[:-1] for f in found.forces], expected.forces, atol=1e-9)
    for mine, theirs in zip(known.atoms([known.start(0.25)]), structures[3:4], strict=True):
        np.testing.assert_allclose(mine.get_all_distances(mic=True), theirs.get_all_distances(mic=True), atol=1e-9)


@pytest.mark.parametrize("place", [0.18, 0.9])
def test_forces_on_atoms_and_place_are_minus_the_gradient(path, place):
    """Taylor: the error of central differences falls as h²; beyond the ends, too."""
    known, _ = path
    random = np.random.default_rng(0)
    atoms = known.start(place)
    atoms.positions[:-1] += random.normal(0.0, 0.05, (len(atoms) - 1, 3))
    way = random.standard_normal((len(atoms), 3))
    way[-1, :2] = 0.0
    work = -float(np.sum(known.evaluate([atoms]).forces[0] * way))
    errors = []
    for step in (1e-2, 1e-3):
        moved = [atoms.copy(), atoms.copy()]
        for one, sign in zip(moved, (1, -1), strict=True):
            one.positions += sign * step * way
        ahead, back = known.evaluate(moved).energies
        errors.append(abs((ahead - back) / (2 * step) - work))
    assert errors[1] < errors[0] / 30 < 0.1 * abs(work)


class Loosening:
    """Transverse springs e^(−q/l) of all atoms, q how far the last atom is above the first; the cell does nothing."""

    name, elements, cutoff, fingerprint = "loosening", frozenset({18}), 1.0, "loosening"
    capabilities = Capabilities(interaction_range=1.0, stress=True)
    length = 1.0

    def evaluate(self, structures, *, site_energies=False, features=False):
        x = np.array([one.positions for one in structures])
        stiff = np.exp(-(x[:, -1, 2] - x[:, 0, 2]) / self.length)
        across = np.sum(x[..., :2] ** 2, axis=(1, 2))
        forces = np.zeros_like(x)
        forces[..., :2] = -stiff[:, None, None] * x[..., :2]
        forces[:, -1, 2] = 0.5 * stiff * across / self.length
        forces[:, 0, 2] = -forces[:, -1, 2]
        forces[:, 1:-1, 2] = -x[:, 1:-1, 2]
        energies = 0.5 * stiff * across + 0.5 * np.sum(x[:, 1:-1, 2] ** 2, axis=1)
        volume = structures[0].cell.volume
        return Evaluation(energies, tuple(forces), -np.einsum("rai,raj->rij", forces, x) / volume, Cost())


@pytest.mark.parametrize("method", ["umbrella", "metadynamics"])
def test_the_thermal_part_of_loosening_springs_is_exact(method):
    """F = kT Σ ½ ln k over 2N modes: −N kT q/l, and no static energy along the path."""
    count, places = 8, np.linspace(0.0, 0.4, 5)
    structures = [Atoms(f"Ar{count}", np.zeros((count, 3)), cell=[9.0, 9.0, 9.0]) for _ in places]
    for place, atoms in zip(places, structures, strict=True):
        atoms.positions[-1, 2] = place
    ends = np.eye(count, dtype=bool)
    found = thermal_part(
        Loosening(), places, structures, np.zeros(5), TEMPERATURE, 2e-14, 500, method=method, walkers=2,
        held=plane_distance(ends[0], ends[-1]), seed=1,
    )  # fmt: skip
    energy, error = found.at(np.array([0.0, 0.2, 0.4]))
    exact = -count * np.array([0.0, 0.2, 0.4]) / Loosening.length
    assert 0 < error.max() < 0.5 * THERMAL
    np.testing.assert_array_less(np.abs(energy / THERMAL - exact), 4.5 * error / THERMAL + 1e-9)
    assert found.temperature == pytest.approx(TEMPERATURE, rel=0.1)


def test_the_bulk_is_taken_away_once_and_the_rest_is_the_slope_by_the_excess_opening():
    """A slab whose thermal part is that of its bulk and a known function of δ: what is added to the tractions is its slope."""
    gap = np.concatenate([[-0.2, -0.1], np.linspace(0.0, 3.0, 25)])
    height = 2.0 + 0.2 * np.where(gap < 1.0, gap, np.exp(1.0 - gap))
    layers, cells, area, spacing = 4, 4, 6.0, 2.0
    rest = 0.5 * height  # the closed spacing is half a repeat of twice its height
    length = 8.0 + gap + layers * (height - 2.0) - rest + 1.0
    bulk = BulkBranch(np.linspace(0, 0.1, len(gap)), height, np.zeros(len(gap)), height / 2)
    slab = SlabBranch(gap, length, np.zeros(len(gap)), bulk.traction, bulk.traction, area, (4.0,))
    taken = 4 - 1.0 / 2.0 / 1.0
    opening = length - taken * height
    assert np.all(np.diff(opening) > 0)
    closed = int(np.flatnonzero(gap == 0)[0])
    added, of_bulk = (lambda d: 0.02 * (1 - np.exp(-(d**2)))), (lambda h: 0.3 * (h - 8.0) ** 2)
    at = np.linspace(gap[0], gap[-1], 400)
    delta, heights = CubicSpline(gap, opening)(at), 4 * CubicSpline(gap, height)(at)
    begin = opening[closed]
    slab_part = cells * area * added(delta - begin + 0.3) + taken / 4 * of_bulk(heights)
    bulk_at = np.linspace(heights.min(), heights.max(), 200)
    whole = ThermalPart(at, slab_part, np.tile(slab_part, (16, 1)), np.ones(400), TEMPERATURE)
    own = ThermalPart(bulk_at, of_bulk(bulk_at), np.tile(of_bulk(bulk_at), (16, 1)), np.ones(200), TEMPERATURE)
    found = warm_tractions(slab, bulk, whole, own, cells, 4)
    d = opening - begin + 0.3
    exact = 0.04 * d * np.exp(-(d**2))
    inside = slice(3, -2)
    np.testing.assert_allclose((found.law - bulk.traction)[inside], exact[inside], atol=2e-4)
    np.testing.assert_allclose(
        (found.bulk - bulk.traction)[inside], (0.6 * (4 * height - 8.0) / (cells * area))[inside], rtol=2e-2
    )
    assert np.abs(found.law_std).max() < 1e-12
    assert spacing == height[closed]


def test_heights_are_each_taken_once():
    bulk = BulkBranch(np.zeros(5), np.array([2.0, 2.3, 2.1, 2.1005, 2.0]), np.zeros(5), np.zeros(5))
    assert rising_heights(bulk).tolist() == [0, 2, 1]


def test_what_is_no_path_is_refused(eam, path):
    known, structures = path
    with pytest.raises(InputError, match="rising places"):
        OpeningPath(eam, known.places[::-1], structures)
    with pytest.raises(InputError, match="metadynamics"):
        thermal_part(eam, known.places, structures, np.zeros(6), TEMPERATURE, 1e-15, 100, method="hills")
