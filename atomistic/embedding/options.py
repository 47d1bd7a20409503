"""The embedded potential by plain options, so that any input that names a potential can name it."""

from collections.abc import Mapping
from inspect import signature
from typing import Any

from atomistic.embedding.engines import check_engine
from atomistic.embedding.model import embed
from atomistic.embedding.quantum import QuantumPotential
from atomistic.embedding.rules import Defects, Layer, Near, Rule, Sphere, Uncertain
from atomistic.embedding.scaled import Scaled
from atomistic.potentials.entry import PotentialEntry
from atomistic.potentials.registry import load_potential
from coupling.contracts import Potential
from coupling.embedding.subtractive import Embedded
from coupling.embedding.totals import TotalCharges
from coupling.errors import InputError, unknown_choice
from coupling.units import ANGSTROM, parse_quantity

ENTRIES = (
    PotentialEntry(
        "embedded", "embedding", "A quantum engine or a larger potential in regions of another one; takes low, quantum, regions",
        "atomistic.embedding.options:load", ("ase",), place=40,
    ),
)  # fmt: skip

RULES = {"sphere": Sphere, "atoms": Near, "layer": Layer, "defects": Defects, "uncertainty": Uncertain}
"""Kinds of regions by name."""


def length(value: object) -> float:
    """Å, from a number in Å or text with a unit.

    Raises:
        InputError: it is neither.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return parse_quantity(value, "length") / ANGSTROM


def rule(name: str, given: Mapping[str, Any]) -> Rule:
    """A rule from plain keys: `kind`, `radius` for what the rules call `enter`, and the rule's own.

    Raises:
        InputError: the kind or a key is unknown, or one is missing.
    """
    if not isinstance(given, Mapping) or given.get("kind") not in RULES:
        kind = given.get("kind") if isinstance(given, Mapping) else given
        raise unknown_choice(f"kind of region {name!r}", kind, RULES)
    kind = RULES[given["kind"]]
    keys = {"radius" if key == "enter" else key: key for key in signature(kind).parameters}
    chosen = {}
    for key, value in given.items():
        if key not in ("kind", "charge"):
            if key not in keys:
                raise unknown_choice(f"key of region {name!r}", key, keys)
            chosen[keys[key]] = length(value) if key in ("radius", "leave") else value
    try:
        return kind(**chosen)
    except TypeError as error:
        raise InputError(
            f"Region {name!r} of kind {given['kind']!r} is incomplete: {error}; it takes {', '.join(keys)}."
        ) from error


def load(
    name: str, device: str, dtype: str | None, *, low: Any, regions: Mapping[str, Mapping[str, Any]],
    quantum: Any = None,
    larger: Any = None, buffer: object = 0.0, termination: str = "bare", split: object = None,
    charges: Mapping[str, float] | None = None, least: int = 0, scale: float = 1.0,
) -> Embedded:  # fmt: skip
    """An embedded potential; see `atomistic.embedding.model.embed`.

    Args:
        name: "embedded".
        device: For the potentials that do not name their own.
        dtype: The same.
        low: The cheap potential: a name, or a block of a name and options.
        regions: Keys of a rule by the name of its region, and charge, e, of its cluster.
        quantum: The accurate model: a quantum engine, as `low` is given.
        larger: The accurate model: a potential, as `low` is given.
        buffer: Å, or text with a unit.
        termination: "bare" or "hydrogen".
        split: Å, or text with a unit.
        charges: e by chemical symbol.
        least: Structures of fewer atoms are the cheap potential's alone.
        scale: Lattice parameter of the accurate model over the cheap one's, see `Scaled`.

    Raises:
        InputError: something is missing or does not fit.
    """
    if (quantum is None) == (larger is None):
        raise InputError(
            "An embedded potential needs either quantum (an engine such as gfn1-xtb) or larger (a potential)."
        )
    if not isinstance(regions, Mapping) or not regions:
        raise InputError("An embedded potential needs regions: a block of rules by name.")
    rules = {key: rule(key, given) for key, given in regions.items()}
    common = {"device": device, "dtype": dtype}
    high: Potential
    if larger is not None:
        high = load_potential(**(common | _block(larger, "larger")))
    else:
        block = _block(quantum, "quantum")
        check_engine(block["name"], [key for key in block if key != "name"])
        high = QuantumPotential(**block)
    if scale != 1.0:
        high = Scaled(high, scale)
    totals = TotalCharges({key: _whole(key, given["charge"]) for key, given in regions.items() if given.get("charge")})
    return embed(
        load_potential(**(common | _block(low, "low"))), high,
        rules,
        buffer=length(buffer), ends=termination,
        split=None if split is None else length(split), charges=charges, least=least, totals=totals,
    )  # fmt: skip


def _whole(region: str, charge: object) -> int:
    if not isinstance(charge, int) or isinstance(charge, bool):
        raise InputError(f"Region {region!r}: its charge {charge!r} is not a whole number of e.")
    return charge


def _block(given: object, what: str) -> dict[str, Any]:
    if isinstance(given, str):
        return {"name": given}
    if not isinstance(given, Mapping) or not isinstance(given.get("name"), str):
        raise InputError(f"{what} must be a name, or a block with a name and options, not {given!r}.")
    return dict(given)
