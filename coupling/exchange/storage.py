"""Cohesive laws in files: JSON that a person can read, with the unit in each key, bit for bit.

The file is one object: "format" and "version" say what it is, "kind" names the law, "gap" its owner of
the layer spacing, "count" what was counted in it (`coupling.laws.count`; only "taken_away" must be there), and
"parameters" holds the constructor's arguments as "<name> [<unit>]" (a plane's own law inside a coarse law, and the
laws of each coverage, are such objects without format and version). "samples" are the laws of the samples of the potential, of which the
error bars are the spread; it is left out where there are none. "checksum" is the hash of all else, by which damage is found;
remove it when you change a law by hand. Lists nest as arrays do; a parameter that is unknown is
null; numbers are written with the digits that give back the same binary64. Files of version 1 have no
count: it is not known.
"""

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np

from coupling.errors import InputError, unknown_choice
from coupling.files import CHECKSUM, sealed, unsealed, write_text
from coupling.laws.count import NOT_KNOWN, BulkSide, Count
from coupling.laws.law import Law
from coupling.laws.registry import law_kinds
from coupling.laws.solute import Solute

FORMAT = "multiscale-coupling cohesive law"
VERSION = 6
_READ = (1, 2, 3, 4, 5, 6)
_SAMPLES = "samples"


def save_law(law: Law, path: str | Path) -> None:
    """Write a law; the file appears complete or not at all.

    Raises:
        InputError: the law holds a number that is not finite, or is of no stored kind, or the
            folder does not exist.
    """
    write_atomically(Path(path), law_text(law) + "\n")


def law_text(law: Law) -> str:
    """What `save_law` writes: equal texts are equal laws.

    Raises:
        InputError: as `save_law`.
    """
    record = {"format": FORMAT, "version": VERSION, **_record(law)}
    if law.members:
        record[_SAMPLES] = [_record(one) for one in law.members]
    try:
        return json.dumps(sealed(record), indent=1, allow_nan=False)
    except ValueError:
        raise InputError(
            f"The {law.kind} law holds a number that is not finite, so that it cannot be stored."
        ) from None


