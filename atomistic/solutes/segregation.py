"""Solute at a boundary and at a free surface against solute in the bulk: which sites, at what energies, how many atoms."""

from dataclasses import dataclass

import numpy as np
from ase import Atoms

from atomistic.decohesion.bicrystal import Bicrystal
from atomistic.decohesion.slab import cleavage_slab
from atomistic.relax import relax
from atomistic.solutes.placing import boundary_plane
from atomistic.solutes.sites import Sites, find_sites
from atomistic.solutes.spectrum import CAREFUL, Relaxing, Spectrum, spectrum
from atomistic.solutes.voids import Shape
from coupling.contracts import FloatArray, Potential, Progress, silent
from coupling.errors import InputError

_REGULAR = Shape()
_VACUUM = 15.0  # Å, at most; three cutoffs where that is less
_ABOVE = 3.0  # Å over a surface in which its sites are looked for
_SURFACE_FORCE = 1e-3  # eV/Å left on a surface without solute


@dataclass(frozen=True)
class Place:
    """Where solute gathers: a structure with one or two equal interfaces, and its sites near one of them.

    Attributes:
        name: Such as "boundary".
        atoms: The structure in equilibrium, without solute.
        plane: Height of the interface, Å.
        within: Distance from it up to which sites count, Å.
        interfaces: Equal ones in the cell.
    """

    name: str
    atoms: Atoms
    plane: float
    within: float
    interfaces: int

    @property
    def area(self) -> float:
        """Of each interface in the cell, Å²."""
        return float(np.linalg.norm(np.cross(*self.atoms.cell.array[:2])))

    @property
    def host_atoms(self) -> int:
        """Atoms of the host within the distance from one interface."""
        return int((self.distances(self.atoms.positions) <= self.within).sum())

    def distances(self, positions: FloatArray) -> FloatArray:
        """(m,) distances of positions (m, 3) from the plane or its next periodic images, Å."""
        height = float(self.atoms.cell[2, 2])
        offsets = np.mod(positions[:, 2] - self.plane + 0.5 * height, height) - 0.5 * height
        return np.abs(offsets)

    def sites(self, kind: str, *, shape: Shape = _REGULAR, element: str | None = None) -> Sites:
        """Its sites near the interface.

        Raises:
            InputError: there are none.
        """
        found = find_sites(self.atoms, kind, shape=shape, element=element)
        near = self.distances(found.positions) <= self.within
        if not near.any():
            raise InputError(f"No {kind} site lies within {self.within:g} Å of the {self.name}; give more.")
        return found.select(near)


@dataclass(frozen=True)
class Segregation:
    """Solute at a place.

    Attributes:
        place: The place.
        spectrum: Of its sites; those near all of its equal interfaces.
        bulk: Of the bulk crystal's sites.
    """

    place: Place
    spectrum: Spectrum
    bulk: Spectrum

    @property
    def energies(self) -> FloatArray:
        """(k,) segregation energies: on the site less on the best site of the bulk, eV; negative where it is preferred."""
        return self.spectrum.energies - self.bulk.energies[0]

    @property
    def distances(self) -> FloatArray:
        """(k,) of each class from the plane, Å."""
        first = self.spectrum.sites.representatives
        found = self.place.distances(self.spectrum.sites.positions)
        return np.array([found[self.spectrum.sites.classes == k].min() for k in range(len(first))])

    def coverage(self, chemical_potential: float, temperature: float) -> FloatArray:
        """(k,) occupied fraction of each class; see `Spectrum.coverage`."""
        return self.spectrum.coverage(chemical_potential, temperature)

    def excess(self, chemical_potential: float, temperature: float) -> float:
        """Γ: solute atoms beyond those that as much bulk of the host would hold, per Å² of one interface."""
        held = self.spectrum.multiplicities @ self.coverage(chemical_potential, temperature) / self.place.interfaces
        return gibbs_excess(float(held), self.bulk.amount(chemical_potential, temperature), self.place)


def gibbs_excess(held: float, amount: float, place: Place) -> float:
    """Γ: solute atoms per Å² of one interface beyond those of as much bulk.

    Args:
        held: Atoms on the sites of one interface.
        amount: Atoms per lattice site in the bulk.
        place: The interface.
    """
    return (held - amount * place.host_atoms) / place.area


def boundary_place(cell: Bicrystal, within: float = 5.0) -> Place:
    """The boundaries of a periodic cell with two equal ones."""
    return Place("boundary", cell.atoms, boundary_plane(cell), within, 2)


def surface_place(
    potential: Potential, crystal: Atoms, plane: tuple[int, int, int], *, conventional: FloatArray | None = None,
    thickness: float = 12.0, within: float = 4.0, progress: Progress = silent,
) -> Place:  # fmt: skip
    """The two free surfaces of a relaxed slab.

    Args:
        potential: The interatomic potential.
        crystal: At its equilibrium.
        plane: Indices of the surface.
        conventional: (3, 3) cell that they refer to, Å; by default that of the crystal.
        thickness: Of the slab at least, Å.
        within: Distance from the topmost atoms up to which sites count, Å.
        progress: Told after each step.

    Raises:
        InputError: there is no such plane.
        NotConverged: the surface does not relax.
    """
    first = cleavage_slab(crystal, plane, 2, conventional=conventional)
    planes = max(4, int(np.ceil(first.planes * thickness / first.atoms.cell[2, 2])))
    slab = cleavage_slab(crystal, plane, planes, conventional=conventional)
    vacuum = max(min(3 * potential.cutoff, _VACUUM), 2 * _ABOVE)
    (atoms,) = relax(potential, [slab.opened(vacuum)], force=_SURFACE_FORCE, progress=progress).structures
    top = float(atoms.positions[:, 2].max())
    return Place("surface", atoms, top, max(within, _ABOVE), 2)


def segregation(
    potential: Potential, place: Place, bulk: Spectrum, *, replaced: float = 0.0, element: str | None = None,
    shape: Shape = _REGULAR, relaxing: Relaxing = CAREFUL, progress: Progress = silent,
) -> Segregation:  # fmt: skip
    """Relax one solute atom on each different site of a place.

    Args:
        potential: The interatomic potential.
        place: Where.
        bulk: The solute in the bulk.
        replaced: Energy of a replaced atom in its bulk, eV, as in `bulk`.
        element: Which element a substitutional atom replaces; None is any.
        shape: Which voids count.
        relaxing: How.
        progress: Told after each step.

    Raises:
        InputError: there is no site.
        NotConverged: a structure does not relax.
    """
    sites = place.sites(bulk.sites.kind, shape=shape, element=element)
    found = spectrum(
        potential, place.atoms, bulk.solute, sites, replaced=replaced, relaxing=relaxing, progress=progress
    )
    return Segregation(place, found, bulk)
