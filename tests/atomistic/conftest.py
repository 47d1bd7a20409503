"""Potentials shared by the tests: EMT, a small EAM file, SevenNet-0 in double precision, a random MACE."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from atomistic import load_potential
from coupling.contracts import Potential


def write_eam_alloy(path: Path) -> Path:
    """A copper-like embedded-atom model, F = -√ρ with smooth exponentials, in the setfl format."""
    cutoff, points = 6.0, 2001
    r = np.linspace(0, cutoff, points)
    window = (1 - (r / cutoff) ** 2) ** 3
    density = 1.6 * np.exp(-2 * 1.3 * (r / 2.55 - 1)) * window
    repulsion = r * 0.17 * np.exp(-7.0 * (r / 2.55 - 1)) * window
    embedding = -np.sqrt(np.linspace(0, 400, points))
    lines = ["A model for tests", "analytic", "not a material", "1 Cu"]
    lines += [f"{points} {400 / (points - 1)} {points} {cutoff / (points - 1)} {cutoff}", "29 63.546 3.6 fcc"]
    lines += [f"{value:.16e}" for array in (embedding, density, repulsion) for value in array]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="session")
def eam_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_eam_alloy(tmp_path_factory.mktemp("eam") / "Cu_model.eam.alloy")


@pytest.fixture(scope="session")
def emt() -> Potential:
    return load_potential("emt")


@pytest.fixture(scope="session")
def eam(eam_path: Path) -> Potential:
    return load_potential(str(eam_path))


@pytest.fixture(scope="session")
def sevennet() -> Potential:
    return load_potential("7net-0", device="cpu", dtype="float64")


@pytest.fixture(scope="session")
def mace_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small MACE network with random weights, saved as mace_run_train saves one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        modules = pytest.importorskip("mace.modules", reason="mace-torch is not installed", exc_type=ImportError)
    from e3nn.o3 import Irreps

    block = modules.interaction_classes["RealAgnosticResidualInteractionBlock"]
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            model = modules.ScaleShiftMACE(
                r_max=4.5, num_bessel=4, num_polynomial_cutoff=5, max_ell=2, interaction_cls=block,
                interaction_cls_first=block, num_interactions=2, num_elements=2, hidden_irreps=Irreps("8x0e+8x1o"),
                MLP_irreps=Irreps("8x0e"), atomic_energies=np.array([[-1.0, -3.0]]), avg_num_neighbors=20.0,
                atomic_numbers=[13, 29], correlation=2, gate=torch.nn.functional.silu, radial_MLP=[16],
                atomic_inter_scale=1.0, atomic_inter_shift=0.0,
            )  # fmt: skip
    finally:
        torch.set_default_dtype(before)
    path = tmp_path_factory.mktemp("mace") / "random.model"
    torch.save(model, path)
    return path


@pytest.fixture(params=["emt", "eam", "sevennet"])
def potential(request: pytest.FixtureRequest) -> Potential:
    return request.getfixturevalue(request.param)
