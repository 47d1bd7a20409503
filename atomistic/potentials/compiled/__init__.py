"""Sums over atoms in C, compiled once for each user; where there is no C compiler, numpy does the same."""

from typing import TYPE_CHECKING

from coupling.lazy import on_first_use

if TYPE_CHECKING:
    from atomistic.potentials.compiled.build import Library, library
    from atomistic.potentials.compiled.embedded import CompiledSums, embedded_sums
    from atomistic.potentials.compiled.pair_list import PairList

__all__ = ["CompiledSums", "Library", "PairList", "embedded_sums", "library"]

__getattr__, __dir__ = on_first_use(__name__)
