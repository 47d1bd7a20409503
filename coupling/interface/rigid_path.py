"""A slab pulled apart as two rigid halves: its law, its check, and who counts which layer spacing.

On the rigid path the bulk keeps its spacing, so that nothing but the constant energy of the bulk is
subtracted and the imposed opening is the excess opening.
"""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline

from coupling.contracts import FloatArray, GapOwner
from coupling.errors import InputError
from coupling.interface.branches import unbroken
from coupling.laws.tabulated import TabulatedLaw
from coupling.ledger import Ledger, Term
from coupling.units import ANGSTROM, EV_A2, EV_A3

_LEAST_LARGEST = 1.5  # Å


def check_largest_opening(largest: float) -> None:
    """Raise `InputError` if a path that ends at this opening (Å) cannot reach past the peak of any interface."""
    if largest < _LEAST_LARGEST:
        raise InputError(f"A largest opening of {largest:g} Å ends before the faces have parted; use about 6 Å.")


@dataclass(frozen=True)
class PathSamples:
    """A slab along an opening path, in atomistic units.

    Attributes:
        opening: (n,) imposed separation from the closed interface, Å.
        energy: (n,) energy of the cell, eV.
        traction: (n,) normal traction by the forces and the virial, eV/Å³.
        area: Area of the interface in the cell, Å².
        spacings: Layer spacings of bulk A and of bulk B in the cell, without the interface's own.
        tangential_stiffness: (n, 2) dT_a/ds_a at zero slip, eV/Å⁴; None when not sampled.
    """

    opening: FloatArray
    energy: FloatArray
    traction: FloatArray
    area: float
    spacings: tuple[int, int]
    tangential_stiffness: FloatArray | None = None

    @property
    def energy_per_area(self) -> FloatArray:
        """(n,) energy relative to the closed interface, eV/Å²."""
        closed = np.flatnonzero(self.opening == 0.0)
        if len(closed) != 1:
            raise InputError("The opening path must contain the closed interface (opening 0) once.")
        return (self.energy - self.energy[closed[0]]) / self.area


def rigid_law(samples: PathSamples) -> TabulatedLaw:
    """The law of a rigid path; the gap is in the law, with the stiffness of one stretched spacing.

    Where the sampled tangential stiffness is negative (the faces would slide by themselves) it is
    taken as zero: the small-slip expansion has no other stable meaning there.

    Raises:
        InputError: the samples do not make a law (see `TabulatedLaw`).
    """
    shear = samples.tangential_stiffness
    return TabulatedLaw(
        samples.opening * ANGSTROM,
        samples.energy_per_area * EV_A2,
        samples.traction * EV_A3,
        None if shear is None else np.maximum(shear, 0.0) * EV_A3 / ANGSTROM,
        gap="in law",
    )


def consistency(samples: PathSamples, bridged: np.ndarray | None = None) -> float:
    """Largest disagreement of energies with tractions (forces and virial) in tension, over the peak.

    On each interval Δψ/Δδ is compared with the mean of the C² spline through the tractions. A
    potential whose virial is wrong on slabs shows here, without reference to any other code.

    Args:
        samples: The path.
        bridged: (n − 1,) intervals to leave out, across which samples are missing; no spline runs across them. By default, none.
    """
    opening, energy, traction = samples.opening, samples.energy_per_area, samples.traction
    worst = 0.0
    for part in unbroken(np.zeros(len(opening) - 1, dtype=bool) if bridged is None else bridged):
        if part.stop - part.start < 2:
            continue
        work = CubicSpline(opening[part], traction[part]).antiderivative()(opening[part])
        difference = np.diff(energy[part] - work) / np.diff(opening[part])
        worst = max(worst, float(np.abs(difference[opening[part][:-1] >= 0]).max(initial=0.0)))
    return worst / float(traction.max())


def interface_ledger(samples: PathSamples, owner: str = "potential", gap: GapOwner = "in law") -> Ledger:
    """Who counts which layer spacing when a law joins two finite-element bodies.

    The sites are the layer spacings of the slab: those of bulk A, the interface's own, those of
    bulk B. The slab counts all; the bulk references take back what the elements carry. With the gap in
    the bulk that is half of the interface's spacing on either side, too.
    """
    spacings_a, spacings_b = samples.spacings
    half = 0.5 if gap == "in bulk" else 0.0
    in_a = np.array([1.0] * spacings_a + [half] + [0.0] * spacings_b)
    in_b = np.array([0.0] * spacings_a + [half] + [1.0] * spacings_b)
    sites = [f"A{i + 1}" for i in range(spacings_a)] + ["interface"] + [f"B{i + 1}" for i in range(spacings_b)]
    return Ledger(
        [
            Term("FE", "body A", 1, in_a),
            Term("FE", "body B", 1, in_b),
            Term(owner, "slab with the interface", 1, np.ones(len(sites))),
            Term(owner, "bulk A at the slab's traction", -1, in_a),
            Term(owner, "bulk B at the slab's traction", -1, in_b),
        ],
        sites,
    )
