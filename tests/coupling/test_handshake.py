"""Transfer, blending and counting, on meshes small enough to enumerate."""

from itertools import product

import numpy as np
import pytest

from continuum.mesh.lattice import lattice_mesh
from continuum.solver.linear_elements import LinearElements
from coupling.errors import InputError, Uncounted
from coupling.handshake import blending, cubic, curvature, element_fractions, handshake_ledger, transfer


def graded(radius):
    return lambda sites: np.maximum(1.0, (np.linalg.norm(sites, axis=1) / radius) ** 1.5)


def box(mesh):
    axes = [np.arange(a, b + 1) for a, b in zip(mesh.lower, mesh.upper, strict=True)]
    return np.array(list(product(*axes)))


CASES = pytest.mark.parametrize(("cells", "level"), [((2, 2), 4), ((3, 2), 3), ((2, 2, 2), 3)])


@CASES
def test_mesh_is_conforming_fills_the_box_and_has_all_sites_in_the_core(cells, level):
    mesh = lattice_mesh(cells, level, graded(3.0))
    d = mesh.dimension
    assert mesh.shares.sum() == pytest.approx(np.prod(np.array(cells) * 2**level), rel=1e-12)
    faces = np.sort(np.concatenate([np.delete(mesh.simplices, k, axis=1) for k in range(d + 1)]), axis=1)
    single, count = np.unique(faces, axis=0, return_counts=True)
    assert count.max() == 2
    outer = mesh.sites[single[count == 1]]
    assert ((outer == mesh.lower).all(axis=1) | (outer == mesh.upper).all(axis=1)).any(axis=1).all()
    core = np.array([s for s in box(mesh) if np.linalg.norm(s) <= 3])
    assert (mesh.vertices_of(core) >= 0).all()
    assert len(mesh.sites) < 0.7 * len(box(mesh))
    assert mesh.vertices_of(np.array([[1000] * d]))[0] == -1


@CASES
def test_transfer_is_exact_for_linear_fields_and_its_adjoint_does_equal_work(cells, level):
    mesh = lattice_mesh(cells, level, graded(2.5))
    sites = box(mesh)
    across = transfer(mesh.sites, mesh.simplices, sites)
    assert across.inside.all()
    rng = np.random.default_rng(0)
    slope = rng.normal(size=(mesh.dimension, 3))
    np.testing.assert_allclose(across.to_sites(mesh.sites @ slope), sites @ slope, atol=1e-11)
    u, f = rng.normal(size=(len(mesh.sites), 3)), rng.normal(size=(len(sites), 3))
    assert (across.to_sites(u) * f).sum() == pytest.approx((u * across.to_vertices(f)).sum(), rel=1e-12)
    np.testing.assert_allclose(across.to_vertices(f).sum(axis=0), f.sum(axis=0), atol=1e-10)


def test_transfer_to_a_few_sites_is_that_to_all():
    mesh = lattice_mesh((4, 2), 4, graded(2.0))
    few = np.array([[-31, 3], [9, -15], [0, 0], [30, 16], [2, 1]])
    values = np.random.default_rng(1).normal(size=(len(mesh.sites), 2))
    whole = {
        tuple(s): v
        for s, v in zip(
            box(mesh).tolist(), transfer(mesh.sites, mesh.simplices, box(mesh)).to_sites(values), strict=True
        )
    }
    found = transfer(mesh.sites, mesh.simplices, few).to_sites(values)
    np.testing.assert_allclose(found, [whole[tuple(s)] for s in few.tolist()], atol=1e-12)


def test_transfer_leaves_sites_outside_at_zero():
    mesh = lattice_mesh((2, 2), 1, graded(1.0))
    across = transfer(mesh.sites, mesh.simplices, np.array([[0, 0], [7, 0]]))
    assert across.inside.tolist() == [True, False]
    assert across.to_sites(np.ones((len(mesh.sites), 1))).ravel().tolist() == [1.0, 0.0]
    with pytest.raises(InputError, match="listed twice"):
        transfer(mesh.sites, mesh.simplices, np.array([[0, 0], [0, 0]]))


