"""Atoms and finite elements solved together: transfer, blending, and the ledger of sites."""

from coupling.handshake.blending import BLENDINGS, blending, cubic, curvature, optimised
from coupling.handshake.counting import element_fractions, handshake_ledger
from coupling.handshake.transfer import Transfer, transfer

__all__ = [
    "BLENDINGS", "Transfer", "blending", "cubic", "curvature", "element_fractions",
    "handshake_ledger", "optimised", "transfer",
]  # fmt: skip
