"""The terms of the subtractive scheme: regions, their clusters, the contribution of each model, the ledger's rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from coupling.contracts import FloatArray, Structure
from coupling.embedding.cluster import Cluster, Termination, carve, checked_indices, grown
from coupling.embedding.neighbours import IntArray
from coupling.errors import InputError
from coupling.ledger import Ledger, Term, TermValue

LOW, HIGH = "ML", "QM"


@dataclass(frozen=True)
class Region:
    """Atoms that the accurate model owns.

    Attributes:
        name: For the ledger and the messages.
        atoms: (n,) indices of the core.
        buffer: Å: atoms this near to the core are in the cluster too.
    """

    name: str
    atoms: IntArray
    buffer: float = 0.0


@dataclass(frozen=True)
class Part:
    """Contribution of one model for a cluster, mapped back to the whole.

    Attributes:
        energy: eV.
        forces: (N, 3) on the atoms of the whole, eV/Å.
        virial: (3, 3) dE/dε, eV; NaN where the model gives none.
    """

    energy: float
    forces: FloatArray
    virial: FloatArray


def clusters_of(structure: Structure, regions: Sequence[Region], termination: Termination) -> list[Cluster]:
    """One cluster for each region: core, buffer, and what the termination adds.

    Raises:
        InputError: a region is empty or names an atom that is not there, or two share a name.
        DoubleCounted: two clusters share an atom.
    """
    names = [region.name for region in regions]
    if len(set(names)) != len(names):
        raise InputError(f"The regions {', '.join(names)} must have different names.")
    size = len(structure.numbers)
    found = []
    for region in regions:
        core = checked_indices(region.atoms, size, region.name)
        found.append(carve(structure, grown(structure, core, region.buffer), termination))
    owned_once(size, regions, found)
    return found


def owned_once(size: int, regions: Sequence[Region], clusters: Sequence[Cluster]) -> Ledger:
    """What is left when equal terms cancel: each atom has one owner.

    Raises:
        DoubleCounted: two clusters share an atom.
    """
    weights = [_weights(cluster, size) for cluster in clusters]
    rest = 1 - np.clip(sum(weights, np.zeros(size)), 0, 1)
    terms = [Term(HIGH, region.name, 1, w) for region, w in zip(regions, weights, strict=True)]
    return Ledger([Term(LOW, "all others", 1, rest), *terms], atom_names(size))


def subtractive_terms(
    size: int, regions: Sequence[Region], clusters: Sequence[Cluster], parts: "Parts | None" = None
) -> list[Term]:
    """+low(all), and for each region +high(cluster) and -low(cluster); link atoms cancel between the two."""

    def value(part: Part) -> Callable[[object], TermValue]:
        return lambda state: TermValue(part.energy, part.forces)

    terms = [Term(LOW, "all", 1, np.ones(size), value(parts.whole) if parts else None)]
    for k, (region, cluster) in enumerate(zip(regions, clusters, strict=True)):
        weights = _weights(cluster, size)
        closed = f" + {cluster.links} H" if cluster.links else ""
        label = f"{region.name}{closed}"
        terms.append(Term(HIGH, label, 1, weights, value(parts.high[k]) if parts else None))
        terms.append(Term(LOW, label, -1, weights, value(parts.low[k]) if parts else None))
    return terms


@dataclass(frozen=True)
class Parts:
    """All terms of one structure: the whole by the cheap model, each cluster by both."""

    whole: Part
    high: tuple[Part, ...]
    low: tuple[Part, ...]

    @property
    def total(self) -> Part:
        """low(all) + Σ [high - low]."""
        found = self.whole
        for high, low in zip(self.high, self.low, strict=True):
            found = _added(found, high, low)
        return found


def atom_names(size: int) -> list[str]:
    """The ledger's sites."""
    return [f"atom {k}" for k in range(size)]


def _weights(cluster: Cluster, size: int) -> FloatArray:
    weights = np.zeros(size)
    weights[cluster.atoms] = 1.0
    return weights


def _added(one: Part, plus: Part, minus: Part) -> Part:
    return Part(
        one.energy + (plus.energy - minus.energy),
        one.forces + (plus.forces - minus.forces),
        one.virial + (plus.virial - minus.virial),
    )
