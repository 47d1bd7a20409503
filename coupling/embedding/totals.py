"""Total charges of a structure and of the clusters in it: each is given once, to both models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from coupling.capabilities import require
from coupling.contracts import Cost, Evaluation, FloatArray, Potential, Structure
from coupling.embedding.cluster import Cluster
from coupling.errors import InputError

_WHOLE = 1e-3  # e: the charges of a cluster's atoms add up to a whole number to this


@dataclass(frozen=True)
class TotalCharges:
    """The total charges, e.

    Attributes:
        regions: Of the cluster of a region, by the region's name.
        atoms: (N,) of each atom: a cluster has the sum of those of its atoms; None where they are not known.
        whole: Of the whole structure; None is the sum over the atoms, or over the clusters.
    """

    regions: Mapping[str, int] = field(default_factory=dict)
    atoms: FloatArray | None = None
    whole: int | None = None

    def __bool__(self) -> bool:
        """Whether anything has a charge."""
        return bool(self.whole) or any(self.regions.values()) or (self.atoms is not None and bool(np.any(self.atoms)))

    @property
    def identity(self) -> list[object]:
        """What an address is made of."""
        return [sorted(self.regions.items()), None if self.atoms is None else self.atoms.tolist(), self.whole]

    def of(self, names: Sequence[str], clusters: Sequence[Cluster], size: int) -> tuple[int, list[int]]:
        """Total charges of a structure of `size` atoms and of its clusters, one for each name of a region.

        Raises:
            InputError: a charge belongs to no region, or the charges do not agree with each other.
        """
        if unknown := sorted(set(self.regions) - set(names)):
            raise InputError(f"A charge is given to region {unknown[0]!r}; the regions are {', '.join(names)}.")
        if self.atoms is not None and len(self.atoms) != size:
            raise InputError(f"Charges are given of {len(self.atoms)} atoms, and the structure has {size}.")
        found = [self._cluster(name, cluster) for name, cluster in zip(names, clusters, strict=True)]
        if self.atoms is not None:
            return round(float(self.atoms.sum())), found
        if self.whole is not None and self.whole != sum(found):
            raise InputError(
                f"The structure has a total charge of {self.whole:+d} e, and its regions ({', '.join(names)}) have "
                f"{sum(found):+d} e together; say which region has it, such as charge: {self.whole} in "
                f"{names[0] if names else 'a region'}."
            )
        return sum(found), found

    def _cluster(self, name: str, cluster: Cluster) -> int:
        given = self.regions.get(name)
        if self.atoms is None:
            return given or 0
        total = float(self.atoms[cluster.atoms].sum())
        if abs(total - round(total)) > _WHOLE:
            raise InputError(
                f"The charges of the atoms in the cluster of region {name!r} add up to {total:g} e, which is not a whole "
                "number; cut between ions, or give the charge of the region."
            )
        if given is not None and given != round(total):
            raise InputError(
                f"Region {name!r} is given a charge of {given:+d} e, and the structure's atoms in its cluster have "
                f"{round(total):+d} e; leave one out."
            )
        return round(total)


NEUTRAL = TotalCharges()


def evaluated(
    potential: Potential, structures: Sequence[Structure], charges: Sequence[int], *, needed: bool
) -> Evaluation:
    """Structures with total charges, those of equal charge in one batch.

    Args:
        potential: The potential.
        structures: n structures, at least one.
        charges: (n,) e.
        needed: Whether the potential must take them; else one that does not is asked as it is: its numbers do not
            depend on a charge, and cancel where the same atoms are added and taken away.

    Raises:
        InputError: it must take them and does not.
    """
    if not any(charges) or not (needed or potential.capabilities.total_charge):
        return potential.evaluate(structures)
    energies, stresses = np.zeros(len(structures)), np.zeros((len(structures), 3, 3))
    forces: list[FloatArray] = [np.zeros((0, 3))] * len(structures)
    cost = Cost()
    for charge in sorted(set(charges)):
        rows = [row for row, one in enumerate(charges) if one == charge]
        found = with_charge(potential, charge).evaluate([structures[row] for row in rows])
        energies[rows], stresses[rows], cost = found.energies, found.stresses, cost + found.cost
        for row, force in zip(rows, found.forces, strict=True):
            forces[row] = force
    return Evaluation(energies, tuple(forces), stresses, cost)


def with_charge(potential: Potential, charge: int) -> Potential:
    """A potential of structures with this total charge, e.

    Raises:
        InputError: the potential takes none.
    """
    return require(potential, "total_charge").with_charge(charge) if charge else potential
