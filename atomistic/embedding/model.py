"""An embedded potential from names and rules, in one call."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ase.data import atomic_numbers

from atomistic.embedding.bonding import termination
from atomistic.embedding.rules import Rule, Selector
from atomistic.potentials.as_ase import PotentialCalculator
from atomistic.potentials.fingerprint import OWN
from coupling.capabilities import require
from coupling.contracts import Potential
from coupling.embedding.charges import PointCharges
from coupling.embedding.subtractive import Embedded
from coupling.embedding.totals import NEUTRAL, TotalCharges
from coupling.errors import InputError
from coupling.identity.addresses import canonical_json
from coupling.identity.content import described

if TYPE_CHECKING:
    from ase.calculators.calculator import Calculator


def embed(
    low: Potential,
    high: Potential,
    rules: Mapping[str, Rule],
    *,
    buffer: float = 0.0,
    ends: str = "bare",
    split: float | None = None,
    charges: Mapping[str, float] | None = None,
    least: int = 0,
    totals: TotalCharges = NEUTRAL,
) -> Embedded:
    """An accurate potential embedded in a cheap one.

    Args:
        low: The cheap potential, of all atoms.
        high: The accurate one: a `QuantumPotential`, or any potential.
        rules: Rule by the name of its region.
        buffer: Å around each region that is in its cluster.
        ends: "bare" or "hydrogen", see `atomistic.embedding.bonding.termination`.
        split: See `Selector.split`.
        charges: e by chemical symbol, for electrostatic embedding; None is mechanical embedding.
        least: Structures of fewer atoms are the cheap potential's alone.
        totals: Total charges of the regions' clusters and of the whole.

    Raises:
        InputError: something does not fit, or the accurate potential takes no point charges.
    """
    selector = Selector(dict(rules), buffer, split, least=least)
    fixed = None
    if charges is not None:
        unknown = sorted(set(charges) - set(atomic_numbers))
        if unknown:
            raise InputError(f"Charges name {unknown[0]!r}, which is not a chemical symbol; write for example O: -0.8.")
        require(high, "point_charges")
        fixed = PointCharges({atomic_numbers[symbol]: float(charge) for symbol, charge in charges.items()})
    return Embedded(low, high, selector, termination(ends), fixed, _identity(selector), totals)


def _identity(selector: Selector) -> str:
    """What the regions depend on, with functions and arrays of the rules by content."""
    return canonical_json(described([selector.rules, selector.buffer, selector.split, selector.least], own=OWN))


def calculator(model: Embedded) -> "Calculator":
    """The embedded potential as an ASE calculator: energy, forces, stress."""
    return PotentialCalculator(model)
