"""Embedded-atom files are read, interpolated and continued as LAMMPS does it; `benchmarks.eam_lammps` asks LAMMPS itself."""

import itertools
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from atomistic import load_potential
from atomistic.potentials.neighbours import neighbour_pairs
from atomistic.potentials.splines import UniformTable
from coupling.errors import InputError

DENSITIES, DENSITY_STEP, DISTANCES, DISTANCE_STEP, CUTOFF = 12, 0.7, 40, 0.1, 4.0
"""Coarse, so that another interpolation differs by far; the distances end before the cutoff, their functions not at zero."""
_R = DISTANCE_STEP * np.arange(DISTANCES)
EMBEDDING = [-np.sqrt(DENSITY_STEP * np.arange(DENSITIES)) * (1 + 0.3 * k) for k in range(2)]
DENSITY = [[(4.1 - _R) ** 2 * (1 + 0.7 * a + 0.2 * b) / 20 for b in range(2)] for a in range(2)]
REPULSION = {(a, b): (4.1 - _R) ** 3 * _R * (1 + 0.5 * a + 0.3 * b) / 40 for a in range(2) for b in range(a + 1)}


def rows(values: np.ndarray) -> list[str]:
    return [f"{value:.17g}" for value in values]


def setfl(finnis_sinclair: bool = False) -> list[str]:
    lines = ["first", "second", "third", "2 Ni Al", f"{DENSITIES} {DENSITY_STEP} {DISTANCES} {DISTANCE_STEP} {CUTOFF}"]
    for k, number in enumerate((28, 13)):
        lines += [f"{number} 50.0 3.5 fcc", *rows(EMBEDDING[k])]
        for b in range(2 if finnis_sinclair else 1):
            lines += rows(DENSITY[k][b])
    return lines + [row for values in REPULSION.values() for row in rows(values)]


def funcfl() -> list[str]:
    grid = f"{DENSITIES} {DENSITY_STEP} {DISTANCES} {DISTANCE_STEP} {CUTOFF}"
    return [
        "first",
        "28 58.7 3.5 fcc",
        grid,
        *rows(EMBEDDING[0]),
        *rows(np.sqrt(_R * (4.1 - _R))),
        *rows(DENSITY[0][0]),
    ]


FORMS = {".eam.alloy": setfl(), ".eam.fs": setfl(True), ".eam": funcfl()}


def written(folder: Path, lines: list[str], suffix: str = ".eam.alloy") -> str:
    path = folder / f"file{suffix}"
    path.write_bytes("\n".join([*lines, ""]).encode("latin-1"))
    return str(path)


def crystal(scale: float, suffix: str = ".eam.alloy") -> Atoms:
    elements = ["Ni"] if suffix == ".eam" else ["Ni", "Al"]
    rng = np.random.default_rng(4)
    atoms = bulk("Ni", "fcc", a=3.5 * scale, cubic=True)
    atoms.symbols = rng.permutation(np.resize(elements, 4))
    atoms.positions += rng.normal(scale=0.1, size=(4, 3))
    return atoms


def interpolated(values: np.ndarray, step: float, x: float, limit: float = np.inf) -> tuple[float, float]:
    """Value and slope at one place by Hermite's form, the slopes point by point."""
    last = len(values) - 1

    def slope(m: int) -> float:
        if m in (0, last):
            return values[min(m + 1, last)] - values[max(m - 1, 0)]
        if m in (1, last - 1):
            return (values[m + 1] - values[m - 1]) / 2
        return (values[m - 2] - 8 * values[m - 1] + 8 * values[m + 1] - values[m + 2]) / 12

    m = min(int(x / step), last - 1)
    t = min(x / step - m, 1.0)
    ends = np.array([values[m], slope(m), values[m + 1], slope(m + 1)])
    value = ends @ [1 - 3 * t**2 + 2 * t**3, t - 2 * t**2 + t**3, 3 * t**2 - 2 * t**3, t**3 - t**2]
    rate = ends @ [6 * t**2 - 6 * t, 1 - 4 * t + 3 * t**2, 6 * t - 6 * t**2, 3 * t**2 - 2 * t] / step
    return value + rate * max(x - limit, 0.0), rate


