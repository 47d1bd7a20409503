"""The coupled methods, one interface for all: forces, energy where there is one, unknowns.

BQCE: E = Σ (1−β) e + ∫ β W. BGFC: the same with the forces of the homogeneous crystal taken away as a dead
load (Ortner and Zhang, CMAME 313 (2017) 29). BQCF: F = (1−β) F_atoms + β F_continuum, no energy (Li, Luskin,
Ortner and Shapeev, CMAME 268 (2014) 763).
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from atomistic.cauchy_born import linear_law, tangent
from atomistic.site_energies import energy_range
from continuum.mesh.lattice import LatticeMesh
from coupling.contracts import FloatArray
from coupling.errors import InputError, unknown_choice
from coupling.handshake import element_fractions, handshake_ledger
from coupling.ledger import Ledger
from multiscale.concurrent.harmonic import periodic_inverse
from multiscale.concurrent.parts import AtomisticPart, ContinuumPart, elements_of, surrounded
from multiscale.concurrent.problem import Problem
from multiscale.concurrent.region import Region
from multiscale.concurrent.solver import inverse_of

IntArray = NDArray[np.int64]
_LARGE = 3000
"""Free atoms of a solid from which its stiffness is inverted by Fourier transform."""


class Method:
    """A discretised problem.

    Args:
        problem: The problem.
        region: How the box is split.
        pad: Distance from the blended atoms to which others are carried along, Å, such as a measured locality of
            forces; what it leaves on the perfect crystal is then a dead load. None is the potential's whole range.

    Attributes:
        name: As listed by `METHODS`.
        conservative: Whether its forces are an energy's gradient.
        weighted: Whether it needs weighted site energies; the others need forces alone, of any potential.
        free: (n,) vertices that may move.
    """

    name = ""
    conservative = True
    weighted = False

    def __init__(self, problem: Problem, region: Region, pad: float | None = None) -> None:
        self.problem, self.region, self.pad = problem, region, pad
        self.mesh = region.mesh(problem)
        self.elements = elements_of(problem, self.mesh)
        self.free = ~self.mesh.boundary & ~problem.outside(self.elements.points)
        self._build()

    @property
    def has_energy(self) -> bool:
        """Whether its energy can be compared with that of the perfect crystal."""
        return self.conservative

    @property
    def unknowns(self) -> int:
        """Displacement components solved for; those of sites without an atom do not count."""
        return 3 * int((self.free & ~self.problem.is_void(self.mesh.sites)).sum())

    @property
    def atoms(self) -> int:
        """Atoms whose neighbourhood is evaluated."""
        return 0

    def energy(self, displacement: FloatArray) -> float:
        """E(u) in eV at the vertices' u (n, 3) in Å.

        Raises:
            InputError: the method has no energy.
        """
        return self.evaluate(displacement)[0]

    def forces(self, displacement: FloatArray) -> FloatArray:
        """(n, 3) eV/Å on the vertices, zero on those that are held."""
        return np.where(self.free[:, None], self.evaluate(displacement)[1], 0.0)

    def evaluate(self, displacement: FloatArray) -> tuple[float, FloatArray]:
        """Energy and forces on all vertices."""
        raise NotImplementedError

    def preconditioner(self) -> Callable[[FloatArray], FloatArray]:
        """The inverse of the elastic stiffness of the whole mesh, torn where the far field tears it, on the free vertices."""
        whole = self.elements.volumes * ~self._severed()
        stiffness = self.elements.stiffness(tangent(self.problem.law, self.problem.deformation), whole)
        rows = np.flatnonzero(np.repeat(self.free, 3))
        return inverse_of(stiffness[rows][:, rows])

    def ledger(self) -> Ledger:
        """Who counts which site; those on the faces of the box are held, and count for nobody."""
        sites, beta = self._blend()
        present = ~self.problem.is_void(sites) & (np.abs(sites) < self.problem.half).all(axis=1)
        return handshake_ledger(
            self.mesh.sites, self.mesh.simplices, sites[present], beta[present], ("atoms", "Cauchy-Born")
        )

    def _build(self) -> None:
        raise NotImplementedError

    def _blend(self) -> tuple[IntArray, FloatArray]:
        """Sites in the box that are not wholly the continuum's, and their β."""
        sites, beta = self.region.beta(self.problem)
        inside = (np.abs(sites) <= self.problem.half).all(axis=1)
        return sites[inside], beta[inside]

    def _severed(self) -> NDArray[np.bool_]:
        return self.problem.severed(self.elements.points[self.mesh.simplices])

    def _fractions(self, sites: IntArray, beta: FloatArray) -> FloatArray:
        """Parts of the elements that count, nothing around a missing atom or where the far field tears."""
        voids = self.problem.voids
        counted = np.where(self.problem.is_void(sites), 0.0, beta)
        missing = voids[~(voids[:, None] == sites[None]).all(axis=2).any(axis=1)]
        sites, counted = np.concatenate([sites, missing]), np.append(counted, np.zeros(len(missing)))
        if not len(sites):
            return np.where(self._severed(), 0.0, 1.0)
        return np.where(self._severed(), 0.0, element_fractions(self.mesh.sites, self.mesh.simplices, sites, counted))


