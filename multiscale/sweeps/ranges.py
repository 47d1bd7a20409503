"""Values of the swept keys: lists, grids, pairs, Latin hypercubes and Sobol sequences."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import isfinite, log10, prod
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import BeforeValidator, Field, ValidationError, model_validator

from coupling.contracts import FloatArray
from coupling.errors import InputError
from coupling.units import SI_FACTORS, unit_name
from multiscale.inputs.base import Section
from multiscale.inputs.faults import sentence

MOST_POINTS = 200_000
_DIGITS = 12
_SAMPLERS = ("latin hypercube", "sobol")
_MOST_DIMENSIONS = 200


def _end(value: object) -> object:
    if isinstance(value, np.generic):
        value = value.item()
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float | str)
        or (isinstance(value, float) and not isfinite(value))
    ):
        raise InputError(f"{value!r} is neither a finite number nor one with a unit.")
    return value


End = Annotated[Any, BeforeValidator(_end)]


class Range(Section):
    """Numbers from `min` to `max`, both with the same kind of unit or without one."""

    min: End = Field(description='Lowest value, such as 4 or "4 Å".')
    max: End = Field(description="Highest value.")
    points: int | None = Field(
        default=None, ge=2, le=MOST_POINTS, description="Number of values, ends included (grid, paired)."
    )
    scale: Literal["linear", "log"] = Field(default="linear", description="Spacing of the values.")
    whole: bool = Field(default=False, description="Round to whole numbers.")

    @model_validator(mode="after")
    def _ends(self) -> Self:
        low, high, _ = self.ends
        if not low < high:
            raise InputError(f"min {self.min!r} must be less than max {self.max!r}.")
        if self.scale == "log" and low <= 0:
            raise InputError(f"a logarithmic range needs min greater than zero, not {self.min!r}.")
        return self

    @property
    def ends(self) -> tuple[float, float, str]:
        """The ends and their unit, that of `min`."""
        values, unit = numbers([self.min, self.max])
        if values is None:
            raise InputError(
                f"min {self.min!r} and max {self.max!r} are not two numbers of the same kind; give both, with units or without."
            )
        return float(values[0]), float(values[1]), unit

    def at(self, fractions: FloatArray) -> list[Any]:
        """The values at fractions from 0 (min) to 1 (max), as they would stand in an input file."""
        low, high, unit = self.ends
        if self.scale == "log":
            found = 10.0 ** (log10(low) + fractions * (log10(high) - log10(low)))
        else:
            found = low + fractions * (high - low)
        rounded = [_tidy(value) for value in found.tolist()]
        integers = self.whole or (not unit and isinstance(self.min, int) and isinstance(self.max, int))
        plain = [round(value) if self.whole or (integers and value.is_integer()) else value for value in rounded]
        return [f"{value!r} {unit}" for value in plain] if unit else plain

    @property
    def grid(self) -> list[Any]:
        """The values of a grid.

        Raises:
            InputError: their number is not given, or whole numbers repeat.
        """
        if self.points is None:
            raise InputError("a grid needs the number of points; add points.")
        values = self.at(np.linspace(0.0, 1.0, self.points))
        if len(set(values)) < len(values):
            raise InputError(f"{self.points} points from {self.min!r} to {self.max!r} repeat a value; give fewer.")
        return values


class BlockInput(Section):
    """Keys that are swept together; several blocks are crossed with each other."""

    design: Literal["grid", "paired", "latin hypercube", "sobol"] = Field(
        default="grid", description="Every combination, item by item, or samples that fill the ranges."
    )
    keys: dict[str, Any] = Field(
        min_length=1, max_length=_MOST_DIMENSIONS, description="Dotted keys of the study, each with a list or a range."
    )
    points: int | None = Field(
        default=None, ge=1, le=MOST_POINTS, description="Number of samples (latin hypercube, sobol)."
    )
    seed: int = Field(default=0, ge=0, lt=2**32, description="Seed of the samples.")

    @property
    def axes(self) -> "list[Axis]":
        """The axes: one per key for a grid, else one for all.

        Raises:
            InputError: a range cannot be used.
        """
        if self.design in _SAMPLERS:
            return [Axis("sample", self._sampled())]
        if self.points is not None:
            raise InputError(
                f"points belongs to {' and '.join(_SAMPLERS)}; a {self.design} takes points in each range."
            )
        columns = {key: _values(key, value) for key, value in self.keys.items()}
        if self.design == "grid":
            return [Axis(key, {key: values}) for key, values in columns.items()]
        lengths = {key: len(values) for key, values in columns.items()}
        if len(set(lengths.values())) > 1:
            raise InputError(
                f"paired keys need lists of equal length, not {', '.join(f'{k}: {n}' for k, n in lengths.items())}."
            )
        return [Axis("pair", columns)]

    def _sampled(self) -> dict[str, list[Any]]:
        from scipy.stats import qmc

        if self.points is None:
            raise InputError(f"a {self.design} needs the number of points; add points beside design.")
        ranges = {key: _range(key, value) for key, value in self.keys.items()}
        generator = np.random.default_rng(self.seed)
        if self.design == "sobol":
            if self.points & (self.points - 1):
                near = 1 << (self.points - 1).bit_length()
                raise InputError(
                    f"a Sobol sequence is balanced at powers of two only; give {near} points, not {self.points}."
                )
            unit = qmc.Sobol(len(ranges), rng=generator).random(self.points)
        else:
            unit = qmc.LatinHypercube(len(ranges), rng=generator).random(self.points)
        return {key: chosen.at(unit[:, i]) for i, (key, chosen) in enumerate(ranges.items())}


@dataclass(frozen=True)
class Axis:
    """One dimension of a sweep.

    Attributes:
        name: Name of the dimension: its key, or the common name of keys that advance together.
        columns: Values by key, equally many.
    """

    name: str
    columns: dict[str, list[Any]]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))


def axes_of(blocks: Sequence[BlockInput]) -> list[Axis]:
    """The axes of crossed blocks, with names of their own.

    Raises:
        InputError: a key is swept twice, or there are too many points.
    """
    axes: list[Axis] = []
    for block in blocks:
        axes += block.axes
    keys = [key for axis in axes for key in axis.columns]
    for key in keys:
        for other in keys:
            if keys.count(key) > 1 or other.startswith(f"{key}."):
                raise InputError(
                    f"over: {key!r} is swept twice{'' if keys.count(key) > 1 else f', by itself and by {other!r}'}; leave one out."
                )
    if (count := prod(map(len, axes))) > MOST_POINTS:
        raise InputError(
            f"over: the ranges make {count:,} points, more than {MOST_POINTS:,}; give fewer, or sample them (design: sobol)."
        )
    joint = [axis for axis in axes if axis.name not in axis.columns]
    named = {id(axis): axis.name if len(joint) == 1 else f"{axis.name}_{n}" for n, axis in enumerate(joint, 1)}
    return [Axis(named.get(id(axis), axis.name), axis.columns) for axis in axes]


def combinations(axes: Sequence[Axis]) -> list[dict[str, Any]]:
    """The values at every point, by key; the last axis runs fastest."""
    indices = product(*(range(len(axis)) for axis in axes))
    return [
        {key: column[i] for axis, i in zip(axes, chosen, strict=True) for key, column in axis.columns.items()}
        for chosen in indices
    ]


def numbers(values: Sequence[Any]) -> tuple[FloatArray | None, str]:
    """Values as numbers in the unit of the first; None if they are not numbers of one kind."""
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return np.array(values), ""
    parts = [value.split() if isinstance(value, str) else [] for value in values]
    if not all(len(part) == 2 for part in parts):
        return None, ""
    units = [unit_name(part[1]) for part in parts]
    for factors in SI_FACTORS.values():
        if all(unit in factors for unit in units):
            scales = [factors[unit] / factors[units[0]] for unit in units]
            try:
                return np.array([_tidy(float(part[0]) * k) for part, k in zip(parts, scales, strict=True)]), units[0]
            except ValueError:
                return None, ""
    return None, ""


def _tidy(value: float) -> float:
    """A number without rounding noise in its last digits: 2.0, not 1.9999999999999998."""
    return float(f"{value:.{_DIGITS}g}")


def _values(key: str, value: Any) -> list[Any]:
    """The values of a list or of a grid."""
    if isinstance(value, Mapping):
        return _said(key, lambda: _range(key, value).grid)
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if not isinstance(value, list | tuple) or not value:
        raise InputError(
            f"over.{key}: {value!r} is neither a list of values nor a range; write [a, b] or {{min: a, max: b, points: n}}."
        )
    values = [item.item() if isinstance(item, np.generic) else item for item in value]
    try:
        json.dumps(values, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"over.{key}: a value is not finite, or is not a number, text, list or block ({error})."
        ) from error
    if len(values) > MOST_POINTS:
        raise InputError(f"over.{key}: {len(values):,} values are more than {MOST_POINTS:,}.")
    return values


def _range(key: str, value: Any) -> Range:
    if not isinstance(value, Mapping):
        raise InputError(f"over.{key}: {value!r} is not a range; write {{min: a, max: b}}.")

    def read() -> Range:
        try:
            return Range.model_validate(dict(value))
        except ValidationError as error:
            raise InputError(sentence(error, value)) from error

    return _said(key, read)


def _said(key: str, work: Any) -> Any:
    """Do the work; its error names the key."""
    try:
        return work()
    except InputError as error:
        raise InputError(f"over.{key}: {error}" if not str(error).startswith("over.") else str(error)) from error
