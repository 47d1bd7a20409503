"""What was found of a dislocation, as documented YAML: values with units, error bars and provenance.

format, version     what the file is
crystal             name, structure, slip system; elastic constants, isotropic averages
glide               the parameters of τ(T, strain rate), each with value, unit and standard deviation
properties          everything else, likewise
line                K(θ), energy and tension by character angle
provenance, notes   where it comes from, and what it does not hold
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from coupling.errors import InputError, unknown_choice
from coupling.exchange.storage import write_atomically
from coupling.upscale.flow import UNITS, GlideLaw
from coupling.upscale.plain_yaml import dump, load

FORMAT = "multiscale-coupling dislocation"
VERSION = 1
MISSING_LAW = "MISSING: no barrier was computed; ask for results: barrier or peierls_nabarro"
"""What stands where a glide law would."""
LINE_UNITS = {"angle": "rad", "prefactor": "Pa", "energy": "J/m", "tension": "N"}
"""Unit of each column of the line's table."""


@dataclass(frozen=True)
class Value:
    """A number with its unit and, where known, its standard deviation in the same unit."""

    value: float
    unit: str
    std: float | None = None


@dataclass(frozen=True)
class DislocationParameters:
    """One kind of dislocation for the next scale; SI units.

    Attributes:
        name: Of the material, e.g. "Al".
        structure: fcc, bcc, diamond or hcp.
        system: Slip system and character, e.g. "edge".
        law: Its glide; None where no barrier was computed, which the notes say.
        std: Standard deviations of the law's parameters by name, in their units.
        stiffness: C_11, C_12 and C_44 by name, Pa.
        shear_modulus: Isotropic average, Pa.
        poisson: Isotropic average.
        properties: Further numbers by name.
        line: Columns of `LINE_UNITS`, or empty.
        provenance: Text by name: potential, fingerprint, versions, dates.
        notes: Sentences on what the numbers hold and what not.
    """

    name: str
    structure: str
    system: str
    law: GlideLaw | None = None
    std: dict[str, float] = field(default_factory=dict)
    stiffness: dict[str, float] = field(default_factory=dict)
    shear_modulus: float = 0.0
    poisson: float = 0.0
    properties: dict[str, Value] = field(default_factory=dict)
    line: dict[str, list[float]] = field(default_factory=dict)
    provenance: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for key in self.std:
            if key not in UNITS:
                raise unknown_choice("parameter of a glide law", key, UNITS)
        if not self.name.replace("_", "").replace("-", "").isalnum():
            raise InputError(
                f"The material's name {self.name!r} must consist of letters, digits, underscores and hyphens."
            )

    @property
    def relative_std(self) -> dict[str, float]:
        """Standard deviations over the values, for `flow_stress_std`."""
        return {key: value / getattr(self.law, key) for key, value in self.std.items()} if self.law else {}


def save(parameters: DislocationParameters, path: str | Path) -> None:
    """Write the YAML; the file appears complete or not at all.

    Raises:
        InputError: the folder cannot be written.
    """
    write_atomically(Path(path), to_yaml(parameters))


def read(path: str | Path) -> DislocationParameters:
    """Read what `save` wrote.

    Raises:
        InputError: the file is missing, damaged, of another format, version or unit.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The dislocation file {path} cannot be read: {error}.") from None
    return from_yaml(text, str(path))


def to_yaml(parameters: DislocationParameters) -> str:
    """The documented YAML."""
    law, std = parameters.law, parameters.std
    glide = {} if law is None else {
        key: _quantity(Value(getattr(law, key), unit, std.get(key))) for key, unit in UNITS.items()
    }  # fmt: skip
    crystal: dict[str, Any] = {
        "name": parameters.name,
        "structure": parameters.structure,
        "slip_system": parameters.system,
    }
    crystal["shear_modulus"] = _quantity(Value(parameters.shear_modulus, "Pa"))
    crystal["poisson_ratio"] = _quantity(Value(parameters.poisson, "1"))
    crystal["stiffness"] = {key: _quantity(Value(value, "Pa")) for key, value in parameters.stiffness.items()}
    data = {
        "format": FORMAT,
        "version": VERSION,
        "crystal": crystal,
        "glide": glide,
        "properties": {key: _quantity(value) for key, value in parameters.properties.items()},
        "line": {key: {"unit": LINE_UNITS[key], "value": list(column)} for key, column in parameters.line.items()},
        "provenance": dict(parameters.provenance),
        "notes": list(parameters.notes),
    }
    comments = {
        "glide": "strain rate = rho b v; 1/v = exp(H(tau)/kT) b/(h omega L) + B/(b tau); H = H0 (1 - (tau/tau_P)^p)^q"
    }
    if law is None:
        comments = {"glide": MISSING_LAW}
    else:
        if law.drag_is_placeholder:
            comments["glide/drag"] = "PLACEHOLDER: of the order found for pure metals, not computed"
        if law.attempt_is_assumed:
            comments["glide/attempt_frequency"] = "ASSUMED, not computed"
    comments |= (
        {}
        if law is None
        else {
            f"glide/{key}": "of the microstructure, not of the potential"
            for key in ("segment_length", "mobile_density")
        }
    )
    return dump(
        data, comments, (f"{parameters.name}, {parameters.structure} {parameters.system} dislocation; SI units",)
    )


def from_yaml(text: str, what: str = "The text") -> DislocationParameters:
    """Read the documented YAML; units are checked, not assumed.

    Raises:
        InputError: it is not of this format and version, or a key, a value or a unit is not what it should be.
    """
    data, _ = load(text, what)
    if data.get("format") != FORMAT or data.get("version") != VERSION:
        raise InputError(f"{what} is not in version {VERSION} of the format {FORMAT!r}; run the study again.")
    try:
        crystal, glide = data["crystal"], {key: _value(item) for key, item in data["glide"].items()}
        known = UNITS if glide else {}
        for key, unit in known.items():
            _check_unit(what, key, glide[key].unit, unit)
        for key, column in data["line"].items():
            _check_unit(what, key, column["unit"], LINE_UNITS[key])
        return DislocationParameters(
            crystal["name"],
            crystal["structure"],
            crystal["slip_system"],
            GlideLaw(**{key: glide[key].value for key in UNITS}) if glide else None,
            {key: std for key in known if (std := glide[key].std) is not None},
            {key: _in(what, key, _value(item), "Pa") for key, item in crystal["stiffness"].items()},
            _in(what, "shear_modulus", _value(crystal["shear_modulus"]), "Pa"),
            _in(what, "poisson_ratio", _value(crystal["poisson_ratio"]), "1"),
            {key: _value(item) for key, item in data["properties"].items()},
            {key: column["value"] for key, column in data["line"].items()},
            data["provenance"],
            data["notes"],
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{what} is incomplete or damaged ({error}); run the study again.") from error


def _quantity(value: Value) -> dict[str, Any]:
    found: dict[str, Any] = {"value": float(value.value), "unit": value.unit}
    return found if value.std is None else found | {"std": float(value.std)}


def _value(item: dict[str, Any]) -> Value:
    return Value(float(item["value"]), item["unit"], item.get("std"))


def _in(what: str, key: str, value: Value, unit: str) -> float:
    _check_unit(what, key, value.unit, unit)
    return value.value


def _check_unit(what: str, key: str, found: str, expected: str) -> None:
    if found != expected:
        raise InputError(f"{what}: {key} has the unit {found!r}; it must be in {expected!r}.")
