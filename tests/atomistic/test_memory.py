"""Memory is predicted, and what does not fit is refused before it starts."""

import io
import os

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from atomistic import load_potential
from atomistic.potentials.batched import BatchedPotential, BatchOutput
from atomistic.potentials.memory import available_memory, require_memory
from coupling.errors import InputError


def forbidden(structures: list[Atoms]) -> BatchOutput:
    raise AssertionError("the model was called")


def test_too_large_is_refused_without_calling_the_model() -> None:
    potential = BatchedPotential("m", frozenset({28}), 5.0, "", forbidden, "cpu", "float32", 1e3, bytes_per_pair=1e9)
    with pytest.raises(InputError, match=r"Structure 1 of 2, of 64 atoms, needs about \d+(\.\d+)?(e\+\d+)? GiB"):
        potential.evaluate([bulk("Ni"), bulk("Ni") * (4, 4, 4)])


def test_prediction_grows_with_the_atoms_and_the_precision() -> None:
    single, double = (load_potential("7net-0", device="cpu", dtype=dtype) for dtype in ("float32", "float64"))
    small, large = bulk("Ni") * (2, 2, 2), bulk("Ni") * (4, 4, 4)
    assert single.predicted_memory(large) == pytest.approx(8 * single.predicted_memory(small), rel=1e-6)
    assert double.predicted_memory(small) == 2 * single.predicted_memory(small)
    assert 2 < single.predicted_memory(large) / 64 / 2**20 < 4  # MiB per atom, as measured: 2.6


def test_what_nobody_measured_is_not_predicted() -> None:
    potential = BatchedPotential("m", frozenset({28}), 5.0, "", forbidden, "cpu", "float32", 1e3)
    with pytest.raises(InputError, match="has not been measured"):
        potential.predicted_memory(bulk("Ni"))


def test_what_is_available_is_what_the_system_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """MemAvailable in bytes; without it, no bound."""
    assert 0 < available_memory("cpu") <= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    told = "MemTotal:  500 kB\nMemFree:  3 kB\nMemAvailable:  7 kB\n"
    monkeypatch.setattr("atomistic.potentials.memory.open", lambda path: io.StringIO(told), raising=False)
    assert available_memory("cpu") == 7 * 1024
    without = "MemTotal:  500 kB\n"
    monkeypatch.setattr("atomistic.potentials.memory.open", lambda path: io.StringIO(without), raising=False)
    assert available_memory("cpu") == np.inf


def test_what_fits_in_the_memory_is_not_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound is the memory that is available: a byte more is refused, and the largest structure decides."""
    monkeypatch.setattr("atomistic.potentials.memory.available_memory", lambda device: 2.0**30)
    structures = [bulk("Ni"), bulk("Ni") * (2, 1, 1)]
    require_memory([1.0, 2.0**30], structures, "cpu")
    with pytest.raises(InputError, match=r"Structure 1 of 2, of 2 atoms, needs about 1 GiB on 'cpu', where 1 GiB are"):
        require_memory([1.0, 2.0**30 + 1], structures, "cpu")


def test_a_batch_that_does_not_fit_is_halved_until_it_does() -> None:
    """Also the batches after it are smaller; one structure alone that does not fit is named."""
    import torch

    calls = []

    def model(structures: list[Atoms]) -> BatchOutput:
        calls.append(len(structures))
        if sum(map(len, structures)) > 2:
            raise torch.OutOfMemoryError
        sizes = [float(len(one)) for one in structures]
        return BatchOutput(np.array(sizes), np.zeros((int(sum(sizes)), 3)), np.zeros((len(sizes), 3, 3)))

    potential = BatchedPotential("m", frozenset({28}), 5.0, "", model, "cuda", "float32", 1e6)
    parts = potential._run([bulk("Ni") for _ in range(5)])
    assert calls == [5, 2, 3, 1, 2] and potential.batch_pairs == 1e6 / 4
    assert np.concatenate([part.energies for part in parts]).tolist() == [1.0] * 5
    with pytest.raises(InputError, match="A structure of 8 atoms does not fit in the memory of 'cuda'"):
        potential._run([bulk("Ni") * (2, 2, 2)])
