"""What the packages promise each other: protocols and plain records, no backend.

Atomistic quantities are in eV and Å, continuum quantities in SI. Stress and traction are
positive in tension, an opening is positive apart.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
GapOwner = Literal["in law", "in bulk"]
"""Who owns the layer spacing across the interface: the law, or the finite elements."""


class Structure(Protocol):
    """Atoms in a cell; `ase.Atoms` satisfies it as it is."""

    @property
    def numbers(self) -> Any:
        """(N,) atomic numbers."""
        ...

    @property
    def positions(self) -> Any:
        """(N, 3) Å."""
        ...

    @property
    def cell(self) -> Any:
        """(3, 3) Å, rows are lattice vectors."""
        ...

    @property
    def pbc(self) -> Any:
        """(3,) periodicity flags."""
        ...


@dataclass(frozen=True)
class Cost:
    """What an evaluation cost.

    Attributes:
        structures: Structures evaluated.
        atom_evaluations: Sum of their atoms.
        batches: Calls of the model.
        seconds: Wall-clock time.
        peak_memory_bytes: Peak memory of the device (GPU) or growth of the process (CPU).
    """

    structures: int = 0
    atom_evaluations: int = 0
    batches: int = 0
    seconds: float = 0.0
    peak_memory_bytes: int = 0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(
            self.structures + other.structures,
            self.atom_evaluations + other.atom_evaluations,
            self.batches + other.batches,
            self.seconds + other.seconds,
            max(self.peak_memory_bytes, other.peak_memory_bytes),
        )


@dataclass(frozen=True)
class Evaluation:
    """Energies, forces and stresses of n structures.

    Attributes:
        energies: (n,) eV.
        forces: n arrays (N_i, 3), eV/Å.
        stresses: (n, 3, 3) eV/Å³, positive in tension; NaN where a structure has no volume.
        site_energies: n arrays (N_i,), eV, when asked for.
        features: n arrays (N_i, F) that the site energies are linear in, in units in which their weights are eV,
            when asked for.
        cost: Computational cost.
    """

    energies: FloatArray
    forces: tuple[FloatArray, ...]
    stresses: FloatArray
    cost: Cost
    site_energies: tuple[FloatArray, ...] | None = None
    features: tuple[FloatArray, ...] | None = None


@dataclass(frozen=True)
class Capabilities:
    """What a potential offers besides energies and forces; what it does not declare is never asked for.

    `coupling.capabilities` says by which method each is reached, and refuses what is not declared.

    Attributes:
        interaction_range: Distance beyond which no atom changes a site's energy, Å: the cutoff times the layers of
            messages of a network. A force reaches twice as far. Infinite where it is, or where nobody knows.
        stress: `evaluate` gives the stress of a cell that spans space.
        site_energies: `evaluate` gives site energies.
        weighted_sites: Σ w_i e_i and its gradient.
        features: What the energy is linear in, its derivatives, and the same potential with another readout.
        differentiable_strain: Energy, stress and tangent of a crystal as functions of F, without differences.
        hessian: Second derivatives of the energy by the positions, without differences.
        point_charges: Energy and forces of a molecule among point charges.
        total_charge: The same potential for structures with a total charge.
        trainable: The network itself, whose weights can be tuned.
        devices: Where it can run, "cpu" or "cuda"; first where it does.
        dtypes: Arithmetics that it can have, "float64" or "float32"; first the one that it has.
    """

    interaction_range: float = math.inf
    stress: bool = False
    site_energies: bool = False
    weighted_sites: bool = False
    features: bool = False
    differentiable_strain: bool = False
    hessian: bool = False
    point_charges: bool = False
    total_charge: bool = False
    trainable: bool = False
    devices: tuple[str, ...] = ("cpu",)
    dtypes: tuple[str, ...] = ("float64",)

    @property
    def dtype(self) -> str:
        """The arithmetic that it has."""
        return self.dtypes[0]

    def running(self, device: str, dtype: str) -> "Capabilities":
        """The same on a device, "cpu", "cuda" or "cuda:N", in an arithmetic."""
        kind = device.split(":")[0]
        devices = (kind, *(other for other in self.devices if other != kind))
        return replace(self, devices=devices, dtypes=(dtype, *(other for other in self.dtypes if other != dtype)))


@runtime_checkable
class Potential(Protocol):
    """An interatomic potential: many structures in, energies, forces and stresses out."""

    @property
    def name(self) -> str:
        """As listed by `multiscale potentials`."""
        ...

    @property
    def elements(self) -> frozenset[int]:
        """Atomic numbers that it knows."""
        ...

    @property
    def cutoff(self) -> float:
        """Range of one interaction or message, Å."""
        ...

    @property
    def fingerprint(self) -> str:
        """Hash of all that determines its numbers; equal hashes give equal results."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What else it offers."""
        ...

    def evaluate(
        self, structures: Sequence[Structure], *, site_energies: bool = False, features: bool = False
    ) -> Evaluation:
        """Evaluate all structures; the inputs are left as they are.

        Raises:
            InputError: site energies or features are asked for and not declared, or a structure cannot be evaluated.
        """
        ...


class LawValue(NamedTuple):
    """A cohesive law evaluated at n points.

    Attributes:
        energy: (n,) ψ, J/m².
        traction: (n, 3) dψ/dδ, Pa; components normal, tangential 1, tangential 2.
        tangent: (n, 3, 3) d²ψ/dδ², Pa/m.
    """

    energy: FloatArray
    traction: FloatArray
    tangent: FloatArray


@runtime_checkable
class CohesiveLaw(Protocol):
    """A potential ψ(δ) of the displacement jump across an interface; SI units.

    The history (damage, unloading, contact) is the continuum side's; the law is the
    response to a first, monotone opening.

    A law that fails in shear too has `final_slip`, the slip beyond which the shear traction at zero
    opening is zero, in m; the slip of one without it never damages (a crystal's γ-surface).
    """

    @property
    def gap(self) -> GapOwner:
        """Who owns the layer spacing across the interface."""
        ...

    @property
    def work_of_separation(self) -> float:
        """ψ at full opening, J/m²."""
        ...

    @property
    def peak_traction(self) -> float:
        """Largest normal traction without slip, Pa."""
        ...

    @property
    def opening_at_peak(self) -> float:
        """Where that is, m."""
        ...

    @property
    def final_opening(self) -> float:
        """Normal opening beyond which the traction is zero, m."""
        ...

    def evaluate(self, jump: FloatArray) -> LawValue:
        """ψ and its first two derivatives at jumps (n, 3) in m: normal, tangential 1, 2."""
        ...


class Progress(Protocol):
    """Receives the advance of long work; a terminal bar, a log line, or nothing."""

    def __call__(self, stage: str, done: int, total: int, note: str = "") -> None: ...


def silent(stage: str, done: int, total: int, note: str = "") -> None:
    """The `Progress` that shows nothing."""
