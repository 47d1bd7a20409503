"""On a GPU the numbers are those of the CPU: every network, every property, and what is built on them.

They run where there is a CUDA device; `make test-gpu` promises one and fails without.
"""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk

from atomistic import load_potential
from atomistic.distil import Dataset, Settings, StructurePath, Student, distil
from atomistic.potentials.batched import BatchedPotential
from atomistic.relax import Constraints, relax
from atomistic.trust import LabelSet, fit_posterior
from atomistic.trust.finetune import Training, fine_tune
from coupling.contracts import Potential
from coupling.errors import InputError
from tests.atomistic.test_torchsim import lennard_jones
from tests.atomistic.test_trust_finetune import pairs as copper

pytestmark = pytest.mark.gpu

DEVICE = "cuda"
CLOSE = {"float32": 2e-4, "float64": 1e-8}
"""eV, eV/Å, eV/Å³ and the features' eV: sums in another order."""


def structures(seed: int = 0) -> list[Atoms]:
    """A crystal of two elements, one of one, a molecule and a lone atom."""
    rng = np.random.default_rng(seed)
    found = [bulk("NiAl", "cesiumchloride", a=2.88) * (2, 1, 1), bulk("Ni", a=3.6, cubic=True)]
    found.append(Atoms("Al3", [[0, 0, 0], [2.5, 0, 0], [0.4, 2.3, 0.5]]))
    for atoms in found:
        atoms.positions += rng.normal(scale=0.05, size=atoms.positions.shape)
    return [*found, Atoms("Ni", cell=[15.0, 15.0, 15.0], pbc=True)]


def require_equal(one: Any, other: Any, close: float) -> None:
    """Arrays, or sequences of arrays, of which some are not zero."""
    ours, theirs = (
        [np.asarray(part) for part in (each if isinstance(each, (list, tuple)) else [each])] for each in (one, other)
    )
    for mine, yours in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, yours, rtol=0, atol=close)
    assert max(np.nanmax(np.abs(part), initial=0.0) for part in theirs) > 100 * close


def require_same(here: Potential, there: Potential, given: list[Atoms], close: float) -> None:
    """Everything that the potential declares."""
    asked = {name: True for name in ("site_energies", "features") if getattr(here.capabilities, name)}
    assert there.device == DEVICE and here.device == "cpu" and here.fingerprint == there.fingerprint
    ours, theirs = (one.evaluate(given, **asked) for one in (there, here))
    for name in ("energies", "forces", "stresses", *asked):
        require_equal(getattr(ours, name), getattr(theirs, name), close)
    assert ours.cost.peak_memory_bytes > 0


@pytest.fixture(scope="module")
def pair() -> Callable[..., tuple[BatchedPotential, BatchedPotential]]:
    """A potential on the CPU and on the GPU."""

    def found(name: str, **options: Any) -> tuple[BatchedPotential, BatchedPotential]:
        return tuple(load_potential(name, device=device, **options) for device in ("cpu", DEVICE))

    return found


@pytest.fixture(scope="module")
def student(eam: Potential, tmp_path_factory: pytest.TempPathFactory) -> Student:
    """A small network that has hardly learnt."""
    paths = [StructurePath("strain", tuple(copper(4, seed))) for seed in range(3)]
    settings = Settings(channels=8, lmax=1, epochs=3, cutoff=4.0)
    return distil(eam, Dataset(*((path,) for path in paths)), settings, folder=tmp_path_factory.mktemp("student"))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("name", "modal"), [("7net-0", None), ("7net-l3i5", None), ("7net-mf-0", "PBE")])
def test_sevennet(pair: Any, name: str, modal: str | None, dtype: str) -> None:
    here, there = pair(name, dtype=dtype, **({"modal": modal} if modal else {}))
    require_same(here, there, structures(), CLOSE[dtype])
    require_same(here.with_all_layers(), there.with_all_layers(), structures(), CLOSE[dtype])


def test_chgnet(pair: Any) -> None:
    pytest.importorskip("chgnet", reason="chgnet is not installed")
    here, there = pair("chgnet")
    ours, theirs = (one.evaluate(structures()[:2]) for one in (there, here))
    for name in ("energies", "forces", "stresses"):
        require_equal(getattr(ours, name), getattr(theirs, name), CLOSE["float32"])


def test_mace(pair: Any, mace_file: Path) -> None:
    here, there = pair(f"mace:{mace_file}", trust=True)
    require_same(here, there, [bulk("Cu", a=3.7) * (2, 1, 1), *copper(2, 1)], CLOSE["float64"])


def test_models_of_torchsim() -> None:
    here, there = (lennard_jones(device, compute_forces=True, compute_stress=True) for device in ("cpu", DEVICE))
    require_same(here, there, copper(3, 2), CLOSE["float64"])