class Atomistic(Method):
    """All atoms, free within the core, held at the predictor beyond: the clamped boundary."""

    name = "atomistic"

    def _build(self) -> None:
        lattice = self.problem.lattice
        distance = lattice.distance(self.mesh.sites, self.problem.centres)
        self.free = self.free & (distance <= self.region.core * lattice.spacing)
        sites = self.mesh.sites[self.free]
        self.part = _whole_forces(self.problem, self.mesh, sites, self.pad)
        if self.pad is not None:
            self.part.correct(_whole_forces(self.problem.without_defect(), self.mesh, sites, self.pad))

    @property
    def has_energy(self) -> bool:
        """Of all atoms carried along it can where those are the perfect crystal's: no far field, no vacuum."""
        problem = self.problem
        return problem.potential.capabilities.weighted_sites or (problem.predictor is None and problem.surface is None)

    @property
    def atoms(self) -> int:
        """Atoms whose neighbourhood is evaluated."""
        return len(self.part.sites)

    def preconditioner(self) -> Callable[[FloatArray], FloatArray]:
        """As ever; or the crystal's own force constants, where a solid's box is too large to be factorised."""
        problem = self.problem
        if problem.lattice.dimension == 2 or self.free.sum() < _LARGE:
            return super().preconditioner()
        inverse, vertices = periodic_inverse(problem), self.mesh.vertices_of(problem.sites)
        inside = np.flatnonzero(vertices >= 0)
        inside = inside[self.free[vertices[inside]]]

        def solve(forces: FloatArray) -> FloatArray:
            pull, moved = np.zeros((len(problem.sites), 3)), np.zeros((len(self.free), 3))
            on_vertices = np.zeros_like(moved)
            on_vertices[self.free] = forces.reshape(-1, 3)
            pull[inside] = on_vertices[vertices[inside]]
            moved[vertices[inside]] = inverse(pull)[inside]
            return moved[self.free].ravel()

        return solve

    def evaluate(self, displacement: FloatArray) -> tuple[float, FloatArray]:
        """Energy, eV, and forces on the vertices, eV/Å, of the atoms."""
        energy, forces = self.part.evaluate(displacement)
        return energy, self.part.transfer.to_vertices(forces)

    def _blend(self) -> tuple[IntArray, FloatArray]:
        sites = self.mesh.sites[self.free]
        return sites, np.zeros(len(sites))


class CauchyBorn(Method):
    """The continuum everywhere; a missing atom takes its share of the volume with it."""

    name = "cauchy_born"

    def _build(self) -> None:
        if self.problem.faces is not None:
            raise InputError("cauchy_born allows no free surfaces; take another method.")
        nothing = np.zeros((0, self.problem.lattice.dimension), dtype=np.int64)
        self.part = ContinuumPart(self.problem, self.mesh, self.elements, self._fractions(nothing, np.zeros(0)))

    def evaluate(self, displacement: FloatArray) -> tuple[float, FloatArray]:
        """Energy, eV, and forces on the vertices, eV/Å, of the elements."""
        return self.part.evaluate(displacement)

    def _blend(self) -> tuple[IntArray, FloatArray]:
        sites = self.problem.lattice.within(self.problem.centres, self.region.core * self.problem.lattice.spacing)
        return sites, np.ones(len(sites))


