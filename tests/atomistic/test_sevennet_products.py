"""The split product and its sums against e3nn's product: values, derivatives, second derivatives, states."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk
from e3nn.o3 import Irreps, TensorProduct
from sevenn.checkpoint import SevenNetCheckpoint
from sevenn.nn.convolution import IrrepsConvolution

from atomistic import load_potential
from atomistic.potentials.fingerprint import file_hash
from atomistic.potentials.sevennet import loader
from atomistic.potentials.sevennet.convolution import with_split_products
from atomistic.potentials.sevennet.products import SplitProduct
from atomistic.potentials.sevennet.sums import summed, summed_at_once
from coupling.errors import InputError

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.*")

CASES = {
    "first layer": ("6x0e", "1x0e+1x1e+1x2e", "6x0e+4x1e+2x2e"),
    "middle layer": ("6x0e+4x1e+2x2e+2x3e", "1x0e+1x1e+1x2e+1x3e", "6x0e+4x1e+2x2e+2x3e"),
    "last layer": ("6x0e+4x1e+2x2e", "1x0e+1x1e+1x2e", "6x0e"),
    "a block without paths": ("6x0e+4x1e+2x3e", "1x0e+1x1e", "6x0e+4x1e"),
    "both parities": ("3x0o+5x0e+2x1o+4x1e", "1x0e+1x1o+1x2e", "3x0o+5x0e+2x1o+4x1e"),
}
NODES, EDGES = 5, 23


def product(irreps: tuple[object, object, object]) -> TensorProduct:
    """e3nn's, as sevenn makes it for a convolution, but with constants in double precision; e3nn's own are in single."""
    torch.set_default_dtype(torch.float64)
    try:
        return IrrepsConvolution(*map(Irreps, irreps), [8, 16], lazy_layer_instantiate=False).convolution
    finally:
        torch.set_default_dtype(torch.float32)


def with_precise_products(network: torch.nn.Module) -> torch.nn.Module:
    """sevenn's network with e3nn's products, whose constants are in double precision."""
    for layer in network.children():
        if isinstance(layer, IrrepsConvolution):
            own = layer.convolution
            layer.convolution = product((own.irreps_in1, own.irreps_in2, own.irreps_out))
    return network


def graph(theirs: TensorProduct, dtype: torch.dtype = torch.float64) -> tuple[torch.Tensor, ...]:
    """Edges, and harmonics, weights and features that ask for derivatives."""
    seed = torch.Generator().manual_seed(0)
    edges = torch.randint(NODES, (2, EDGES), generator=seed)
    sizes = ((EDGES, theirs.irreps_in2.dim), (EDGES, theirs.weight_numel), (NODES, theirs.irreps_in1.dim))
    return edges, *(torch.randn(size, generator=seed).to(dtype).requires_grad_(True) for size in sizes)


def theirs_summed(theirs: TensorProduct) -> Callable[..., torch.Tensor]:
    def found(edges: torch.Tensor, harmonics: torch.Tensor, weights: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        message = theirs(x[edges[1]], harmonics, weights)
        return message.new_zeros(NODES, message.shape[1]).index_add(0, edges[0], message)

    return found


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("sums", [summed, summed_at_once])
def test_sums_and_two_derivatives_are_those_of_e3nn(case: str, sums: Callable[..., torch.Tensor]) -> None:
    theirs = product(CASES[case])
    ours = SplitProduct(theirs)
    edges, *inputs = graph(theirs)
    pull = torch.randn(NODES, theirs.irreps_out.dim, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    results = []
    for call in (theirs_summed(theirs), lambda *given: sums(ours, *given)):
        value = call(edges, *inputs)
        plain = torch.autograd.grad(value, inputs, pull)
        slopes = torch.autograd.grad(call(edges, *inputs), inputs, pull, create_graph=True)
        size = sum((slope**2).sum() for slope in slopes)
        results.append([value, *plain, *slopes, *torch.autograd.grad(size, inputs)])
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(other, one, rtol=1e-12, atol=1e-12 * float(one.detach().abs().max()))
    assert float(results[0][-1].abs().max()) > 0.1  # not all of them vanish


def test_a_layer_s_features_that_depend_on_the_harmonics_do_so_once() -> None:
    """Two layers in a row: the way through the first one's features is not counted again in the second one's derivatives."""
    theirs = product(CASES["middle layer"])
    ours = SplitProduct(theirs)
    edges, harmonics, weights, features = graph(theirs)
    width = theirs.irreps_in1.dim
    results = []
    for layer in (theirs_summed(theirs), lambda *given: summed(ours, *given)):
        first = layer(edges, harmonics, weights, features)
        energy = layer(edges, harmonics, weights, first[:, :width].sin()).sin().sum()
        (slope,) = torch.autograd.grad(energy, harmonics, create_graph=True)
        results.append((slope, torch.autograd.grad((slope**3).sum(), harmonics)[0]))
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(other, one, rtol=1e-11, atol=1e-11 * float(one.detach().abs().max()))


def test_derivatives_are_those_of_differences() -> None:
    theirs = product(CASES["both parities"])
    ours = SplitProduct(theirs)
    edges, *inputs = graph(theirs)
    call = lambda *given: summed(ours, edges, *given)  # noqa: E731
    assert torch.autograd.gradcheck(call, inputs, fast_mode=True)
    assert torch.autograd.gradgradcheck(call, inputs, fast_mode=True)


def test_what_is_not_asked_for_is_not_computed() -> None:
    """The first layer's features do not depend on the atoms' places."""
    theirs = product(CASES["middle layer"])
    edges, harmonics, weights, features = graph(theirs)
    features = features.detach()
    results = []
    for call in (theirs_summed(theirs), lambda *given: summed(SplitProduct(theirs), *given)):
        (slope,) = torch.autograd.grad(call(edges, harmonics, weights, features).sin().sum(), harmonics)
        results.append(slope)
    torch.testing.assert_close(results[1], results[0], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_messages_of_edges_keep_the_order_of_e3nn(dtype: torch.dtype) -> None:
    theirs = product(CASES["middle layer"]).to(dtype)
    ours = SplitProduct(theirs)
    edges, harmonics, weights, features = graph(theirs, dtype)
    sent, close = features[edges[1]], {torch.float32: 1e-6, torch.float64: 1e-14}[dtype]
    wanted = theirs(sent, harmonics, weights).detach()
    with torch.no_grad():
        blocks = [block[edges[1]] for block in ours.turned(features)]
        side_by_side = torch.cat([one.flatten(1) for one in ours.made(blocks, harmonics, weights)], 1)
    for found in (ours(sent, harmonics, weights).detach(), ours.ordered(side_by_side)):
        assert found.dtype == dtype
        torch.testing.assert_close(found, wanted, rtol=0, atol=close * 10)


def test_no_edges_are_no_messages() -> None:
    ours = SplitProduct(product(CASES["middle layer"]))
    edges, harmonics, weights, features = graph(product(CASES["middle layer"]), torch.float32)
    for sums in (summed, summed_at_once):
        total = sums(ours, edges[:, :0], harmonics[:0], weights[:0], features)
        assert total.shape == (NODES, ours.irreps_out.dim) and not total.any()


def test_products_that_mix_channels_are_refused() -> None:
    mixing = TensorProduct("4x0e", "1x0e", "4x0e", [(0, 0, 0, "uvw", True)], shared_weights=False)
    with pytest.raises(InputError, match="whose channels are all apart"):
        SplitProduct(mixing)


def test_a_network_keeps_the_names_of_its_state_and_its_parameters() -> None:
    """What is saved of it can be loaded by sevenn's own network."""
    network = SevenNetCheckpoint(loader._packaged(loader.CHECKPOINTS["7net-0"])).build_model()
    theirs = {name: value.clone() for name, value in network.state_dict().items()}
    parameters = dict(network.named_parameters())
    ours = with_split_products(network).state_dict()
    assert list(ours) == list(theirs) and dict(network.named_parameters()) == parameters
    assert all(torch.equal(ours[name], value) for name, value in theirs.items())


