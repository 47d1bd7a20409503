"""BLAS takes one thread where it is told to, and the number that a user has given it where there is one."""

import numpy as np
import pytest
import scipy.linalg  # noqa: F401  (its BLAS is loaded with it)
from threadpoolctl import threadpool_info, threadpool_limits

from atomistic import load_potential
from atomistic.properties.bulk import equilibrium
from multiscale.concurrent.defects import point_defect
from multiscale.concurrent.methods import discretise
from multiscale.concurrent.region import BlendingRegion
from multiscale.concurrent.solution import solve
from multiscale.concurrent.threads import one_blas_thread
from tests.atomistic.conftest import write_eam_alloy


def blas_threads() -> set[int]:
    """Of each BLAS in this process that can have more than one: those of PETSc's and Basix's wheels are built without threads."""
    np.ones(3) @ np.ones(3)
    libraries = [one for one in threadpool_info() if one["user_api"] == "blas"]
    return {one["num_threads"] for one in libraries if one.get("threading_layer") != "disabled"}


@pytest.fixture(autouse=True)
def two(monkeypatch):
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    with threadpool_limits(2, user_api="blas"):
        assert blas_threads() == {2}
        yield


def test_one_within_and_as_before_afterwards():
    with one_blas_thread():
        assert blas_threads() == {1}
    assert blas_threads() == {2}


def test_as_before_after_an_error():
    with pytest.raises(ZeroDivisionError), one_blas_thread():
        raise ZeroDivisionError
    assert blas_threads() == {2}


def test_a_number_given_to_blas_stays(monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    with one_blas_thread():
        assert blas_threads() == {2}


def test_an_equilibrium_is_found_with_one(tmp_path):
    potential = load_potential(str(write_eam_alloy(tmp_path / "Cu_model.eam.alloy")))
    problem = point_defect(potential, equilibrium(potential, "Cu", "fcc", tolerance=100.0), (2, 2), 3, line=[1, -1, 0])
    seen = []
    solve(discretise("bqcf", problem, BlendingRegion(2.0, 1.5, 0.5)), progress=lambda *_: seen.append(blas_threads()))
    assert seen and all(threads == {1} for threads in seen)
    assert blas_threads() == {2}
