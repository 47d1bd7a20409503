"""What is declared is what is delivered: all wrappers around potentials that can much and that can little."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from atomistic import load_potential
from atomistic.cauchy_born import cauchy_born_law
from atomistic.embedding.model import embed
from atomistic.embedding.rules import Near
from atomistic.embedding.scaled import Scaled
from atomistic.potentials.batched import BatchedPotential
from atomistic.potentials.check import check_potential
from atomistic.potentials.check_capabilities import capability_checks
from atomistic.potentials.check_report import TOLERANCES
from atomistic.potentials.coulomb import Coulomb
from atomistic.potentials.crystal_laws import CellLaw, SummedLaw
from atomistic.potentials.serial import SerialPotential
from atomistic.potentials.zbl import ZBL, SumPotential
from atomistic.site_energies import weighted_sites
from atomistic.trust.design import require_linear
from atomistic.trust.surrogate import RememberedFeatures
from coupling.capabilities import LACKING, require
from coupling.contracts import Capabilities, Potential
from coupling.errors import InputError
from coupling.wrapped import Wrapped
from multiscale.runtime.resumable import ResumablePotential
from tests.atomistic.conftest import write_eam_alloy
from tests.atomistic.radial_model import radial

NETWORK = Path(__file__).parents[2] / "benchmarks/data/al_network.pth"
SITES, STRAIN = {"weighted_sites"}, {"differentiable_strain"}
LINEAR = {"features", "site_energies"}
EAM = {"stress", "site_energies", "hessian"} | SITES | STRAIN
NET = {"stress", "trainable"} | SITES | STRAIN | LINEAR

MADE: dict[str, tuple[Callable[[Path], Potential], set[str]]] = {
    "eam": (lambda folder: load_potential(str(write_eam_alloy(folder / "Cu.eam.alloy"))), EAM),
    "network": (lambda _: load_potential(str(NETWORK), device="cpu", dtype="float64"), NET),
    "linear": (lambda _: radial(np.random.default_rng(0).normal(size=12)), {"stress"} | LINEAR),
    "emt": (lambda _: load_potential("emt"), {"stress", "site_energies"}),
    "forces": (lambda _: ForcesAlone(), set()),
}
"""Potentials, and what each declares."""

AROUND: dict[str, tuple[Callable[[Potential, Path], Potential], Callable[[set[str]], set[str]]]] = {
    "itself": (lambda one, _: one, lambda has: has),
    "wrapped": (lambda one, _: Wrapped(one), lambda has: has),
    "resumable": (ResumablePotential, lambda has: has),
    "remembered": (lambda one, _: RememberedFeatures(one), lambda has: has),
    "alone in a sum": (lambda one, _: SumPotential((one,)), lambda has: has - {"trainable"}),
    "sum": (lambda one, _: SumPotential((one, ZBL(reach=1.1))), lambda has: has - {"trainable", "hessian"} - STRAIN),
    "sum with charges": (
        lambda one, _: SumPotential((one, Coulomb({"Al": 1.0, "Cu": -1.0}))),
        lambda has: has & {"stress", "features"},
    ),
    "scaled": (lambda one, _: Scaled(one, 1.03), lambda has: has - {"trainable"}),
    "embedded": (lambda one, _: embed(one, one, {"a": Near([0])}), lambda has: has & {"stress"}),
    "another readout": (lambda one, _: retuned(one), lambda has: has),
    "all layers": (lambda one, _: layered(one), lambda has: has),
    "another network": (lambda one, _: renewed(one), lambda has: has),
}
"""Wrappers, and what of a potential's capabilities each passes on."""


class ForcesAlone:
    """Argon-like pairs, that declare nothing."""

    name, elements, cutoff, fingerprint, capabilities = "pairs", frozenset({13, 29}), 6.0, "pairs", Capabilities()

    def __init__(self) -> None:
        from ase.calculators.lj import LennardJones

        pairs = LennardJones(sigma=2.3, epsilon=0.4, rc=6.0, smooth=True)
        self.inner = SerialPotential("lj", self.elements, 6.0, "", pairs)

    def evaluate(self, structures, *, site_energies=False, features=False):
        if site_energies:
            require(self, "site_energies")
        if features:
            require(self, "features")
        found = self.inner.evaluate(structures)
        return replace(found, stresses=np.full_like(found.stresses, np.nan))


def retuned(one: Potential) -> Potential:
    if not one.capabilities.features:
        return one
    return require_linear(one).with_readout(np.full(features(one), 1e-3), {29: 0.1, 13: 0.1})


def layered(one: Potential) -> Potential:
    return one.with_all_layers() if one.capabilities.features else one


def renewed(one: Potential) -> Potential:
    return require(one, "trainable").with_network(one.network(), "new") if one.capabilities.trainable else one