def test_students(student: Student, pair: Any) -> None:
    for dtype in ("float32", "float64"):
        require_same(*pair(str(student.checkpoint), dtype=dtype), copper(5, 7), CLOSE[dtype])


def test_labels_of_a_teacher(pair: Any) -> None:
    """A set for distillation that is labelled on the GPU."""
    paths = [StructurePath("rattle", tuple(copper(2, seed))) for seed in range(3)]
    dataset = Dataset(*((path,) for path in paths))
    labels = [next(iter(dataset.labelled(one).train)).labels for one in pair("7net-0", dtype="float64")]
    for name in ("energies", "forces", "stresses"):
        require_equal(getattr(labels[1], name), getattr(labels[0], name), CLOSE["float64"])


def test_derivatives_of_features(pair: Any) -> None:
    here, there = pair("7net-0", dtype="float64")
    given = structures()[:2]
    for ours, theirs in zip(there.feature_derivatives(given), here.feature_derivatives(given), strict=True):
        for name in ("sites", "positions", "strain"):
            require_equal(getattr(ours, name), getattr(theirs, name), CLOSE["float64"])


def test_weighted_sites(pair: Any) -> None:
    atoms = structures()[0]
    weights = np.linspace(0, 1, len(atoms))
    ours, theirs = (
        one.weighted_sites(atoms, weights).evaluate(atoms.positions + 0.01)
        for one in pair("7net-0", dtype="float64")[::-1]
    )
    for one, other in zip(ours, theirs, strict=True):
        require_equal(one, other, CLOSE["float64"])


def test_laws_of_crystals(pair: Any) -> None:
    strained = np.eye(3)[None] + 0.01 * np.arange(9.0).reshape(1, 3, 3)
    laws = [one.crystal_law(bulk("Ni", a=3.55)) for one in pair("7net-0", dtype="float64")]
    here, there = ((*law.evaluate(strained), law.tangents(strained)) for law in laws)
    for one, other in zip(there, here, strict=True):
        require_equal(one, other, 1e-6)


def test_relaxation(pair: Any) -> None:
    atoms = bulk("Cu", a=3.7) * (2, 2, 1)
    atoms.positions += np.random.default_rng(0).normal(scale=0.08, size=atoms.positions.shape)
    here, there = (
        relax(one, [atoms], Constraints(cell="full"), force=1e-4, stress=1e6) for one in pair("7net-0", dtype="float64")
    )
    np.testing.assert_allclose(there.energies, here.energies, rtol=0, atol=1e-6)
    np.testing.assert_allclose(there.structures[0].cell.array, here.structures[0].cell.array, rtol=0, atol=1e-3)


def test_posterior_and_fine_tuning(student: Student, eam: Potential, pair: Any) -> None:
    labels, asked = LabelSet.made(eam, copper(12, 5)), copper(4, 11)
    posteriors = [fit_posterior(one, labels) for one in pair(str(student.checkpoint), dtype="float64")]
    here, there = (one.predict(asked) for one in posteriors)
    for name in ("energies", "energy_variances", "forces", "force_sigmas"):
        require_equal(getattr(there, name), getattr(here, name), 1e-6)
    tuned = [fine_tune(one, Training(steps=8, rate=1e-3)).evaluate(asked) for one in posteriors]
    require_equal(tuned[1].energies, tuned[0].energies, 1e-6)
    require_equal(tuned[1].forces, tuned[0].forces, 1e-6)


def test_halves_of_a_batch_where_the_memory_ends() -> None:
    """The memory of the process is limited to what a quarter of the batch needs."""
    given = [bulk("Ni", a=3.5 + 0.01 * k) * (4, 4, 4) for k in range(8)]
    potential = load_potential("7net-0", device=DEVICE)
    whole = potential.evaluate(given)
    assert whole.cost.batches == 1
    total = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(0.4 * whole.cost.peak_memory_bytes / total)
    try:
        before = potential.batch_pairs
        parts = potential.evaluate(given)
        with pytest.raises(InputError, match="does not fit in the memory"):
            potential.evaluate([bulk("Ni", a=3.5) * (10, 10, 10)])
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
        torch.cuda.empty_cache()
    assert parts.cost.batches > 1 and potential.batch_pairs < before
    require_equal(parts.energies, whole.energies, CLOSE["float32"])
    require_equal(parts.forces, whole.forces, CLOSE["float32"])


@pytest.mark.parametrize("name", ["7net-0", "7net-l3i5"])
def test_memory_is_not_more_than_predicted(name: str) -> None:
    potential, atoms = load_potential(name, device=DEVICE), bulk("Ni", a=3.52) * (6, 6, 6)
    atoms.rattle(0.02, seed=0)
    potential.evaluate([bulk("Ni")])
    held = torch.cuda.memory_allocated()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        needed = potential.evaluate([atoms]).cost.peak_memory_bytes - held
    assert 0.2 < needed / potential.predicted_memory(atoms) < 1.1