class BlendedEnergy(Method):
    """BQCE."""

    name = "bqce"
    weighted = True

    def _build(self) -> None:
        self.atomistic = self._atoms_of(self.problem)
        self.continuum = ContinuumPart(self.problem, self.mesh, self.elements, self._fractions(*self._blend()))

    def _atoms_of(self, problem: Problem) -> AtomisticPart:
        sites, beta = self.region.beta(problem)
        return AtomisticPart(problem, self.mesh, sites, 1 - beta, self.pad)

    @property
    def atoms(self) -> int:
        """Atoms whose neighbourhood is evaluated."""
        return len(self.atomistic.sites)

    def evaluate(self, displacement: FloatArray) -> tuple[float, FloatArray]:
        """Energy, eV, and its forces on the vertices, eV/Å: atoms and elements, each with its weights."""
        atoms, pull = self.atomistic.evaluate(displacement)
        bulk, forces = self.continuum.evaluate(displacement)
        return atoms + bulk, self.atomistic.transfer.to_vertices(pull) + forces


class BlendedForce(Method):
    """BQCF."""

    name = "bqcf"
    conservative = False

    def _build(self) -> None:
        sites, beta = self._blend()
        self.atomistic = _whole_forces(self.problem, self.mesh, sites, self.pad)
        if self.pad is not None:  # what a shortened range leaves on the perfect crystal
            self.atomistic.correct(_whole_forces(self.problem.without_defect(), self.mesh, sites, self.pad))
        self.beta = np.ones(len(self.mesh.sites))
        vertices = self.mesh.vertices_of(sites)
        if (vertices < 0).any():
            raise InputError("The mesh lacks a site of the atomistic region; refine it there.")
        self.beta[vertices] = beta
        felt = (self.beta[self.mesh.simplices] > 0).any(axis=1) & ~self._severed()
        self.continuum = ContinuumPart(self.problem, self.mesh, self.elements, felt.astype(float))
        rows = {tuple(site): row for row, site in enumerate(self.atomistic.sites.tolist())}
        pairs = [
            (v, rows[tuple(s)]) for v, s in zip(vertices.tolist(), sites.tolist(), strict=True) if tuple(s) in rows
        ]
        self.vertices, self.rows = np.array(pairs).T

    @property
    def atoms(self) -> int:
        """Atoms whose neighbourhood is evaluated."""
        return len(self.atomistic.sites)

    def energy(self, displacement: FloatArray) -> float:
        """Raises `InputError`: blended forces have no energy."""
        raise InputError(f"The forces of {self.name} have no energy; take bqce or bgfc.")

    def evaluate(self, displacement: FloatArray) -> tuple[float, FloatArray]:
        """NaN in place of an energy, and the blended forces on the vertices, eV/Å."""
        pull = self.atomistic.evaluate(displacement)[1]
        forces = self.beta[:, None] * self.continuum.evaluate(displacement)[1]
        forces[self.vertices] += (1 - self.beta[self.vertices, None]) * pull[self.rows]
        return np.nan, forces


class FlexibleBoundary(BlendedForce):
    """All atoms within the core, in a linear elastic medium that gives way to them.

    What Sinclair's boundary finds by iterating Green's functions (J. Appl. Phys. 42 (1971) 5321), solved at once on the
    mesh: no force is left on an atom of the core, nor in the medium beyond.
    """

    name = "flexible"

    def __init__(self, problem: Problem, region: Region, pad: float | None = None) -> None:
        law = linear_law(problem.law, problem.deformation)
        super().__init__(replace(problem, law=law), replace(region, blend=0.0), pad)


class GhostForceCorrected(BlendedEnergy):
    """BGFC: the ghost forces of the perfect crystal in the homogeneous state are a dead load."""

    name = "bgfc"

    def _build(self) -> None:
        super()._build()
        self.atomistic.correct(self._atoms_of(self.problem.without_defect()))
        self.continuum.correct()


def _whole_forces(problem: Problem, mesh: LatticeMesh, sites: IntArray, pad: float | None) -> AtomisticPart:
    """Atoms of weight 1 around the given sites, so many that the forces on those are the whole."""
    reach = energy_range(problem.potential) if pad is None else pad
    near = surrounded(problem, sites, reach)
    return AtomisticPart(problem, mesh, near, np.ones(len(near)), reach if pad is None else 0.0, whole=True)


METHODS: dict[str, type[Method]] = {
    method.name: method
    for method in (Atomistic, FlexibleBoundary, CauchyBorn, BlendedEnergy, BlendedForce, GhostForceCorrected)
}
"""All methods by name."""


def discretise(name: str, problem: Problem, region: Region, pad: float | None = None) -> Method:
    """A problem discretised by a method's name.

    Raises:
        InputError: there is no such method.
    """
    if name not in METHODS:
        raise unknown_choice("method", name, METHODS)
    return METHODS[name](problem, region, pad)
