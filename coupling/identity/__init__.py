"""What determines a result: contents, sources and versions, identified by their hashes."""

from coupling.identity.addresses import (
    Environment,
    Request,
    arrays_hash,
    canonical_json,
    file_hash,
    is_finite,
    sources_hash,
    versions_of,
)
from coupling.identity.content import contents_named, described
from coupling.identity.sources import Code, code_behind, code_of, module_file

__all__ = [
    "Code",
    "Environment",
    "Request",
    "arrays_hash",
    "canonical_json",
    "code_behind",
    "code_of",
    "contents_named",
    "described",
    "file_hash",
    "is_finite",
    "module_file",
    "sources_hash",
    "versions_of",
]
