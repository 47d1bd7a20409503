"""The two owners of energy: atoms with weights, elements with fractions; both of one corrector u."""

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from atomistic.site_energies import energy_range, weighted_sites, whole_forces
from continuum.mesh.lattice import LatticeMesh, rows_of
from continuum.solver.linear_elements import LinearElements
from coupling.contracts import FloatArray
from coupling.handshake import transfer
from multiscale.concurrent.problem import Problem

IntArray = NDArray[np.int64]
_MARGIN = 1.08
"""Atoms may come so much nearer than in the reference before one out of the pad is missed."""


class AtomisticPart:
    """Σ w e over weighted sites, their surroundings interpolated from the mesh.

    Args:
        problem: The problem.
        mesh: Where u lives.
        sites: (s, d) sites with a weight.
        weights: (s,) theirs.
        pad: Distance to which surroundings are carried along, Å; None is the site energies' own range.
        whole: All weights are one, and forces are asked for alone: any potential will do.

    Raises:
        InputError: the potential declares no weighted sites, and they are not whole; or there is neither a pad nor a
            finite interaction range.
    """

    def __init__(
        self, problem: Problem, mesh: LatticeMesh, sites: IntArray, weights: FloatArray, pad: float | None = None,
        *, whole: bool = False,
    ) -> None:  # fmt: skip
        self.problem, lattice = problem, problem.lattice
        reach = energy_range(problem.potential) if pad is None else pad
        present = ~problem.is_void(sites) & (weights != 0)
        sites, weights = sites[present], weights[present]
        self.sites = surrounded(problem, sites, _MARGIN * reach)
        self.weights = np.zeros(len(self.sites))
        self.rows = rows_of(self.sites, sites)
        self.weights[self.rows] = weights
        self.transfer = transfer(mesh.sites, mesh.simplices, self.sites)
        self.base = lattice.points(self.sites) @ problem.deformation.T + problem.predicted(self.sites)
        self.sum = (whole_forces if whole else weighted_sites)(problem.potential, self.structure(), self.weights)
        self.load = np.zeros((len(self.sites), 3))
        self._last: tuple[FloatArray, float, FloatArray] | None = None

    def structure(self, displacement: FloatArray | None = None) -> Atoms:
        """The atoms, periodic along columns; displaced by u (n, 3) at the vertices."""
        problem = self.problem
        positions = self.base if displacement is None else self.base + self.transfer.to_sites(displacement)
        cell, periodic = np.zeros((3, 3)), problem.lattice.dimension == 2
        if periodic:
            cell[2] = problem.deformation @ problem.lattice.vectors[2]
        return Atoms(
            [problem.lattice.number] * len(self.sites), positions=positions, cell=cell, pbc=(False, False, periodic)
        )

    def correct(self, perfect: "AtomisticPart") -> None:
        """Take the forces of the perfect homogeneous crystal away as a dead load."""
        forces = perfect.sum.evaluate(perfect.base)[1]
        self.load, self._last = -forces[rows_of(perfect.sites, self.sites)], None

    def evaluate(self, displacement: FloatArray) -> tuple[float, FloatArray]:
        """Energy, eV, and forces on the sites (s, 3), eV/Å, dead load and indenter included; the last ones are kept."""
        if self._last is None or not np.array_equal(self._last[0], displacement):
            self._last = (displacement.copy(), *self._evaluated(displacement))
        return self._last[1], self._last[2].copy()

    def _evaluated(self, displacement: FloatArray) -> tuple[float, FloatArray]:
        moved = self.transfer.to_sites(displacement)
        energy, forces = self.sum.evaluate(self.base + moved)[:2]
        if self.problem.indenter is not None:
            pressed, push = self.problem.indenter.evaluate(self.base + moved)
            energy, forces = energy + float(self.weights @ pressed), forces + self.weights[:, None] * push
        away = moved + self.base - self.problem.lattice.points(self.sites) @ self.problem.deformation.T
        return energy - float((self.load * away).sum()), forces + self.load


class ContinuumPart:
    """Σ_T fraction_T V_T W(F₀ + ∇predictor + ∇u).

    Args:
        problem: The problem.
        mesh: Where u lives.
        elements: The same mesh in Å.
        fractions: (m,) part of each element that counts.

    Attributes:
        active: (k,) the elements that count.
        fractions: (k,) part of each of them.
    """

    def __init__(self, problem: Problem, mesh: LatticeMesh, elements: LinearElements, fractions: FloatArray) -> None:
        self.active = np.flatnonzero(fractions > 0)
        self.problem, self.fractions = problem, fractions[self.active]
        self.volumes = elements.volumes[self.active] * self.fractions
        self.elements = LinearElements(elements.points, mesh.simplices[self.active], elements.depth)
        self.away = (
            np.zeros((len(self.active), 3, 3))
            if problem.predictor is None
            else _mean_distortion(problem, self.elements)
        )
        self.load = np.zeros((3, 3))

    def correct(self) -> None:
        """Take the stress of the homogeneous state away as a dead load."""
        self.load = self.problem.law.evaluate(self.problem.deformation[None])[1][0]

    def local(self, displacement: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(k,) energy densities, eV/Å³, and (k, 3, 3) stresses ∂W/∂F, eV/Å³, of the elements that count; without the dead load."""
        return self.problem.law.evaluate(self.problem.deformation + self.away + self.elements.gradients(displacement))

    def evaluate(self, displacement: FloatArray) -> tuple[float, FloatArray]:
        """Energy, eV, and forces on the vertices (n, 3), eV/Å, the dead load included."""
        away = self.away + self.elements.gradients(displacement)
        density, stress = self.problem.law.evaluate(self.problem.deformation + away)
        energy = self.volumes @ (density - np.einsum("ij,mij->m", self.load, away))
        return float(energy), self.elements.forces(self.volumes[:, None, None] * (stress - self.load))


def elements_of(problem: Problem, mesh: LatticeMesh) -> LinearElements:
    """The mesh in Å; columns count one period."""
    lattice = problem.lattice
    points = mesh.sites @ lattice.vectors[: lattice.dimension]
    return LinearElements(points, mesh.simplices, lattice.period if lattice.dimension == 2 else 1.0)


def _mean_distortion(problem: Problem, elements: LinearElements) -> FloatArray:
    """(m, 3, 3) the predictor's distortion averaged over each element, so that its stress stays in balance."""
    points, weights = elements.quadrature()
    values = problem.predictor.distortion(points.reshape(-1, 3)).reshape(*points.shape[:2], 3, 3)
    return np.einsum("q,mqij->mij", weights, values)


def surrounded(problem: Problem, sites: IntArray, reach: float) -> IntArray:
    """The sites and all others within reach, voids left out."""
    near = problem.lattice.within(problem.lattice.points(sites), reach + 1e-9)
    return near[~problem.is_void(near)]
