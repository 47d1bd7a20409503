"""Names that people chose as names of files: a name is never a path."""

import hashlib
import re
from urllib.parse import quote

_OTHERS = re.compile(r"[^\w .,+=()|-]|^\.")
_LONGEST = 120  # bytes; file systems take 255, suffixes included


def file_name(name: str) -> str:
    """A text as the name of a file in its folder: what could lead out of it, or is not a name, is percent-encoded.

    Different texts have different names; a long one is cut, and ends in its hash.
    """
    safe = _OTHERS.sub(lambda found: quote(found[0], safe="").replace(".", "%2E"), name)
    data = safe.encode()
    if len(data) <= _LONGEST:
        return safe
    return f"{data[: _LONGEST - 20].decode(errors='ignore')}~{hashlib.sha256(name.encode()).hexdigest()[:16]}"
