"""What is kept of a solute's energies: of its sites in the bulk, at a boundary and on a surface, and of pairs."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from atomistic.frames import Frames
from coupling.contracts import FloatArray
from coupling.errors import unknown_choice

if TYPE_CHECKING:
    from atomistic.solutes.interactions import PairEnergies
    from atomistic.solutes.levels import Levels


@dataclass(frozen=True)
class PlaceRecord:
    """A solute atom on the sites of a place.

    Attributes:
        name: "bulk", "boundary" or "surface".
        energies: (k,) of each class of sites, rising, eV: E(with) - E(without), for a substitutional atom plus the replaced one's.
        multiplicities: (k,) sites of each class in the cell.
        names: (k,) what they are called.
        distances: (k,) from the interface, Å; zero in the bulk.
        lattice_sites: Atoms of the host in the cell; of an interface those near one of it.
        interfaces: Equal ones in the cell; 0 of the bulk.
        area: Of each, Å².
        left_out: Classes that were not relaxed.
        positions: (m, 3) of all sites in the cell, Å.
        classes: (m,) of each.
        radii: (m,) Å.
        atoms: (m,) replaced atom, -1 between atoms.
        frames: (k,) relaxed structures, one of each class.
        cell: The structure without solute.
    """

    name: str
    energies: FloatArray
    multiplicities: np.ndarray
    names: tuple[str, ...]
    distances: FloatArray
    lattice_sites: int
    interfaces: int
    area: float
    left_out: int
    positions: FloatArray
    classes: np.ndarray
    radii: FloatArray
    atoms: np.ndarray
    cell: Frames
    frames: tuple[Frames, ...] = ()

    @property
    def levels(self) -> "Levels":
        """Its energies, from which occupations follow."""
        from atomistic.solutes.levels import Levels

        return Levels(self.energies, np.asarray(self.multiplicities), int(self.lattice_sites))


@dataclass(frozen=True)
class PairRecord:
    """Interactions of two solute atoms at the boundary.

    Attributes:
        reach: Å.
        classes: (p, 2) of the two sites.
        distances: (p,) Å.
        energies: (p,) eV, positive where they repel each other; infinite where two atoms are too close.
        keys: (p, 5) by which pairs are known, see `PairEnergies`.
        full: What all others on the boundary's best class of sites add to the energy of an atom there (Fowler), eV; None where
            the sites are too close to be all occupied.
        frames: Relaxed structures of those that are not too close.
    """

    reach: float
    classes: np.ndarray
    distances: FloatArray
    energies: FloatArray
    keys: FloatArray
    full: float | None = None
    frames: tuple[Frames, ...] = ()

    @property
    def pairs(self) -> "PairEnergies":
        """Without structures."""
        from atomistic.solutes.interactions import PairEnergies

        return PairEnergies(
            float(self.reach), np.asarray(self.classes), self.distances, self.energies, (), np.asarray(self.keys)
        )


@dataclass(frozen=True)
class SoluteRecord:
    """Energies of a solute.

    Attributes:
        element: Its symbol.
        kind: "interstitial" or "substitutional".
        reference: Energy that solution energies are counted from, eV; `reference_source` says of what.
        replaced: Energy of a replaced atom in its bulk, eV.
        bulk: In the bulk.
        boundary: At the boundary.
        surface: On the free surface, where asked for.
        pairs: Of two atoms at the boundary, where asked for.
        cell_error: By which the bulk's energy is too large for the size of its cell, eV.
    """

    element: str
    kind: str
    reference: float
    reference_source: str
    replaced: float
    bulk: PlaceRecord
    boundary: PlaceRecord
    surface: PlaceRecord | None = None
    pairs: PairRecord | None = None
    cell_error: float = 0.0

    def best(self, bulk_site: str | None = None) -> int:
        """The class of the bulk's sites that segregation energies are counted from: the best, or the best of a name.

        Raises:
            InputError: the bulk has no such site.
        """
        if bulk_site is None:
            return 0
        if bulk_site not in self.bulk.names:
            raise unknown_choice(f"{self.kind} site of the bulk", bulk_site, sorted(set(self.bulk.names)))
        return self.bulk.names.index(bulk_site)
