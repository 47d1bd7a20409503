"""What must hold before a dislocation is meaningful: a stable crystal and a stable stacking fault."""

from dataclasses import dataclass

import numpy as np
from ase import Atoms

from atomistic.dislocation.systems import SlipSystem
from atomistic.properties.elastic import ElasticConstants
from atomistic.properties.fault import fcc_stacking_fault
from coupling.contracts import Potential
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
    """Findings before a dislocation is built.

    Attributes:
        stable: Whether the crystal is elastically stable.
        fault: Intrinsic stacking fault energy of an fcc crystal, J/m²; None for others.
        unstable_fault: The ideal saddle's, J/m²; None for others.
        warnings: One sentence each; empty when every check passed.
    """

    stable: bool
    fault: float | None
    unstable_fault: float | None
    warnings: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return not self.warnings

    def require(self, override: bool = False) -> None:
        """Stop here unless everything passed or the user insists.

        Raises:
            InputError: a check failed. An unstable crystal cannot be overridden.
        """
        if not self.stable or (self.warnings and not override):
            way = "use another potential" if not self.stable else "use another potential, or override the check"
            raise InputError(f"{' '.join(self.warnings)} No dislocation result would mean anything; {way}.")


def precheck(potential: Potential, bulk: Atoms, elastic: ElasticConstants, system: SlipSystem) -> Precheck:
    """Check the stability of a crystal and, in fcc, the sense of its stacking fault.

    Args:
        potential: The potential.
        bulk: The crystal at its equilibrium.
        elastic: Its elastic constants.
        system: The slip system.
    """
    warnings, fault, unstable = [], None, None
    if not elastic.stable:
        lowest = np.linalg.eigvalsh(elastic.stiffness_voigt).min() / 1e9
        warnings.append(
            f"{potential.name!r} makes {bulk.get_chemical_formula()} {system.structure} elastically unstable "
            f"(an elastic constant of {lowest:.3g} GPa)."
        )
    elif system.structure == "fcc":
        found = fcc_stacking_fault(potential, bulk)
        fault, unstable = found.intrinsic.value, found.unstable.value
        warnings += _fault_warnings(potential, bulk, elastic, fault, unstable)
    return Precheck(elastic.stable, fault, unstable, tuple(warnings))


def _fault_warnings(
    potential: Potential, bulk: Atoms, elastic: ElasticConstants, fault: float, unstable: float
) -> list[str]:
    a = (4 * bulk.get_volume() / len(bulk)) ** (1 / 3)
    c11, c12, c44 = elastic.cubic
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
