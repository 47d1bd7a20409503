"""How every benchmark prints its figures: a table for people, one JSON line last for programs."""

import json
import sys
from collections.abc import Mapping


def report(figures: Mapping[str, object], as_json: bool) -> None:
    """Print the figures; with `as_json` the last line is one JSON object (NaN is refused)."""
    width = max(map(len, figures))
    for name, value in figures.items():
        shown = f"{value:.6g}" if isinstance(value, float) else value
        sys.stdout.write(f"{name:<{width}}  {shown}\n")
    if as_json:
        sys.stdout.write(json.dumps(figures, allow_nan=False) + "\n")
