"""What the parameters of a class mean, from its docstring, so that it is written once."""

import re
from inspect import cleandoc

_ENTRY = re.compile(r"    (\w+)(?: \([^)]*\))?: (.*)")


def meanings(kind: type) -> dict[str, str]:
    """The sentences under "Args:" and "Attributes:" of a class's docstring (Google style), by name."""
    found: dict[str, str] = {}
    section, last = "", ""
    for line in cleandoc(kind.__doc__ or "").splitlines():
        if line and not line.startswith(" "):
            section, last = line, ""
        elif section in ("Args:", "Attributes:") and (entry := _ENTRY.fullmatch(line)):
            last = entry[1]
            found[last] = entry[2]
        elif last and line.strip():
            found[last] += f" {line.strip()}"
    return found
