"""Checkpoints of other packages by path: a random MACE model for real, the rest by their refusals."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from ase.build import bulk

from atomistic import list_potentials, load_potential
from atomistic.potentials import checkpoints
from atomistic.potentials.check import check_potential
from atomistic.potentials.sevennet import loader
from coupling.errors import InputError, MissingBackend

KINDS = ("mace", "nequip", "metatomic", "orb")


def test_a_mace_model_keeps_the_contract(mace_file: Path) -> None:
    potential = load_potential(f"mace:{mace_file}", device="cpu", trust=True)
    assert potential.elements == {13, 29}
    assert (potential.cutoff, potential.dtype) == (4.5, "float64")
    assert check_potential(potential).passed


def test_a_mace_model_agrees_with_maces_own_calculator(mace_file: Path) -> None:
    """Independent code: MACE's ASE calculator with its own neighbour list."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mace.calculators import MACECalculator

        theirs = MACECalculator(model_paths=str(mace_file), device="cpu", default_dtype="float64")
    atoms = bulk("Cu", a=3.7) * (2, 2, 1)
    atoms.symbols[1] = "Al"
    atoms.positions += np.random.default_rng(0).normal(scale=0.05, size=atoms.positions.shape)
    found = load_potential(f"mace:{mace_file}", device="cpu", trust=True).evaluate([atoms])
    atoms.calc = theirs
    assert found.energies[0] == pytest.approx(atoms.get_potential_energy(), abs=1e-9)
    np.testing.assert_allclose(found.forces[0], atoms.get_forces(), atol=1e-9)
    np.testing.assert_allclose(found.stresses[0], atoms.get_stress(voigt=False), atol=1e-10)


def test_a_broken_mace_file_is_one_sentence(mace_file: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.model"
    broken.write_bytes(mace_file.read_bytes()[:500])
    with pytest.raises(InputError, match="is damaged"):
        load_potential(f"mace:{broken}", device="cpu", trust=True)


@pytest.mark.parametrize("kind", ["mace", "nequip", "metatomic"])
def test_a_file_that_is_a_program_needs_trust(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.save(torch.nn.Linear(1, 1), path)
    with pytest.raises(InputError, match="pass trust=True"):
        getattr(checkpoints, f"load_{kind}")(f"{kind}:{path}", "cpu", None)


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def flipped(data: bytes) -> bytes:
    return data[:400] + bytes([data[400] ^ 1]) + data[401:]


def garbage(data: bytes) -> bytes:
    return bytes(reversed(data))


@pytest.mark.parametrize("harm", [cut, flipped, garbage, lambda data: b""])
@pytest.mark.parametrize("archive", [True, False])
@pytest.mark.parametrize("kind", [*KINDS, "sevennet"])
def test_a_damaged_checkpoint_is_called_damaged(kind: str, archive: bool, harm, tmp_path: Path) -> None:
    """It was said to hold more than weights, with the advice to switch the protection off."""
    if harm is flipped and not archive:
        pytest.skip("the older form has no checksums")
    path = tmp_path / "model.pth"
    torch.save(torch.nn.Linear(1, 1), path, _use_new_zipfile_serialization=archive)
    path.write_bytes(harm(path.read_bytes()))
    load = loader.load if kind == "sevennet" else getattr(checkpoints, f"load_{kind}")
    name = str(path) if kind == "sevennet" else f"{kind}:{path}"
    with pytest.raises(InputError, match="is damaged") as caught:
        load(name, "cpu", None)
    assert "trust" not in str(caught.value)


@pytest.mark.parametrize("archive", [True, False])
def test_weights_in_either_form_are_safe_and_a_program_is_not(archive: bool, tmp_path: Path) -> None:
    torch.save({"weights": torch.zeros(3)}, tmp_path / "weights.pth", _use_new_zipfile_serialization=archive)
    loader.require_safe(tmp_path / "weights.pth")
    torch.save(torch.nn.Linear(1, 1), tmp_path / "program.pth", _use_new_zipfile_serialization=archive)
    with pytest.raises(InputError, match="more than weights"):
        loader.require_safe(tmp_path / "program.pth")


def test_pickled_orb_weights_need_trust(tmp_path: Path) -> None:
    path = tmp_path / "orb.ckpt"
    torch.save(torch.nn.Linear(1, 1), path)
    with pytest.raises(InputError, match="trust=True"):
        checkpoints.load_orb(f"orb:{path}", "cpu", None)


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_package_is_named_with_its_extra(kind: str, tmp_path: Path) -> None:
    entry = next(entry for entry in list_potentials() if entry.name == f"{kind}:*")
    with pytest.raises(InputError, match="does not exist"):
        load_potential(f"{kind}:{tmp_path / 'nothing'}")
    if entry.available:
        pytest.skip(f"{entry.requires[0]} is installed")
    path = tmp_path / "model.pt"
    path.write_bytes(b"whatever")
    with pytest.raises(MissingBackend, match=rf"multiscale-coupling\[{kind}\]"):
        load_potential(f"{kind}:{path}", trust=True)


def test_chgnet_where_it_is_installed() -> None:
    """It passes all but the short range; the stress by central differences, as its energy is very anharmonic."""
    pytest.importorskip("chgnet", reason="chgnet is not installed")
    potential = load_potential("chgnet", device="cpu")
    report = check_potential(potential)
    assert {check.name for check in report.failures} <= {"stress", "repulsion"}
    atoms = bulk("Cu", a=3.65) * (2, 2, 1)
    atoms.positions += np.random.default_rng(0).normal(scale=0.05, size=atoms.positions.shape)
    direction = np.random.default_rng(2).normal(size=(3, 3))
    bent = []
    for h in (2.5e-3, -2.5e-3, 5e-3, -5e-3):
        bent.append(atoms.copy())
        bent[-1].set_cell(atoms.cell.array @ (np.eye(3) + h * direction), scale_atoms=True)
    energies = potential.evaluate(bent).energies
    slopes = (energies[0] - energies[1]) / 5e-3, (energies[2] - energies[3]) / 1e-2
    work = float(np.vdot(potential.evaluate([atoms]).stresses[0], direction)) * atoms.get_volume()
    assert (4 * slopes[0] - slopes[1]) / 3 == pytest.approx(work, rel=0.01)


def test_a_calculator_that_knows_only_crystals_gets_vacuum() -> None:
    """A slab without periodicity along its normal: its own vacuum of any size gives the same answer."""
    pytest.importorskip("chgnet", reason="chgnet is not installed")
    potential = load_potential("chgnet", device="cpu")
    slab = bulk("Al", "fcc", a=4.05, cubic=True)
    slab.pbc = (True, True, False)
    taller = slab.copy()
    taller.cell[2, 2] = 30.0
    found = potential.evaluate([slab, taller])
    assert found.energies[0] == pytest.approx(found.energies[1], abs=1e-5)
    np.testing.assert_allclose(found.stresses[0] * 4.05, found.stresses[1] * 30.0, atol=1e-4)
