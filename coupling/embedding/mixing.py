"""Force mixing: the accurate model's forces on the core, the cheap one's elsewhere, momentum conserved.

There is no energy whose gradient these forces are. The accurate cluster has a buffer around the core,
whose own forces are wrong at its surface and are discarded (Bernstein, Kermode, Csányi 2009).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from coupling.contracts import Cost, FloatArray, Potential, Structure
from coupling.embedding.cluster import Termination
from coupling.embedding.terms import Region, clusters_of
from coupling.embedding.totals import NEUTRAL, TotalCharges, evaluated
from coupling.errors import unknown_choice

Kind = Literal["difference", "abrupt"]
KINDS = ("difference", "abrupt")


@dataclass(frozen=True)
class Mixed:
    """Mixed forces of one structure.

    Attributes:
        forces: (N, 3) eV/Å; they sum to what the cheap model's sum to: zero.
        low_forces: (N, 3) the cheap model's, eV/Å.
        low_energy: The cheap model's, eV.
        correction: (3,) the net force that was taken away, eV/Å.
        high_atoms: Atoms that the accurate model computed, link atoms included.
        cost: Computational cost.
    """

    forces: FloatArray
    low_forces: FloatArray
    low_energy: float
    correction: FloatArray
    high_atoms: int
    cost: Cost

    @property
    def extra(self) -> FloatArray:
        """(N, 3) what the mixing adds to the cheap model's forces: the non-conservative part."""
        return self.forces - self.low_forces


@dataclass(frozen=True)
class ForceMixing:
    """Mixed forces of two potentials.

    Attributes:
        low: The cheap potential.
        high: The accurate potential.
        termination: How clusters end.
        kind: "difference": the core gets low(all) + high(cluster) - low(cluster), exact where both
            models agree, whatever the buffer; "abrupt": the core gets high(cluster).
        totals: Total charges of the whole and of the clusters, of which the cheap model is told, too, if it takes any.
    """

    low: Potential
    high: Potential
    termination: Termination
    kind: Kind = "difference"
    totals: TotalCharges = NEUTRAL

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise unknown_choice("kind of force mixing", self.kind, KINDS)

    def evaluate(self, structure: Structure, regions: Sequence[Region]) -> Mixed:
        """Forces on all atoms.

        The net force of the mixing is spread evenly over buffer atoms, over the core where there are none.

        Raises:
            InputError: a region cannot be used.
            DoubleCounted: two clusters share an atom.
        """
        clusters = clusters_of(structure, regions, self.termination)
        pieces = [cluster.cut(structure) for cluster in clusters]
        whole, charges = self.totals.of([region.name for region in regions], clusters, len(structure.numbers))
        minus = pieces if self.kind == "difference" else []
        low = evaluated(self.low, [structure, *minus], [whole, *charges][: 1 + len(minus)], needed=False)
        base = np.array(low.forces[0], dtype=float)
        forces, cost, net = base.copy(), low.cost, np.zeros(3)
        high = evaluated(self.high, pieces, charges, needed=True) if pieces else None
        found = () if high is None else high.forces
        for k, (region, cluster) in enumerate(zip(regions, clusters, strict=True)):
            core = np.sort(np.asarray(region.atoms))
            rows = np.searchsorted(cluster.atoms, core)
            accurate = np.array(found[k])[rows]
            extra = accurate - (np.array(low.forces[k + 1])[rows] if minus else base[core])
            buffer = np.setdiff1d(cluster.atoms, core)
            takers = buffer if len(buffer) else core
            total = extra.sum(axis=0)
            forces[core] += extra
            forces[takers] -= total / len(takers)
            net += total
        return Mixed(
            forces, base, float(low.energies[0]), net, sum(map(len, pieces)), cost + high.cost if high else cost
        )