def features(one: Potential) -> int:
    return one.evaluate([bulk("Al" if 13 in one.elements else "Cu")], features=True).features[0].shape[1]


def rattled(symbol: str) -> Atoms:
    rng = np.random.default_rng(1)
    atoms = bulk(symbol, cubic=True)
    atoms.positions += rng.normal(scale=0.05, size=atoms.positions.shape)
    atoms.set_cell(atoms.cell.array @ (np.eye(3) + rng.normal(scale=0.01, size=(3, 3))), scale_atoms=True)
    return atoms


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Potential]:
    folder = tmp_path_factory.mktemp("potentials")
    return {name: make(folder) for name, (make, _) in MADE.items()}


def ask(potential: Potential, capability: str, atoms: Atoms, crystal: Atoms) -> None:
    """As a user of the capability does."""
    {
        "stress": lambda: cauchy_born_law(potential, crystal),
        "site_energies": lambda: potential.evaluate([atoms], site_energies=True),
        "weighted_sites": lambda: weighted_sites(potential, atoms, np.ones(len(atoms))),
        "features": lambda: (require_linear(potential), potential.evaluate([atoms], features=True)),
        "differentiable_strain": lambda: require(potential, "differentiable_strain").crystal_law(crystal),
        "hessian": lambda: require(potential, "hessian").hessian(atoms),
        "point_charges": lambda: embed(potential, potential, {"a": Near([0])}, charges={"Cu": 0.1}),
        "total_charge": lambda: require(potential, "total_charge").with_charge(1),
        "trainable": lambda: require(potential, "trainable").network(),
    }[capability]()


@pytest.mark.parametrize("wrapper", AROUND)
@pytest.mark.parametrize("inside", MADE)
def test_what_is_declared_is_delivered_and_nothing_else(
    made: dict[str, Potential], inside: str, wrapper: str, tmp_path: Path
) -> None:
    wrap, passed_on = AROUND[wrapper]
    potential = wrap(made[inside], tmp_path)
    symbol = "Cu" if 29 in potential.elements else "Al"
    atoms, crystal, declared = rattled(symbol), bulk(symbol), potential.capabilities
    assert {name for name in LACKING if vars(declared)[name]} == passed_on(MADE[inside][1])
    found = [potential.evaluate([atoms])]
    checks = capability_checks(potential, [atoms], found, TOLERANCES[declared.dtype])
    assert all(check.passed for check in checks), [str(check) for check in checks if not check.passed]
    assert np.isfinite(found[0].stresses).all() == declared.stress
    for capability in LACKING:
        if vars(declared)[capability]:
            ask(potential, capability, atoms, crystal)
        else:
            with pytest.raises(InputError) as refusal:
                ask(potential, capability, atoms, crystal)
            assert str(refusal.value) == f"Potential {potential.name!r} {LACKING[capability]}."


class Claims(Wrapped):
    """A potential that declares more, or less, than it delivers."""

    def __init__(self, potential: Potential, **claims: object) -> None:
        super().__init__(potential)
        self.capabilities = replace(potential.capabilities, **claims)


@pytest.mark.parametrize(
    ("inside", "claims", "fails"),
    [
        ("emt", {"weighted_sites": True}, {"weighted sites", "weighted forces"}),
        ("emt", {"features": True}, {"features"}),
        ("emt", {"differentiable_strain": True}, {"crystal law", "tangent"}),
        ("emt", {"hessian": True}, {"hessian"}),
        ("emt", {"point_charges": True}, {"point charges"}),
        ("emt", {"trainable": True}, {"network"}),
        ("emt", {"total_charge": True}, {"total charge"}),
        ("forces", {"site_energies": True}, {"site energies"}),
        ("forces", {"stress": True}, {"stress"}),
        ("emt", {"site_energies": False}, {"undeclared"}),
        ("eam", {"site_energies": False}, {"undeclared"}),
        ("emt", {"stress": False}, {"undeclared"}),
        ("linear", {"features": False}, {"undeclared"}),
        ("emt", {"interaction_range": 2.9}, {"interaction range"}),
        ("eam", {"interaction_range": 3.0}, {"interaction range"}),
        ("network", {"interaction_range": 5.5}, {"interaction range"}),
    ],
)
def test_a_false_declaration_is_found(made: dict[str, Potential], inside: str, claims: dict, fails: set[str]) -> None:
    potential = Claims(made[inside], **claims)
    atoms = rattled("Cu" if 29 in potential.elements else "Al")
    report, before = check_potential(potential, [atoms]), check_potential(made[inside], [atoms])
    assert {check.name for check in report.failures} - {check.name for check in before.failures} == fails


