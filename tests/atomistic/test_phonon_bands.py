"""phonopy against this package's own force constants, which use no symmetry: harmonic crystals exactly, others to O(d²)."""

from collections.abc import Sequence

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from atomistic.properties.bulk import equilibrium
from atomistic.properties.phonon import phonons
from atomistic.properties.phonon_bands import LatticeDynamics, lattice_dynamics
from coupling.contracts import Capabilities, Cost, Evaluation, FloatArray, Potential
from coupling.errors import InputError, MissingBackend

REPEATS = (3, 3, 3)


class Springs:
    """A crystal of linear springs along the bonds to first neighbours: forces are exactly −K u.

    Args:
        atoms: The cell.
        reach: Å, beyond which there is no spring.
    """

    name, elements, cutoff, fingerprint = "springs", frozenset(range(1, 119)), 5.0, "springs 1"
    capabilities = Capabilities(interaction_range=5.0)

    def __init__(self, atoms: Atoms, reach: float) -> None:
        from ase.neighborlist import neighbor_list

        self.rest = atoms * REPEATS
        i, j, d = neighbor_list("ijD", self.rest, reach)
        unit = d / np.linalg.norm(d, axis=1)[:, None]
        stiffness = 1.5 + 0.1 * (self.rest.numbers[i] + self.rest.numbers[j]) / 2  # eV/Å², the same for both ends
        blocks = stiffness[:, None, None] * unit[:, :, None] * unit[:, None, :]
        n = len(self.rest)
        matrix = np.zeros((n, n, 3, 3))
        np.add.at(matrix, (i, j), -blocks)
        np.add.at(matrix, (i, i), blocks)
        self.matrix = matrix.transpose(0, 2, 1, 3).reshape(3 * n, 3 * n)

    def evaluate(
        self, structures: Sequence[Atoms], *, site_energies: bool = False, features: bool = False
    ) -> Evaluation:
        found = [self._one(atoms) for atoms in structures]
        energies, forces = zip(*found, strict=True)
        return Evaluation(np.array(energies), forces, np.zeros((len(found), 3, 3)), Cost(structures=len(found)))

    def _one(self, atoms: Atoms) -> tuple[float, FloatArray]:
        order = self._order(atoms)
        moved = atoms.get_scaled_positions(wrap=False)[order] - self.rest.get_scaled_positions(wrap=False)
        u = ((moved - np.rint(moved)) @ atoms.cell.array).ravel()
        pulled = -self.matrix @ u
        forces = np.empty((len(atoms), 3))
        forces[order] = pulled.reshape(-1, 3)
        return -0.5 * float(u @ pulled), forces

    def _order(self, atoms: Atoms) -> np.ndarray:
        """Which atom sits at each place of the crystal at rest: the nearest."""
        apart = atoms.get_scaled_positions()[None] - self.rest.get_scaled_positions()[:, None]
        apart = (apart - np.rint(apart)) @ atoms.cell.array
        return np.linalg.norm(apart, axis=2).argmin(axis=1)


def dynamics(potential: Potential, atoms: Atoms, displacement: float = 0.02) -> LatticeDynamics:
    pytest.importorskip("phonopy", reason="phonopy is not installed")
    return lattice_dynamics(potential, atoms, repeats=REPEATS, displacement=displacement)


CRYSTALS = {"fcc": (bulk("Cu", "fcc", a=3.6), 2.7), "hcp": (bulk("Mg", "hcp", a=3.2, c=5.2), 3.4),
            "zincblende": (bulk("GaAs", "zincblende", a=5.65), 4.1)}  # fmt: skip


@pytest.mark.parametrize("crystal", CRYSTALS)
def test_a_harmonic_crystal_has_the_same_frequencies_with_and_without_symmetry(crystal: str) -> None:
    atoms, reach = CRYSTALS[crystal]
    springs = Springs(atoms, reach)
    own, bridged = phonons(springs, atoms, repeats=REPEATS), dynamics(springs, atoms)
    squared, other = own.frequencies**2, bridged.frequencies(own.wave_vectors) ** 2
    np.testing.assert_allclose(other, squared, atol=1e-9 * squared.max())
    assert bridged.displacements < bridged.without_symmetry / 2
    assert bridged.without_symmetry == 6 * len(atoms)


def test_a_potential_agrees_to_the_second_order_of_the_displacement(eam: Potential) -> None:
    copper = equilibrium(eam, "Cu", "fcc", tolerance=1e2)
    exact = phonons(eam, copper, repeats=REPEATS, displacement=2e-3)
    top = exact.largest.value
    off = [np.abs(dynamics(eam, copper, d).frequencies(exact.wave_vectors[1:]) - exact.frequencies[1:]).max() / top
           for d in (0.08, 0.04)]  # fmt: skip
    assert off[1] < 1e-3
    assert off[0] / off[1] == pytest.approx(4, rel=0.1)


def test_bands_join_the_supercells_wave_vectors_and_begin_with_sound(eam: Potential) -> None:
    copper = equilibrium(eam, "Cu", "fcc", tolerance=1e2)
    found = dynamics(eam, copper)
    bands = found.bands("GX", 61)
    assert [name for name, _ in bands.labels] == ["G", "X"]
    assert bands.frequencies.shape == (61, 3) and np.all(np.diff(bands.frequencies, axis=1) >= 0)
    np.testing.assert_allclose(bands.frequencies[0], 0, atol=0.02)
    two_thirds = phonons(eam, copper, repeats=REPEATS).frequencies.reshape(3, 3, 3, 3)[1, 0, 1]
    np.testing.assert_allclose(bands.frequencies[40], two_thirds, rtol=1e-3)
    whole = found.bands()
    assert {"G", "X", "L"} <= {name for name, _ in whole.labels} and len(whole.distances) == 200
    with pytest.raises(InputError, match="special points are .*G.*X"):
        found.bands("GQ")


def test_the_density_of_states_holds_all_modes(eam: Potential) -> None:
    copper = equilibrium(eam, "Cu", "fcc", tolerance=1e2)
    found = dynamics(eam, copper).density_of_states((12, 12, 12), 300)
    modes = np.trapezoid(found.density, found.frequencies)
    assert modes == pytest.approx(3, rel=2e-3)
    squares = phonons(eam, copper, repeats=REPEATS).frequencies ** 2
    assert np.trapezoid(found.density * found.frequencies**2, found.frequencies) == pytest.approx(
        squares.sum(axis=1).mean(),
        rel=5e-3,  # the trace of the dynamical matrix at R = 0
    )
    with pytest.raises(InputError, match="mesh"):
        dynamics(eam, copper).density_of_states((0, 1, 1))


def test_without_phonopy_the_sentence_has_its_command(eam: Potential, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("atomistic.properties.phonon_bands.find_spec", lambda name: None)
    with pytest.raises(MissingBackend, match=r"pip install 'multiscale-coupling\[phonopy\]'$"):
        lattice_dynamics(eam, bulk("Cu"))
    with pytest.raises(InputError, match="periodic"):
        lattice_dynamics(eam, Atoms("Cu"))
