"""Embedding: an accurate model over a few atoms, a cheap one everywhere, nothing counted twice.

The energy-based scheme is subtractive (ONIOM; Svensson et al., J. Phys. Chem. 100 (1996) 19357):
E = low(all) + Σ_r [high(cluster r) - low(cluster r)]. The force-based scheme mixes forces of the
two models (Bernstein, Kermode, Csányi, Rep. Prog. Phys. 72 (2009) 026501). Both speak the
`Potential` and `Structure` of `coupling.contracts`.
"""

from coupling.embedding.charges import PointCharges, coulomb
from coupling.embedding.cluster import Atoms, Cluster, Termination, carve, grown
from coupling.embedding.mixing import ForceMixing, Mixed
from coupling.embedding.neighbours import Pairs, neighbours
from coupling.embedding.selection import Hysteresis, groups
from coupling.embedding.subtractive import Embedded, Select
from coupling.embedding.terms import Part, Parts, Region, clusters_of, subtractive_terms

__all__ = [
    "Atoms",
    "Cluster",
    "Embedded",
    "ForceMixing",
    "Hysteresis",
    "Mixed",
    "Pairs",
    "Part",
    "Parts",
    "PointCharges",
    "Region",
    "Select",
    "Termination",
    "carve",
    "clusters_of",
    "coulomb",
    "groups",
    "grown",
    "neighbours",
    "subtractive_terms",
]
