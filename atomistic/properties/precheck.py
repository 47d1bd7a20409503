"""What must hold before faults, surfaces or dislocations of a crystal mean anything."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms

from atomistic.properties.elastic import cubic_constants
from atomistic.properties.fault import fcc_stacking_fault
from atomistic.properties.surface import surface_energies
from coupling.contracts import FloatArray, Potential
from coupling.errors import InputError

_SPLIT_SHARE = 1e-3
"""γ / (K b) under which partials are pushed further apart than any simulated core: b / (4π d) of d = 80 b."""
_PUBLISHED = {"Al": 0.1175, "Cu": 0.0475, "Ni": 0.1536}
"""γ_isf, J/m², EMTO-PBE (arXiv:1511.08634)."""
_FACTOR = 2.0
"""From the published value beyond which a potential's fault is called wrong."""
_HOLLOW = 0.9
"""γ_isf / γ_usf above which the fault is hardly a minimum."""


@dataclass(frozen=True)
class Precheck:
    """Findings before a study that stands on a crystal's stability, faults or surfaces.

    Attributes:
        stable: Whether the crystal is elastically stable.
        fault: Intrinsic stacking fault energy of an fcc crystal, J/m²; None where it was not looked at.
        unstable_fault: The ideal saddle's, J/m²; None likewise.
        surface: Least energy of a surface that was asked for, rigid, J/m²; None likewise.
        warnings: One sentence each; empty when every check passed.
    """

    stable: bool
    fault: float | None
    unstable_fault: float | None
    surface: float | None
    warnings: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return not self.warnings

    def require(self, override: bool = False, result: str = "dislocation") -> None:
        """Stop here unless everything passed or the user insists.

        Args:
            override: Whether the user insists.
            result: What would mean nothing.

        Raises:
            InputError: a check failed. An unstable crystal cannot be overridden.
        """
        if not self.stable or (self.warnings and not override):
            way = "use another potential" if not self.stable else "use another potential, or override the check"
            raise InputError(f"{' '.join(self.warnings)} No {result} result would mean anything; {way}.")


def precheck(
    potential: Potential,
    bulk: Atoms,
    stiffness_voigt: FloatArray,
    structure: str | None,
    *,
    faults: bool = True,
    planes: Sequence[tuple[int, int, int]] = (),
    conventional: FloatArray | None = None,
) -> Precheck:
    """Check the stability of a crystal, the sense of an fcc crystal's stacking fault, and that its surfaces cost energy.

    Args:
        potential: The potential.
        bulk: The crystal at its equilibrium.
        stiffness_voigt: (6, 6) Pa, its elastic constants.
        structure: Its name, such as fcc; None for a crystal that has none.
        faults: Whether what follows stands on stacking faults; they are looked at in fcc alone.
        planes: Surfaces on which it stands.
        conventional: (3, 3) Å, the basis of the planes; by default the cell of `bulk`.

    Raises:
        InputError: a plane is not one of the crystal's.
        NotConverged: a faulted cell does not relax.
    """
    lowest = float(np.linalg.eigvalsh(stiffness_voigt).min())
    named = f"{potential.name!r} makes {bulk.get_chemical_formula()}" + (f" {structure}" if structure else "")
    if lowest <= 0:
        told = f"{named} elastically unstable (an elastic constant of {lowest / 1e9:.3g} GPa)."
        return Precheck(False, None, None, None, (told,))
    warnings, fault, unstable, surface = [], None, None, None
    if faults and structure == "fcc":
        found = fcc_stacking_fault(potential, bulk)
        fault, unstable = found.intrinsic.value, found.unstable.value
        warnings += _fault_warnings(potential, bulk, stiffness_voigt, fault, unstable)
    if planes:
        rigid = surface_energies(potential, bulk, planes, conventional=conventional, relaxed=False)
        surface = min(one.rigid.value for one in rigid)
        warnings += [
            f"{named} part along {one.miller} by itself: that surface has an energy of {one.rigid.value:.3g} J/m²."
            for one in rigid
            if one.rigid.value <= 0
        ]
    return Precheck(True, fault, unstable, surface, tuple(warnings))


def _fault_warnings(
    potential: Potential, bulk: Atoms, stiffness_voigt: FloatArray, fault: float, unstable: float
) -> list[str]:
    a = (4 * bulk.get_volume() / len(bulk)) ** (1 / 3)
    c11, c12, c44 = cubic_constants(stiffness_voigt)
    scale = np.sqrt(c44 * (c11 - c12) / 2) * a / np.sqrt(2) * 1e-10
    published = _PUBLISHED.get(bulk.get_chemical_symbols()[0], fault)
    named = (
        f"{potential.name!r} gives {bulk.get_chemical_formula()} an intrinsic stacking fault of {1e3 * fault:.3g} mJ/m²"
    )
    if fault < _SPLIT_SHARE * scale:
        return [
            f"{named}, under {1e3 * _SPLIT_SHARE * scale:.3g} mJ/m² that any core needs to hold its partials together."
        ]
    if not published / _FACTOR <= fault <= published * _FACTOR:
        return [f"{named}, where the published one is {1e3 * published:.4g} mJ/m²; universal models often do so."]
    if fault > _HOLLOW * unstable:
        return [
            f"{named}, hardly under the unstable fault's {1e3 * unstable:.3g} mJ/m²: the fault is hardly a minimum."
        ]
    return []
