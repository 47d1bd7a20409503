"""What all coupled methods share: forces, energy where there is one, unknowns."""

from collections.abc import Callable
from copy import copy
from typing import Self

import numpy as np
from numpy.typing import NDArray

from atomistic.cauchy_born import tangent
from atomistic.site_energies import energy_range
from continuum.mesh.lattice import LatticeMesh
from coupling.contracts import FloatArray
from coupling.discovery import refuse_twin
from coupling.handshake import element_fractions, handshake_ledger
from coupling.ledger import Ledger
from multiscale.concurrent.parts import AtomisticPart, ContinuumPart, elements_of, surrounded
from multiscale.concurrent.problem import Problem
from multiscale.concurrent.region import BlendingRegion
from multiscale.concurrent.solver import inverse_of

IntArray = NDArray[np.int64]

METHODS: "dict[str, type[Method]]" = {}
"""The methods whose modules are loaded, by name; all that there are: `multiscale.concurrent.methods.method_kinds`."""


class Method:
    """A discretised problem.

    Args:
        problem: The problem.
        region: How the box is split.
        pad: Distance from the blended atoms to which others are carried along, Å, such as a measured locality of
            forces; the force that is left on the perfect crystal is then a dead load. None is the potential's whole
            range.

    Attributes:
        name: As an input file calls it; a class with a name is listed in `METHODS`.
        conservative: Whether its forces are an energy's gradient.
        weighted: Whether it needs weighted site energies; the others need forces alone, of any potential.
        knows_surfaces: Whether there may be free surfaces.
        adapts: Whether its region can go where atoms and continuum disagree.
        free: (n,) vertices that may move.
        atomistic: Its atoms; None of a method without.
        continuum: Its elements; None of a method without.
    """

    name = ""
    conservative = True
    weighted = False
    knows_surfaces = True
    adapts = True
    atomistic: AtomisticPart | None = None
    continuum: ContinuumPart | None = None

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if cls.name:
            refuse_twin("method", cls.name, METHODS.get(cls.name), cls)
            METHODS[cls.name] = cls

    def __init__(self, problem: Problem, region: BlendingRegion, pad: float | None = None) -> None:
        self.problem, self.region, self.pad = problem, region, pad
        self.mesh = region.mesh(problem)
        self.elements = elements_of(problem, self.mesh)
        self._begin()

    def perfect(self) -> Self:
        """The same on the perfect crystal in the homogeneous state, on the same mesh."""
        other = copy(self)
        other.problem = self.problem.without_defect()
        other._begin()
        return other

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
        """Which term counts which site; those on the faces of the box are held, and no term counts them."""
        sites, beta = self.blend()
        present = ~self.problem.is_void(sites) & (np.abs(sites) < self.problem.half).all(axis=1)
        return handshake_ledger(
            self.mesh.sites, self.mesh.simplices, sites[present], beta[present], ("atoms", "Cauchy-Born")
        )

    def blend(self) -> tuple[IntArray, FloatArray]:
        """Sites in the box that are not wholly the continuum's, and their β."""
        sites, beta = self.region.beta(self.problem)
        inside = (np.abs(sites) <= self.problem.half).all(axis=1)
        return sites[inside], beta[inside]

    def _begin(self) -> None:
        self.free = ~self.mesh.boundary & ~self.problem.outside(self.elements.points)
        self._build()

    def _build(self) -> None:
        raise NotImplementedError

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


def whole_forces(problem: Problem, mesh: LatticeMesh, sites: IntArray, pad: float | None) -> AtomisticPart:
    """Atoms of weight 1 around the given sites, so many that the forces on those are the whole."""
    reach = energy_range(problem.potential) if pad is None else pad
    near = surrounded(problem, sites, reach)
    return AtomisticPart(problem, mesh, near, np.ones(len(near)), reach if pad is None else 0.0, whole=True)
