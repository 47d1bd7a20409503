"""Laws in files: our own, and the blocks of other codes."""

from coupling.exchange.export import FORMS, export, table, to_abaqus, to_akantu, to_csv, to_moose
from coupling.exchange.storage import law_text, load_law, save_law, write_atomically

__all__ = [
    "FORMS",
    "export",
    "law_text",
    "load_law",
    "save_law",
    "table",
    "to_abaqus",
    "to_akantu",
    "to_csv",
    "to_moose",
    "write_atomically",
]