@cache
def reference(scale: float, suffix: str) -> tuple[float, np.ndarray, float]:
    """Energy, forces and the largest density of a crystal by loops over all pairs."""
    atoms = crystal(scale, suffix)
    kinds, count = [("Ni", "Al").index(symbol) for symbol in atoms.symbols], len(atoms)
    short = slice(None, -1) if suffix == ".eam" else slice(None)  # LAMMPS leaves the last points of funcfl files out
    pairs = [
        (i, j, vector)
        for shift in itertools.product(range(-3, 4), repeat=3)
        for i in range(count)
        for j in range(count)
        if 0 < np.linalg.norm(vector := atoms.positions[j] + shift @ atoms.cell.array - atoms.positions[i]) < CUTOFF
    ]

    def density(neighbour: int, centre: int, r: float) -> tuple[float, float]:
        table = DENSITY[neighbour][centre if suffix == ".eam.fs" else 0]
        return interpolated(table[short], DISTANCE_STEP, r)

    def pair(a: int, b: int, r: float) -> tuple[float, float]:
        charge = REPULSION[max(a, b), min(a, b)] if suffix != ".eam" else 27.2 * 0.529 * _R * (4.1 - _R)
        value, slope = interpolated(charge[short], DISTANCE_STEP, r)
        return value / r, (slope - value / r) / r

    total = np.zeros(count)
    for i, j, vector in pairs:
        total[i] += density(kinds[j], kinds[i], np.linalg.norm(vector))[0]
    limit = (DENSITIES - 1) * DENSITY_STEP
    embedded = [interpolated(EMBEDDING[kinds[i]][short], DENSITY_STEP, total[i], limit) for i in range(count)]
    energy, forces = sum(value for value, _ in embedded), np.zeros((count, 3))
    for i, j, vector in pairs:
        r, a, b = np.linalg.norm(vector), kinds[i], kinds[j]
        energy += pair(a, b, r)[0] / 2
        tension = embedded[i][1] * density(b, a, r)[1] + embedded[j][1] * density(a, b, r)[1] + pair(a, b, r)[1]
        forces[i] += tension * vector / r
    return energy, forces, total.max()


@pytest.mark.parametrize("scale", [0.6, 0.8, 1.0, 1.3])
@pytest.mark.parametrize("suffix", FORMS)
def test_energies_and_forces_follow_the_published_interpolation(suffix, scale, tmp_path):
    potential = load_potential(written(tmp_path, FORMS[suffix], suffix))
    atoms = crystal(scale, suffix)
    found = potential.evaluate([atoms])
    energy, forces, density = reference(scale, suffix)
    assert found.energies[0] == pytest.approx(energy, rel=1e-12)
    np.testing.assert_allclose(found.forces[0], forces, atol=1e-11 * max(1.0, np.abs(forces).max()))
    assert (density > (DENSITIES - 1) * DENSITY_STEP) == (scale < 0.7)  # beyond the table where it is compressed
    sites = potential.weighted_sites(atoms, np.ones(4)).evaluate(atoms.positions)
    assert sites[0] == pytest.approx(energy, rel=1e-12)
    np.testing.assert_allclose(sites[1], forces, atol=1e-11 * max(1.0, np.abs(forces).max()))