@pytest.mark.parametrize(("name", "modal"), [("7net-mf-0", "R2SCAN"), ("7net-l3i5", None)])
def test_networks_are_those_of_sevenn(name: str, modal: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Energies, forces, stresses and site energies of the same weights with e3nn's products, in double precision."""
    atoms = bulk("NiAl", "cesiumchloride", a=2.88)
    atoms.positions += [[0.1, 0.0, -0.05], [0.0, 0.07, 0.0]]
    structures = [atoms, Atoms("Ni", cell=[20.0, 20.0, 20.0], pbc=True), Atoms("Ni2", [[0, 0, 0], [0, 0.3, 2.3]])]
    results = []
    for replaced in (True, False):
        loader._built.cache_clear()
        if not replaced:
            monkeypatch.setattr("atomistic.potentials.sevennet.convolution.with_split_products", with_precise_products)
        results.append(
            load_potential(name, device="cpu", dtype="float64", modal=modal).evaluate(structures, site_energies=True)
        )
    loader._built.cache_clear()
    ours, theirs = results
    np.testing.assert_allclose(ours.energies, theirs.energies, rtol=0, atol=1e-11)
    np.testing.assert_allclose(ours.stresses[0], theirs.stresses[0], rtol=0, atol=1e-12)
    for k in range(len(structures)):
        np.testing.assert_allclose(ours.forces[k], theirs.forces[k], rtol=0, atol=1e-11)
        np.testing.assert_allclose(ours.site_energies[k], theirs.site_energies[k], rtol=0, atol=1e-11)
    assert np.abs(theirs.forces[0]).max() > 0.1


def test_the_product_counts_in_a_fingerprint(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    """Other code of the product rounds otherwise: its results are not mixed with these."""
    before = load_potential("7net-0", device="cpu").fingerprint
    changed = tmp_path / "products.py"
    changed.write_text("# another product\n")
    monkeypatch.setattr("coupling.identity.sources.module_file", lambda name: changed)
    assert file_hash(changed) and load_potential("7net-0", device="cpu").fingerprint != before