def test_blendings_keep_to_their_ends_and_the_optimised_one_bends_least():
    sites = np.array(list(product(range(-20, 21), repeat=2)))
    distance = np.linalg.norm(sites, axis=1)
    found = {name: blending(name, sites, distance, 5.0, 9.0) for name in ("cubic", "optimised")}
    for beta in found.values():
        assert (beta[distance <= 5] == 0).all() and (beta[distance >= 14] == 1).all()
        assert 0 <= beta.min() and beta.max() <= 1
    assert curvature(sites, found["optimised"]) < curvature(sites, found["cubic"])
    assert cubic(np.array([9.5]), 5.0, 9.0)[0] == pytest.approx(0.5)
    with pytest.raises(InputError, match="cubic, optimised"):
        blending("linear", sites, distance, 5.0, 9.0)
    with pytest.raises(InputError, match="positive"):
        cubic(distance, 5.0, 0.0)


def test_curvature_falls_as_theory_says():
    """‖∇²β‖ in the plane goes as 1/R when core and width grow alike."""
    found = []
    for radius in (6.0, 12.0):
        sites = np.array(list(product(range(-30, 31), repeat=2)))
        found.append(curvature(sites, cubic(np.linalg.norm(sites, axis=1), radius, radius)))
    assert np.log2(found[1] / found[0]) == pytest.approx(-1.0, abs=0.1)


@CASES
def test_every_site_is_counted_once(cells, level):
    mesh = lattice_mesh(cells, level, graded(3.2))
    sites = np.array([s for s in box(mesh) if np.linalg.norm(s) < 2.4])
    beta = cubic(np.linalg.norm(sites, axis=1), 0.5, 1.9)
    ledger = handshake_ledger(mesh.sites, mesh.simplices, sites, beta)
    np.testing.assert_allclose(ledger.count, 1.0, atol=1e-12)
    volumes = LinearElements(
        np.pad(mesh.sites, ((0, 0), (0, 3 - mesh.dimension))).astype(float), mesh.simplices
    ).volumes
    counted = volumes @ element_fractions(mesh.sites, mesh.simplices, sites, beta)
    assert counted == pytest.approx(volumes.sum() - (1 - beta).sum(), rel=1e-12)


def test_a_mesh_too_coarse_for_the_blending_is_refused():
    mesh = lattice_mesh((2, 2), 3, graded(1.5))
    sites = np.array([s for s in box(mesh) if np.linalg.norm(s) < 6])
    beta = cubic(np.linalg.norm(sites, axis=1), 1.0, 5.0)
    with pytest.raises(Uncounted, match="site"):
        handshake_ledger(mesh.sites, mesh.simplices, sites, beta)


@pytest.mark.parametrize("cells", [(2, 2), (2, 2, 2)])
def test_linear_elements_pass_the_patch_test_and_match_their_stiffness(cells):
    mesh = lattice_mesh(cells, 2, graded(1.5))
    basis = np.array([[1.0, 0.1, 0.2], [0.3, 1.2, 0.1], [0.1, 0.2, 0.9]])
    elements = LinearElements(mesh.sites @ basis[: mesh.dimension], mesh.simplices, depth=2.0)
    rng = np.random.default_rng(1)
    slope = rng.normal(size=(3, 3))
    slope[:, mesh.dimension :] = 0
    linear = elements.points @ slope.T
    np.testing.assert_allclose(
        elements.gradients(linear), np.broadcast_to(slope, (len(mesh.simplices), 3, 3)), atol=1e-12
    )
    stress = np.broadcast_to(rng.normal(size=(3, 3)), (len(mesh.simplices), 3, 3)) * elements.volumes[:, None, None]
    assert np.abs(elements.forces(stress)[~mesh.boundary]).max() < 1e-12
    tangent = rng.normal(size=(3, 3, 3, 3))
    u = rng.normal(size=(len(mesh.sites), 3))
    pulled = np.einsum("m,ijkl,mkl->mij", elements.volumes, tangent, elements.gradients(u))
    np.testing.assert_allclose(-elements.stiffness(tangent) @ u.ravel(), elements.forces(pulled).ravel(), atol=1e-10)
    points, weights = elements.quadrature()
    assert weights.sum() == pytest.approx(1.0, rel=1e-12)
    mean = np.einsum("q,mqi->mi", weights, points)
    np.testing.assert_allclose(mean, elements.points[mesh.simplices].mean(axis=1), atol=1e-12)