def test_a_compressed_crystal_has_consistent_derivatives(tmp_path):
    """Beyond the last density stresses and the closed form's tangents are still derivatives."""
    to_the_last_distance = replaced(4, GRID.replace("4.0", "3.9"))(setfl())  # beyond it LAMMPS gives no derivatives
    potential, atoms = load_potential(written(tmp_path, to_the_last_distance)), bulk("Ni", "fcc", a=3.5)
    law, rng, step = potential.crystal_law(atoms), np.random.default_rng(3), 1e-6
    strain, shift = 0.6 * np.eye(3) + 0.01 * rng.normal(size=(3, 3)), rng.normal(size=(3, 3))
    distances = np.linalg.norm(neighbour_pairs(Atoms("Ni", cell=atoms.cell @ strain.T, pbc=True), 3.9)[2], axis=1)
    kind = np.zeros(len(distances), dtype=int)
    density = potential.functions.density(kind, kind, distances)[0].sum(keepdims=True)
    assert density > (DENSITIES - 1) * DENSITY_STEP
    assert potential.functions.stiffening(0, density) == 0
    energies, stresses = law.evaluate(np.array([strain + step * shift, strain - step * shift]))
    slope = (law.evaluate(strain[None])[1][0] * shift).sum()
    assert (energies[0] - energies[1]) / (2 * step) == pytest.approx(slope, rel=1e-7)
    tangent = np.einsum("ijkl,kl->ij", law.tangents(strain[None])[0], shift)
    np.testing.assert_allclose((stresses[0] - stresses[1]) / (2 * step), tangent, rtol=1e-6, atol=1e-6)


def test_beyond_the_last_density_the_embedding_is_its_tangent():
    values = np.log1p(np.arange(9.0))
    table, last = UniformTable(0.5, values, limit=4.0), values[-1] - values[-2]
    value, slope = table(np.array([4.0 - 1e-9, 4.0, 4.0 + 1e-9, 5.0, 24.0]))
    np.testing.assert_allclose(value, values[-1] + 2 * last * np.array([-1e-9, 0, 1e-9, 1, 20]), rtol=1e-13)
    np.testing.assert_allclose(slope, 2 * last, rtol=1e-7)


def test_a_table_is_smooth_keeps_its_points_and_is_exact_for_cubics_inside():
    step, x = 0.3, np.linspace(0.61, 2.09, 40)  # grid 0 to 2.7; slopes are of five points from 0.6 to 2.1
    cubic = np.polynomial.Polynomial([1.0, -2.0, 0.5, 0.3])
    table = UniformTable(step, cubic(step * np.arange(10)))
    for order, found in enumerate((*table(x), table.curvature(x))):
        np.testing.assert_allclose(found, cubic.deriv(order)(x) if order else cubic(x), rtol=1e-11)
    rough = UniformTable(step, np.random.default_rng(0).normal(size=10))
    knots = step * np.arange(1, 9)
    for before, after in zip(rough(knots * (1 - 1e-12)), rough(knots * (1 + 1e-12)), strict=True):
        np.testing.assert_allclose(before, after, atol=1e-9)


@pytest.mark.parametrize("suffix", [
    ".eam.alloy", ".EAM.ALLOY", ".alloy", ".Alloy", ".setfl", ".SETFL", ".eam.setfl", ".eam.fs", ".FS", ".fs", ".eam", ".EAM",
])  # fmt: skip
def test_the_suffix_tells_the_format_in_any_case(suffix, tmp_path):
    form = next(form for form in (".eam.fs", ".eam", ".eam.alloy") if form.endswith(suffix.lower()[-3:]) or "l" in form)
    potential = load_potential(written(tmp_path, FORMS[form], suffix))
    found = potential.evaluate([crystal(1.0, form)]).energies[0]
    assert found == pytest.approx(reference(1.0, form)[0], rel=1e-12)


def replaced(at: int, text: str) -> Callable[[list[str]], list[str]]:
    return lambda lines: [*lines[:at], text, *lines[at + 1 :]]


def appended(at: int, text: str) -> Callable[[list[str]], list[str]]:
    return lambda lines: replaced(at, lines[at] + text)(lines)


