"""The shipped checks: every backend at hand, and deliberately broken potentials that must fail."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.lj import LennardJones

from atomistic import load_potential
from atomistic.potentials.check import check_potential
from atomistic.potentials.serial import SerialPotential
from atomistic.potentials.zbl import ZBL, SumPotential
from coupling.contracts import Evaluation, Potential
from coupling.errors import InputError
from coupling.wrapped import Wrapped


def failed(potential: Potential, structures: Sequence[Atoms] | None = None) -> set[str]:
    return {check.name for check in check_potential(potential, structures).failures}


def dense_copper() -> list[Atoms]:
    atoms = bulk("Cu", a=2.4) * (2, 2, 1)
    atoms.positions += np.random.default_rng(4).normal(scale=0.05, size=atoms.positions.shape)
    return [atoms]


def test_eam_and_zbl_pass(eam: Potential) -> None:
    assert check_potential(eam).passed
    assert check_potential(ZBL(), dense_copper()).passed
    assert isinstance(ZBL(), Potential)
    assert isinstance(SumPotential((eam, ZBL())), Potential)


def test_emt_jumps_at_its_cutoff(emt: Potential) -> None:
    assert failed(emt) == {"cutoff"}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_sevennet_collapses_without_the_prior(dtype: str) -> None:
    """7net-0 was trained near equilibrium: two atoms gain energy below half a bond."""
    model = load_potential("7net-0", device="cpu", dtype=dtype)
    report = check_potential(model)
    assert {check.name for check in report.failures} == {"repulsion"}
    assert "SumPotential((potential, ZBL()))" in str(report)
    together = SumPotential((model, ZBL()))
    assert together.capabilities.dtype == dtype
    assert check_potential(together).passed


def test_tblite_where_it_is_installed() -> None:
    pytest.importorskip("tblite")
    water = molecule("H2O", cell=np.eye(3) * 6, pbc=True)
    water.positions += np.random.default_rng(5).normal(scale=0.05, size=(3, 3))
    report = check_potential(load_potential("gfn2-xtb"), [water])
    assert {check.name for check in report.failures} <= {"extensivity", "translation"}  # Γ point; lattice sums
    assert not report["extensivity"].passed
    assert report["translation"].value < 1e-5


class Broken(Wrapped):
    """A sound potential whose answers are tampered with."""

    def __init__(self, inner: Potential, tamper: Callable[[Sequence[Atoms], Evaluation], Evaluation]) -> None:
        super().__init__(inner)
        self.name, self.tamper = "broken", tamper

    def evaluate(self, structures: Sequence[Atoms], **options: bool) -> Evaluation:
        return self.tamper(structures, super().evaluate(structures, **options))


def _moves_inputs(structures: Sequence[Atoms], found: Evaluation) -> Evaluation:
    for one in structures:
        one.positions += 1e-9
    return found


TAMPERS: dict[str, Callable[[Sequence[Atoms], Evaluation], Evaluation]] = {
    "forces": lambda s, e: replace(e, forces=tuple(1.01 * f for f in e.forces)),
    "stress": lambda s, e: replace(e, stresses=1.01 * e.stresses),
    "translation": lambda s, e: replace(e, energies=e.energies + [1e-4 * one.positions[0, 0] for one in s]),
    "rotation": lambda s, e: replace(e, energies=e.energies + [1e-4 * one.cell[0, 0] for one in s]),
    "permutation": lambda s, e: replace(e, forces=tuple(f + 1e-4 * np.arange(len(f))[:, None] for f in e.forces)),
    "extensivity": lambda s, e: replace(e, energies=e.energies + [1e-4 * len(one) ** 2 for one in s]),
    "batch": lambda s, e: replace(e, energies=e.energies + 1e-4 * len(s)),
    "inputs": _moves_inputs,
}


@pytest.mark.parametrize("name", TAMPERS)
def test_each_fault_is_found(eam: Potential, name: str) -> None:
    assert name in failed(Broken(eam, TAMPERS[name]))


def test_a_kink_at_the_cutoff_is_found() -> None:
    lj = LennardJones(sigma=2.3, epsilon=0.4, rc=5.0)
    assert "cutoff" in failed(SerialPotential("lj", frozenset({29}), 5.0, "", lj))
    smooth = LennardJones(sigma=2.3, epsilon=0.4, rc=5.0, ro=4.0, smooth=True)
    assert "cutoff" not in failed(SerialPotential("lj", frozenset({29}), 5.0, "", smooth))


def test_zbl_is_coulomb_close_up_and_ends_smoothly() -> None:
    """At a thousandth of an Å the screening is one less its initial slope."""
    z, r = np.array([29.0]), np.array([0.001])
    energy, _ = ZBL().pair(z, z, r)
    screening = 1 - (0.18175 * 3.1998 + 0.50986 * 0.94229 + 0.28022 * 0.4029 + 0.02817 * 0.20162) * 0.001 / (
        0.4685 / (2 * 29**0.23)
    )
    assert energy[0] == pytest.approx(14.3996 * 29**2 / 0.001 * screening, rel=2e-3)
    end = 0.8 * 2 * 1.32
    assert ZBL().pair(z, z, np.array([end]))[0][0] == 0
    assert 0 < ZBL().pair(z, z, np.array([end * 0.999]))[0][0] < 1e-6


def test_sums_add_and_say_what_they_lack(eam: Potential) -> None:
    (atoms,) = dense_copper()
    parts = [potential.evaluate([atoms]) for potential in (eam, ZBL())]
    found = SumPotential((eam, ZBL())).evaluate([atoms])
    assert found.energies[0] == pytest.approx(parts[0].energies[0] + parts[1].energies[0], abs=1e-12)
    np.testing.assert_allclose(found.stresses[0], parts[0].stresses[0] + parts[1].stresses[0], atol=1e-14)
    with pytest.raises(InputError, match="at least one term"):
        SumPotential(())
    with pytest.raises(InputError, match="no features"):
        ZBL().evaluate([atoms], features=True)


def test_eam_takes_its_elements_from_the_symbols(eam: Potential, eam_path: Path, tmp_path: Path) -> None:
    """Many published setfl files number their elements 1, 2, ...; LAMMPS reads the symbols."""
    lines = eam_path.read_text().splitlines()
    lines[5] = lines[5].replace("29", "1", 1)
    path = tmp_path / "numbered.eam.alloy"
    path.write_text("\n".join(lines) + "\n")
    copy = load_potential(str(path))
    assert copy.elements == {29}
    np.testing.assert_allclose(
        copy.evaluate(dense_copper()).energies, eam.evaluate(dense_copper()).energies, rtol=1e-14
    )