def test_a_broken_capability_is_found(made: dict[str, Potential]) -> None:
    """Weighted forces that are weights times forces; a stiffness without its rotational part; a readout not heard."""

    class WeightsTimesForces(Wrapped):
        def weighted_sites(self, structure, weights):
            inside, own = self.bare, structure.copy()

            class Sum:
                def evaluate(self, positions):
                    own.positions = positions
                    total = inside.weighted_sites(own, weights)
                    whole = inside.evaluate([own]).forces[0]
                    energy, _, sites = total.evaluate(positions)
                    return energy, weights[:, None] * whole, sites

            return Sum()

    class Deaf(Wrapped):
        def with_readout(self, change, shifts):
            return self

    class Stiff(Wrapped):
        def crystal_law(self, crystal):
            law = self.bare.crystal_law(crystal)
            inside = law.tangents
            law.tangents = lambda f: (inside(f) + inside(f).transpose(0, 2, 1, 3, 4)) / 2
            return law

    for potential, fails in (
        (WeightsTimesForces(made["eam"]), {"weighted forces"}), (Deaf(made["linear"]), {"features"}),
        (Stiff(made["eam"]), {"tangent"}),
    ):  # fmt: skip
        atoms = rattled("Cu")
        checks = capability_checks(potential, [atoms], [potential.evaluate([atoms])], TOLERANCES["float64"])
        assert {check.name for check in checks if not check.passed} == fails


def test_laws_of_crystals_agree_with_cells_and_add_up(made: dict[str, Potential]) -> None:
    gradients = np.eye(3) + 0.03 * np.random.default_rng(2).normal(size=(4, 3, 3))
    for name, symbol in (("eam", "Cu"), ("network", "Al")):
        potential, crystal = made[name], bulk(symbol)
        law, cells = potential.crystal_law(crystal), CellLaw(potential, crystal)
        for mine, other in zip(law.evaluate(gradients), cells.evaluate(gradients), strict=True):
            np.testing.assert_allclose(mine, other, atol=1e-11)
        tangents = law.tangents(gradients)
        np.testing.assert_allclose(tangents, tangents.transpose(0, 3, 4, 1, 2), atol=1e-10)  # of an energy
        h, along = 1e-4, np.random.default_rng(3).normal(size=(3, 3))
        ahead, behind = (cells.evaluate(gradients + s * h * along)[1] for s in (1, -1))
        np.testing.assert_allclose(np.einsum("nijkl,kl->nij", tangents, along), (ahead - behind) / (2 * h), atol=2e-5)
        twice = SummedLaw([law, law])
        np.testing.assert_allclose(twice.tangents(gradients), 2 * tangents)


def test_ranges_add_scale_and_end(made: dict[str, Potential]) -> None:
    eam, network = made["eam"], made["network"]
    assert eam.capabilities.interaction_range == eam.cutoff == 6.0
    assert network.capabilities.interaction_range == 2 * network.cutoff  # two layers
    assert Scaled(eam, 1.02).capabilities.interaction_range == pytest.approx(6.0 / 1.02)
    assert SumPotential((ZBL(), eam)).capabilities.interaction_range == 6.0
    assert SumPotential((eam, Coulomb({"Cu": 1.0}))).capabilities.interaction_range == np.inf
    assert load_potential("ase.calculators.lj:LennardJones").capabilities.interaction_range == np.inf


def test_devices_and_arithmetics(made: dict[str, Potential]) -> None:
    double, single = made["network"].capabilities, load_potential(str(NETWORK), device="cpu").capabilities
    assert (double.dtype, double.dtypes) == ("float64", ("float64", "float32"))
    assert (single.dtype, single.devices) == ("float32", ("cpu", "cuda"))
    assert SumPotential((load_potential(str(NETWORK), device="cpu"), ZBL())).capabilities.dtypes == ("float32",)
    assert made["emt"].capabilities.devices == ("cpu",)
    moved = Capabilities(devices=("cpu", "cuda"), dtypes=("float32",)).running("cuda:1", "float64")
    assert (moved.devices, moved.dtypes) == (("cuda", "cpu"), ("float64", "float32"))


def test_a_model_that_declares_nothing_is_asked_for_nothing() -> None:
    from atomistic.potentials.batched import BatchOutput

    def model(structures: list[Atoms]) -> BatchOutput:
        n = sum(map(len, structures))
        return BatchOutput(np.zeros(len(structures)), np.zeros((n, 3)), np.zeros((len(structures), 3, 3)))

    potential = BatchedPotential("still", frozenset({29}), 5.0, "", model, "cpu", "float64", 1e3)
    assert potential.evaluate([bulk("Cu")]).energies == [0.0]
    for call in (
        lambda: potential.evaluate([bulk("Cu")], site_energies=True), lambda: potential.with_all_layers(),
        lambda: potential.feature_derivatives([bulk("Cu")]), lambda: potential.weighted_sites(bulk("Cu"), np.ones(1)),
        lambda: potential.crystal_law(bulk("Cu")), lambda: potential.network(),
    ):  # fmt: skip
        with pytest.raises(InputError, match="'still'"):
            call()