def load_law(path: str | Path) -> Law:
    """Read a law that `save_law` wrote.

    Raises:
        InputError: the file is missing, damaged, of another format or version, or does not make a law.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(
            f"There is no law file {path}; a run of a cohesive_law study writes law.json, save_law any law."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The law file {path} cannot be read: {error}.") from None
    try:
        record = json.loads(text, parse_constant=_refuse_constant)
    except (json.JSONDecodeError, RecursionError) as error:
        raise InputError(f"{path} is not a complete JSON file ({error}); save the law again.") from None
    if not isinstance(record, dict) or record.pop("format", None) != FORMAT:
        raise InputError(f'{path} is not a cohesive law: it does not say "format": "{FORMAT}".')
    whole = {"format": FORMAT, **record}
    version, checksum = record.pop("version", None), record.pop(CHECKSUM, None)
    if version not in _READ:
        raise InputError(
            f"{path} has version {version!r} of the law format; this code reads versions {_READ[0]} to {_READ[-1]}."
        )
    sampled = record.pop(_SAMPLES, []) if version >= 5 else []
    if not isinstance(sampled, list):
        raise InputError(f'{path}: "{_SAMPLES}" must be a list of laws.')
    law = _law(record, str(path), version)
    law = law.with_members([_law(one, f"{path}, sample {k}", version) for k, one in enumerate(sampled, 1)])
    if checksum is not None:
        try:
            unsealed(whole)
        except ValueError as error:
            raise InputError(
                f"{path}: {error}; save the law again, or remove the checksum if you changed it."
            ) from None
    return law


def write_atomically(path: Path, text: str) -> None:
    """Write a text file where a person wants it, whole or not at all; its folder is not made.

    Raises:
        InputError: the folder does not exist or cannot be written.
    """
    try:
        path.parent.stat()
        write_text(path, text)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.") from None


def _record(law: Law) -> dict[str, Any]:
    kinds = law_kinds()
    if type(law) is not kinds.get(getattr(law, "kind", "")):
        raise unknown_choice("kind of law to store", type(law).__name__, [kind.__name__ for kind in kinds.values()])
    parameters = {_key(name, unit): _plain(getattr(law, name)) for name, unit in law.units.items()}
    nested: dict[str, Any] = {name: _nested(getattr(law, name)) for name in law.nested} or {"gap": law.gap}
    return {"kind": law.kind, **nested, "count": _facts(law.count, _COUNT_UNITS), "parameters": parameters}


def _nested(law: Law | tuple[Law, ...]) -> Any:
    return [_record(one) for one in law] if isinstance(law, tuple) else _record(law)


def _read_nested(record: object, where: str, version: int) -> Law | tuple[Law, ...]:
    """A law, or several: those of some coverages."""
    if not isinstance(record, list):
        return _law(record, where, version)
    return tuple(_law(one, f"{where} {k}", version) for k, one in enumerate(record, 1))


def _law(record: object, where: str, version: int) -> Law:
    if not isinstance(record, dict) or not isinstance(record.get("parameters"), dict):
        raise InputError(f'{where}: a law needs "kind" and "parameters".')
    record = dict(record)
    kind, parameters = record.pop("kind", None), record.pop("parameters")
    kinds = law_kinds()
    if kind not in kinds:
        raise unknown_choice(f"kind of law in {where}:", kind, kinds)
    made = kinds[kind]
    expected = set(made.nested) or {"gap"}
    _same_keys(set(record), expected | ({"count"} if version > 1 else set()), where)
    arguments = _arguments(made, parameters, where)
    count = _count(record.pop("count"), where) if version > 1 else NOT_KNOWN
    for name in made.nested:
        record[name] = _read_nested(record[name], f"{where}, {name}", version)
    try:
        return made(**record, **arguments).counted(count)
    except (InputError, ValueError, TypeError, OverflowError) as error:
        raise InputError(f"{where} does not make a law: {error}") from None


_COUNT_UNITS = {"temperature": "K", "equilibrium_until": "m", "planes": "1", "equilibrium_traction": "Pa"}
_SIDE_UNITS = {
    "stiffness_voigt": "Pa",
    "spacing": "m",
    "layers": "1",
    "strain": "1",
    "energy_at_peak": "J/m^2",
    "axes": "1",
}
_SOLUTE_UNITS = {"site_density": "1/m^2", "coverage": "1", "chemical_potential": "J", "temperature": "K"}


def _facts(record: Count | BulkSide | Solute, units: Mapping[str, str]) -> dict[str, Any]:
    """A count, one of its sides or its solute, the units of its numbers in the keys."""
    facts: dict[str, Any] = {}
    for item in fields(record):
        value = getattr(record, item.name)
        if isinstance(value, BulkSide):
            facts[item.name] = _facts(value, _SIDE_UNITS)
        elif isinstance(value, Solute):
            facts[item.name] = _facts(value, _SOLUTE_UNITS)
        else:
            facts[_named(item.name, units)] = value if isinstance(value, str | bool) else _plain(value)
    return facts


def _count(facts: object, where: str) -> Count:
    where = f"count in {where}"
    found = _read_facts(Count, facts, _COUNT_UNITS, where)
    for side in ("plus", "minus"):
        if found.get(side) is not None:
            facts_of_side = _read_facts(BulkSide, found[side], _SIDE_UNITS, f"{side} side of the {where}")
            found[side] = _built(BulkSide, facts_of_side, where)
    if found.get("solute") is not None:
        of_solute = _read_facts(Solute, found["solute"], _SOLUTE_UNITS, f"solute of the {where}")
        found["solute"] = _built(Solute, of_solute, where)
    return _built(Count, found, where)


def _read_facts(kind: type, facts: object, units: Mapping[str, str], where: str) -> dict[str, Any]:
    """The fields by name; those with a default may be left out."""
    if not isinstance(facts, dict):
        raise InputError(f"The {where} must be an object with keys and values.")
    names = {_named(item.name, units): item for item in fields(kind)}
    needed = {key for key, item in names.items() if item.default is MISSING}
    _same_keys(set(facts) | (set(names) - needed), set(names), where)
    return {
        names[key].name: _number(value, key, where) if names[key].name in units else value
        for key, value in facts.items()
    }


def _built[T](kind: type[T], values: dict[str, Any], where: str) -> T:
    try:
        return kind(**values)
    except (InputError, ValueError, TypeError, OverflowError) as error:
        raise InputError(f"The {where} is not valid: {error}") from None


def _named(name: str, units: Mapping[str, str]) -> str:
    return _key(name, units[name]) if name in units else name


def _arguments(kind: type[Law], parameters: dict[str, Any], where: str) -> dict[str, Any]:
    """Constructor's arguments; those that may be unknown (None by default) may be absent, as in older files."""
    names = {_key(name, unit): name for name, unit in kind.units.items()}
    defaults = signature(kind).parameters
    optional = {key for key, name in names.items() if defaults[name].default is None}
    _same_keys(set(parameters) | optional, set(names), where)
    return {names[key]: _number(value, key, where) for key, value in parameters.items()}


def _same_keys(found: set[str], expected: set[str], where: str) -> None:
    for key in sorted(found - expected):
        raise unknown_choice(f"key in {where}:", key, expected)
    if missing := sorted(expected - found):
        raise InputError(f"{where}: {', '.join(missing)} is missing; save the law again.")


def _number(value: Any, key: str, where: str) -> Any:
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    try:
        array = np.array(value)
    except ValueError:
        array = np.array(None)
    if not isinstance(value, list) or array.dtype.kind not in "if":
        raise InputError(f"{where}: {key} must be a number or (nested) lists of numbers of equal lengths.")
    return array.astype(float)


def _key(name: str, unit: str) -> str:
    return f"{name} [{unit}]"


def _plain(value: Any) -> Any:
    """Numbers and arrays as Python's own, whose text gives back the same bits."""
    if value is None or isinstance(value, int):
        return value
    return np.asarray(value, dtype=float).tolist()


def _refuse_constant(name: str) -> None:
    raise InputError(f"A law file must hold finite numbers only, and this one holds {name}.")
