"""Records of the embedding study: structure and regions, who counts what, buffers, dynamics."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from atomistic.frames import Frames
from coupling.contracts import FloatArray
from multiscale.studies.counted import Counted

if TYPE_CHECKING:
    from ase import Atoms

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class EmbeddedStructure:
    """The structure and who owns its atoms.

    Attributes:
        numbers: (N,) atomic numbers.
        positions: (N, 3) Å.
        cell: (3, 3) Å, rows are lattice vectors.
        pbc: (3,) 1 where periodic, else 0.
        label: (N,) k in region k, counted from 1; -k in its buffer; 0 elsewhere.
        forces: (N, 3) eV/Å.
        energy: eV; None where forces are mixed.
    """

    numbers: IntArray
    positions: FloatArray
    cell: FloatArray
    pbc: IntArray
    label: IntArray
    forces: FloatArray
    energy: float | None = None

    @property
    def atoms(self) -> "Atoms":
        """As ASE's atoms."""
        from ase import Atoms

        return Atoms(self.numbers, self.positions, cell=self.cell, pbc=self.pbc.astype(bool))

    @property
    def frames(self) -> Frames:
        """As one frame, with the label as `region`."""
        energies = None if self.energy is None else np.array([self.energy])
        return Frames(
            self.numbers, self.positions[None], self.cell[None], self.pbc, self.forces[None], energies,
            arrays={"region": self.label[None]},
        )  # fmt: skip

    @property
    def largest_force(self) -> float:
        """eV/Å."""
        return float(np.linalg.norm(self.forces, axis=1).max())


@dataclass(frozen=True)
class RegionSize:
    """A region and the cluster that the accurate model computes for it.

    Attributes:
        name: Of the region.
        atoms: Of the region.
        cluster_atoms: Of the cluster, link atoms not counted.
        links: Link hydrogens.
        periodic: Axes along which the cluster is periodic, such as "ab", or "none".
        charge: Of the cluster, e.
    """

    name: str
    atoms: int
    cluster_atoms: int
    links: int
    periodic: str
    charge: int = 0


@dataclass(frozen=True)
class Energy:
    """Result of the subtractive scheme.

    Attributes:
        value: Embedded energy, eV.
        partition_error: Its distance from the sum of the ledger, eV.
    """

    value: float
    partition_error: float


@dataclass(frozen=True)
class RelaxationFindings:
    """How the structure came to rest.

    Attributes:
        energy: Gained, eV; negative.
        steps: How many.
    """

    energy: float
    steps: int


@dataclass(frozen=True)
class Buffers:
    """Force error in the first region against the buffer's radius.

    Attributes:
        radius: (n,) Å, rising.
        atoms: (n,) of the cluster, link atoms counted.
        difference: (n,) largest error of low + QM - ML, eV/Å.
        abrupt: (n,) of the accurate model of the cluster alone, eV/Å.
        cheap: Of the cheap model alone, eV/Å.
        needed: Radius for the wanted error, Å; None where the largest still errs by more.
        decay_length: Of the error, Å; None where it does not fall, or where `needed` is None.
        unknown: Why one of them is not known.
    """

    radius: FloatArray
    atoms: IntArray
    difference: FloatArray
    abrupt: FloatArray
    cheap: float
    needed: float | None = None
    decay_length: float | None = None
    unknown: str | None = None


@dataclass(frozen=True)
class DynamicsFindings:
    """The account of the energy along a trajectory.

    Attributes:
        time: (n,) ps.
        total: (n,) kinetic and potential energy from the start's, eV.
        conserved: (n,) the same less what was put in, eV.
        temperature: (n,) K.
        accurate_atoms: (n,) that the accurate model computed.
        injected: Put in by what is not a gradient, eV.
        drift: Slope of the conserved energy, eV per atom and ps.
        raw_drift: Slope of kinetic and potential energy, eV per atom and ps.
        switches: Steps at which a region changed.
        frames: Some of the steps.
    """

    time: FloatArray
    total: FloatArray
    conserved: FloatArray
    temperature: FloatArray
    accurate_atoms: IntArray
    injected: float
    drift: float
    raw_drift: float
    switches: int
    frames: Frames | None = None


@dataclass(frozen=True)
class EmbeddingFindings:
    """All that the study finds.

    Attributes:
        structure: With forces and owners.
        regions: Their sizes.
        counted: The ledger's lines.
        energy: Of the energy scheme.
        net_force: Of the mixing, taken away from the buffer, eV/Å; where forces are mixed.
        relaxation: Where it was asked for.
        buffers: Where they were asked for.
        dynamics: Where they were asked for.
        uncharged: The cheap potential, where something has a charge and it takes none.
    """

    structure: EmbeddedStructure
    regions: tuple[RegionSize, ...]
    counted: tuple[Counted, ...]
    energy: Energy | None = None
    net_force: float | None = None
    relaxation: RelaxationFindings | None = None
    buffers: Buffers | None = None
    dynamics: DynamicsFindings | None = None
    uncharged: str = ""

    @property
    def accurate_atoms(self) -> int:
        """That the accurate model computes, link atoms counted."""
        return sum(region.cluster_atoms + region.links for region in self.regions)

    @property
    def clustered(self) -> float:
        """Share of the structure's atoms in clusters."""
        return sum(region.cluster_atoms for region in self.regions) / len(self.structure.numbers)
