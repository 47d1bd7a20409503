"""Inputs of sweeps that must be refused."""

import copy
from typing import Any

BASE: dict[str, Any] = {
    "study": "cohesive_law",
    "potential": "emt",
    "plane": {"species": "Ni", "structure": "fcc", "miller": [1, 1, 1], "layers": 6},
}
GOOD: dict[str, Any] = {"base": BASE, "over": {"plane.layers": [6, 8]}, "output": {"folder": "out"}}


def _with(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy(GOOD) | changes


def _over(**ranges: Any) -> dict[str, Any]:
    return _with(over=ranges)


def _base(**changes: Any) -> dict[str, Any]:
    return _with(base=copy.deepcopy(BASE) | changes)


_LAUGHS = "a: &a [1, 1]\nb: &b [*a, *a]\nc: &c [*b, *b]\nbase: *c\nover: *c\n"
_DEEP = "base: " + "[" * 5000 + "]" * 5000 + "\nover: {x: [1]}\n"

BAD: dict[str, dict[str, Any] | str] = {
    "no over": {"base": BASE},
    "over is a number": _with(over=3),
    "over is empty": _with(over={}),
    "empty list": _over(**{"plane.layers": []}),
    "wrong type in the list": _over(**{"plane.layers": [6, "eight"]}),
    "value out of bounds": _over(**{"plane.layers": [6, 2]}),
    "unknown key": _over(**{"plane.thickness": [6, 8]}),
    "unknown top key": _with(ovre={}),
    "key through a text": _over(**{"potential.name.x": ["a"]}),
    "key past a list": _over(**{"plane.miller.5": [1]}),
    "bad unit": _over(**{"openings.max": ["4 Å", "5 inches"]}),
    "no unit": _over(**{"openings.max": {"min": 4, "max": 6, "points": 3}}),
    "two kinds of units": _over(**{"openings.max": {"min": "4 Å", "max": "6 K", "points": 3}}),
    "min above max": _over(**{"plane.layers": {"min": 12, "max": 6, "points": 3}}),
    "logarithm of zero": _over(**{"openings.max": {"min": "0 Å", "max": "6 Å", "points": 3, "scale": "log"}}),
    "no number of points": _over(**{"plane.layers": {"min": 6, "max": 12}}),
    "halves of layers": _over(**{"plane.layers": {"min": 6, "max": 9, "points": 3}}),
    "pairs of unequal length": _with(over=[{"design": "paired", "keys": {"plane.layers": [6, 8], "seed": [1, 2, 3]}}]),
    "Sobol of 12": _with(
        over=[{"design": "sobol", "points": 12, "keys": {"seed": {"min": 1, "max": 9, "whole": True}}}]
    ),
    "unknown design": _with(over=[{"design": "random", "keys": {"seed": [1]}}]),
    "a key twice": _with(over=[{"keys": {"seed": [1, 2]}}, {"keys": {"seed": [3]}}]),
    "too many points": _over(seed={"min": 0, "max": 99999, "points": 100000}, **{"plane.layers": list(range(6, 60))}),
    "not a number": "base: {study: cohesive_law, potential: emt}\nover: {seed: [1, .nan]}\n",
    "infinite end": "base: {study: cohesive_law, potential: emt}\nover: {seed: {min: 1, max: .inf, points: 3}}\n",
    "missing base file": _with(base="nowhere.yaml"),
    "missing structure file": _base(plane={"file": "nowhere.cif", "miller": [1, 1, 1]}),
    "aliases that explode": _LAUGHS,
    "nested too deeply": _DEEP,
    "a folder that is not ours": _with(output={"folder": ".."}),
    "a path outside": _with(output={"folder": "/proc/sweep"}),
    "the points' own folder": _over(**{"output.folder": ["a", "b"]}),
    "a home that nobody has": _with(output={"folder": "~nobody_at_all/x"}),
    "a name of 300 letters": _with(output={"folder": "x" * 300}),
    "a colon for a potential": _over(potential=["emt", ":"]),
    "code without consent": _over(potential=["emt", "os:system"]),
    "huge indices": _over(**{"plane.miller": [[1, 1, 1], [10**9, 1, 1]]}),
    "a launcher without consent": _with(engine={"mpi": {"ranks": 2, "launcher": "touch {ranks}"}}),
    "two lines for one": _with(engine={"kind": "slurm", "workers": 1, "memory": "1 GB", "directives": ["a\nb"]}),
}
