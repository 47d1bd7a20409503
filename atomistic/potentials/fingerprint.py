"""The identity of a potential: what determines its numbers, hashed."""

import hashlib
import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any


def file_hash(path: Path) -> str:
    """SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprint(kind: str, content: str, options: Mapping[str, Any], libraries: tuple[str, ...]) -> str:
    """SHA-256 of all that determines a potential's numbers; the device is not part of it.

    Args:
        kind: The family of the potential.
        content: Hash of its weights or file, or the import path of its class.
        options: Options that change the numbers, the dtype among them.
        libraries: Distributions whose versions count.
    """
    identity = {
        "kind": kind,
        "content": content,
        "options": {key: repr(value) for key, value in options.items()},
        "versions": {library: version(library) for library in libraries},
    }
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