GRID = f"{DENSITIES} {DENSITY_STEP} {DISTANCES} {DISTANCE_STEP} {CUTOFF}"
READ = {
    "comment behind an element": appended(5, " # nickel, fcc"),
    "comment behind the symbols": appended(3, " # of the 2 elements"),
    "comment and blank lines in a table": lambda lines: [*lines[:9], "# F", "", " \t", *lines[9:]],
    "Latin-1 in the head": replaced(1, "café, Ångström"),
    "Latin-1 in a comment": appended(5, " # café"),
    "Latin-1 for a lattice": replaced(5, "28 58.7 3.5 cúbico"),
    "no lattice": replaced(5, "28 58.7"),
    "one value too many in a line": appended(5 + DENSITIES, " 9.0"),
    "one value too many at the end": lambda lines: [*lines, "9.0"],
    "a table in one line": lambda lines: [*lines[:6], " ".join(lines[6 : 6 + DENSITIES]), *lines[6 + DENSITIES :]],
    "sizes in two lines": lambda lines: [*lines[:4], *GRID.split(" ", 1), *lines[5:]],
    "Windows' ends of lines": lambda lines: [line + "\r" for line in lines],
    "any number for an element": replaced(5, "1 58.7 3.5 fcc"),
    "units": replaced(0, "DATE: 2000-01-01 UNITS: metal"),
    "capital symbols": replaced(3, "2 NI AL"),
}  # fmt: skip


@pytest.mark.parametrize("change", READ.values(), ids=READ.keys())
@pytest.mark.parametrize("suffix", [".eam.alloy", ".eam.fs"])
def test_what_lammps_reads_is_read(suffix, change, tmp_path):
    found = load_potential(written(tmp_path, change(FORMS[suffix]), suffix))
    assert found.elements == {28, 13}
    assert found.evaluate([crystal(1.0)]).energies[0] == pytest.approx(reference(1.0, suffix)[0], rel=1e-12)


def test_a_file_in_kilocalories_is_converted(tmp_path):
    found = load_potential(written(tmp_path, replaced(0, "UNITS: real")(setfl()))).evaluate([crystal(1.0)])
    assert found.energies[0] * 23.060549 == pytest.approx(reference(1.0, ".eam.alloy")[0], rel=1e-12)


def test_a_pole_at_zero_does_no_harm(tmp_path):
    """Many files say inf or nan at r = 0, and log 0 at ρ = 0; no atom is there."""
    first_density = 6 + DENSITIES
    lines = replaced(first_density, "inf")(replaced(6, "nan")(setfl()))
    assert load_potential(written(tmp_path, lines)).evaluate([crystal(0.8)]).energies[0] == pytest.approx(
        reference(0.8, ".eam.alloy")[0], rel=1e-12
    )


REFUSED = {
    "too short a table": (
        lambda lines: lines[:-1],
        "ends within the pair function of elements 2 and 2, after 39 of 40",
    ),
    "a value in a line of its own": (
        lambda lines: [*lines[:9], "0.5", *lines[9:]],
        "number of element 2 is .* not an integer",
    ),
    "Fortran's exponents": (replaced(9, "-1.0D+00"), "line 10, within the embedding .* '-1.0D\\+00' is not a number"),
    "an underscore": (replaced(9, "1_0"), "'1_0' is not a number"),
    "nan inside": (replaced(9, "nan"), "embedding function of element 1 is not finite"),
    "fewer symbols": (replaced(3, "2 Ni"), "announces 2 elements and names 1"),
    "no element": (replaced(3, "2 Ni Xx"), "'Xx' is not a chemical symbol"),
    "a fractional length": (replaced(4, "12.0 0.7 40 0.1 4.0"), "length of a table is '12.0'"),
    "no spacing": (replaced(4, "12 0.7 40 0.0 4.0"), "must be positive and finite"),
    "two points": (
        lambda lines: [*lines[:3], "1 Ni", "2 0.7 40 0.1 4.0", lines[5], "0", "1", *rows(_R), *rows(_R)],
        "2 densities and 40 distances, at least 3",
    ),
    "unknown units": (replaced(0, "UNITS: si"), "units 'si'; valid: metal, real"),
    "three lines": (lambda lines: lines[:2], "ends after 3 lines"),
    "another format": (lambda _: funcfl(), "cannot be read as eam/alloy"),
}


@pytest.mark.parametrize(("change", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_lammps_refuses_is_refused_with_one_sentence(change, words, tmp_path):
    with pytest.raises(InputError, match=words) as refused:
        load_potential(written(tmp_path, change(setfl())))
    assert "suffix of its own format" in str(refused.value)
    assert "\n" not in str(refused.value)
