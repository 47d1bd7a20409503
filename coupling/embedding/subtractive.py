"""The subtractive scheme as a potential: E = low(all) + Σ_r [high(cluster r) - low(cluster r)]."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, field

import numpy as np

from coupling.capabilities import require, require_asked
from coupling.contracts import Capabilities, Cost, Evaluation, FloatArray, Potential, Structure
from coupling.embedding.charges import PointCharges, coulomb
from coupling.embedding.cluster import Atoms, Cluster, Termination
from coupling.embedding.terms import Part, Parts, Region, atom_names, clusters_of, subtractive_terms
from coupling.embedding.totals import NEUTRAL, TotalCharges, evaluated, with_charge
from coupling.ledger import Ledger, LedgerValue

BARE = Termination({})

Select = Callable[[Structure], Sequence[Region]]


@dataclass(frozen=True)
class Embedded:
    """An accurate potential embedded in a cheap one, itself a `Potential`.

    The clusters are cut from the first structure that has the same atoms and periodicity, and stay
    the same for all that follow, so that these lie on one energy surface; `forget` starts anew.
    The energy's zero is the sum of both models' own; only differences at equal regions have a meaning.

    Attributes:
        low: The cheap potential: all atoms.
        high: The accurate potential: the clusters.
        select: The regions of a structure.
        termination: How clusters end.
        charges: (N,) e, or a number by element, for electrostatic embedding; None is mechanical.
        identity: What hashes for `select`, where regions come from a rule.
        totals: Total charges of the whole and of the clusters, of which the cheap model is told, too, if it takes any.
    """

    low: Potential
    high: Potential
    select: Select
    termination: Termination = BARE
    charges: PointCharges | None = None
    identity: str = ""
    totals: TotalCharges = NEUTRAL
    name: str = field(init=False)
    elements: frozenset[int] = field(init=False)
    cutoff: float = field(init=False)
    fingerprint: str = field(init=False)
    capabilities: Capabilities = field(init=False)
    _cuts: dict[bytes, tuple[tuple[Region, ...], list[Cluster]]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        bonds = (self.termination.links, self.termination.tolerance, sorted(self.termination.lengths.items()))
        identity: list[object] = [self.low.fingerprint, self.high.fingerprint, self.identity, bonds, repr(self.charges)]
        identity += [self.totals.identity] if self.totals else []
        facts = {
            "name": f"{self.high.name} in {self.low.name}",
            "elements": self.low.elements,
            "cutoff": float("inf"),
            "fingerprint": hashlib.sha256(json.dumps(identity).encode()).hexdigest(),
            "capabilities": self._offered(),
        }
        for key, fact in facts.items():
            object.__setattr__(self, key, fact)
        if self.charges is not None:
            require(self.high, "point_charges")
        if self.totals:
            require(self.high, "total_charge")

    def regions(self, structure: Structure) -> tuple[tuple[Region, ...], list[Cluster]]:
        """The regions and clusters that hold for a structure."""
        key = _kind(structure)
        if key not in self._cuts:
            self.adopt(structure, self.select(structure))
        return self._cuts[key]

    def adopt(self, structure: Structure, regions: Sequence[Region]) -> None:
        """Cut these regions' clusters from a structure; from now on they hold for all with the same atoms.

        Raises:
            InputError: a region cannot be used.
            DoubleCounted: two clusters share an atom.
        """
        cut = clusters_of(structure, regions, self.termination)
        self._cuts[_kind(structure)] = (tuple(regions), cut)

    def forget(self) -> None:
        """Select regions anew from the next structure."""
        self._cuts.clear()

    def ledger(self, structure: Structure) -> LedgerValue:
        """Energy and forces as the ledger sums them, with the rows that it prints."""
        regions, clusters = self.regions(structure)
        (parts,), _ = self._parts([structure])
        size = len(structure.numbers)
        return Ledger(subtractive_terms(size, regions, clusters, parts), atom_names(size)).evaluate(None)

    def evaluate(
        self, structures: Sequence[Structure], *, site_energies: bool = False, features: bool = False
    ) -> Evaluation:
        """Evaluate all structures; see `coupling.contracts.Potential`.

        Raises:
            InputError: site energies or features are asked for, or a model refuses its part.
        """
        require_asked(self, site_energies, features)
        parts, cost = self._parts(structures)
        rows = [one.total for one in parts]
        return Evaluation(
            np.array([row.energy for row in rows]),
            tuple(row.forces for row in rows),
            np.array([_stress(row.virial, structure) for row, structure in zip(rows, structures, strict=True)]),
            cost,
        )

    def _offered(self) -> Capabilities:
        """Regions can lie anywhere, so that energies have no range and no sites."""
        both = (self.low.capabilities, self.high.capabilities)
        single = any(one.dtype == "float32" for one in both)
        dtypes = ("float32",) if single else ("float64",)
        return Capabilities(stress=all(one.stress for one in both), devices=both[0].devices, dtypes=dtypes)

    def _parts(self, structures: Sequence[Structure]) -> tuple[list[Parts], Cost]:
        """All terms of all structures; the cheap model sees wholes and clusters in one batch."""
        chosen = [self.regions(structure) for structure in structures]
        cuts = [clusters for _, clusters in chosen]
        totals = [
            self.totals.of([region.name for region in regions], clusters, len(structure.numbers))
            for structure, (regions, clusters) in zip(structures, chosen, strict=True)
        ]
        of_wholes, of_clusters = [whole for whole, _ in totals], [one for _, some in totals for one in some]
        carved = [[cluster.cut(structure) for cluster in cut] for structure, cut in zip(structures, cuts, strict=True)]
        flat = [one for row in carved for one in row]
        low = evaluated(self.low, [*structures, *flat], [*of_wholes, *of_clusters], needed=False)
        wholes = [_whole(low, k, structure) for k, structure in enumerate(structures)]
        lows = zip(*(part[len(structures) :] for part in (low.energies, low.forces, low.stresses)), strict=True)
        if self.charges is None:
            nothing = Evaluation(np.zeros(0), (), np.zeros((0, 3, 3)), Cost())
            high = evaluated(self.high, flat, of_clusters, needed=True) if flat else nothing
            highs = zip(high.energies, high.forces, high.stresses, strict=True)
            cost = low.cost + high.cost
        else:
            highs, cost = zip(), low.cost
        found = []
        for structure, cut, atoms, whole, (_, own) in zip(structures, cuts, carved, wholes, totals, strict=True):
            ups, downs = [], []
            for cluster, piece, charge in zip(cut, atoms, own, strict=True):
                downs.append(_part(next(lows), cluster, piece, structure))
                if self.charges is None:
                    ups.append(_part(next(highs), cluster, piece, structure))
                else:
                    up, shared, spent = self._charged(self.charges, structure, cluster, piece, charge)
                    ups.append(up)
                    downs[-1] = Part(*(a + b for a, b in zip(astuple(downs[-1]), astuple(shared), strict=True)))
                    cost = cost + spent
            found.append(Parts(whole, tuple(ups), tuple(downs)))
        return found, cost

    def _charged(
        self, around: PointCharges, structure: Structure, cluster: Cluster, piece: Atoms, charge: int
    ) -> tuple[Part, Part, Cost]:
        """The accurate cluster among point charges, and the classical interaction that the cheap model shares."""
        inside, outside, charges, places = around.around(structure, cluster)
        high = require(with_charge(self.high, charge), "point_charges")
        energy, forces, pulls, cost = high.evaluate_in_charges(piece, charges, places)
        full = cluster.pulled_back(forces, len(structure.numbers))
        np.add.at(full, outside, pulls)
        up = Part(float(energy), full, -(forces.T @ piece.positions + pulls.T @ places))
        located = piece.positions[: len(cluster.atoms)]
        classical, on_inside, on_outside = coulomb(inside, located, charges, places)
        shared = np.zeros_like(full)
        shared[cluster.atoms] = on_inside
        np.add.at(shared, outside, on_outside)
        return up, Part(classical, shared, -(on_inside.T @ located + on_outside.T @ places)), cost


def _kind(structure: Structure) -> bytes:
    return np.array(structure.numbers).tobytes() + np.array(structure.pbc, dtype=bool).tobytes()


def _whole(found: Evaluation, k: int, structure: Structure) -> Part:
    volume = abs(np.linalg.det(np.array(structure.cell, dtype=float)))
    virial = found.stresses[k] * volume if volume else np.full((3, 3), np.nan)
    return Part(float(found.energies[k]), np.array(found.forces[k], dtype=float), virial)


def _part(value: tuple[float, FloatArray, FloatArray], cluster: Cluster, piece: Atoms, structure: Structure) -> Part:
    """Forces on the whole's atoms; the virial of a finite cluster is that of its forces."""
    energy, forces, stress = value
    forces = np.array(forces, dtype=float)
    if cluster.pbc.any():
        virial = np.array(stress) * abs(np.linalg.det(piece.cell))
    else:
        virial = -forces.T @ piece.positions
    return Part(float(energy), cluster.pulled_back(forces, len(structure.numbers)), virial)


def _stress(virial: FloatArray, structure: Structure) -> FloatArray:
    volume = abs(np.linalg.det(np.array(structure.cell, dtype=float)))
    return (virial + virial.T) / 2 / volume if volume else np.full((3, 3), np.nan)
