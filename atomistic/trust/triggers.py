"""Triggers: numbers that say where a potential is not to be trusted, atom by atom, and from what limit on.

A loop of any kind needs two things of a trigger:

    trigger.values(structures)   # (n,) the largest value over the atoms of each structure
    trigger.limit                # not to be trusted where a value is above it

`atomistic.trust.watched.Watched` looks at every structure that a potential is asked about, so that loops that know nothing of
triggers (dynamics, relaxations, bands, paths of a law, cores, crack tips, embedding, concurrent coupling) are watched too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from atomistic.trust.conformal import ForceRadii
from atomistic.trust.posterior import Posterior
from coupling.contracts import FloatArray, Potential, Structure
from coupling.errors import InputError
from coupling.files import content_hash


class Trigger(Protocol):
    """How little a potential is to be trusted.

    Attributes:
        what: What is compared with the limit, for messages.
        unit: Its unit; "" for a number.
        limit: A structure with a value above it is not to be trusted.
        identity: Hash of all that determines the values, and of the limit.
    """

    @property
    def what(self) -> str:
        """What is compared with the limit, for messages."""
        ...

    @property
    def unit(self) -> str:
        """Its unit; "" for a number."""
        ...

    @property
    def limit(self) -> float:
        """A structure with a value above it is not to be trusted."""
        ...

    @property
    def identity(self) -> str:
        """Hash of all that determines the values, and of the limit."""
        ...

    def of_atoms(self, structures: Sequence[Structure]) -> tuple[FloatArray, ...]:
        """n arrays (N_i,) of the atoms' values."""
        ...

    def values(self, structures: Sequence[Structure]) -> FloatArray:
        """(n,) largest value over the atoms of each structure."""
        ...


def above(values: FloatArray, limit: float) -> NDArray[np.bool_]:
    """Whether values are above the limit; a value that is not a number is."""
    return ~(np.asarray(values) <= limit)


@dataclass(frozen=True)
class ForceDeviation:
    """Largest pairwise force deviation of a committee, max over a < b of |F_a - F_b|, of each atom.

    Any potentials will do that stand for the same thing: checkpoints (`ExplicitCommittee.members`), or samples of a posterior
    (`Posterior.sample`). A committee of two has one pair; forces that all members get wrong alike do not show.

    Attributes:
        members: At least two.
        limit: eV/Å.

    Raises:
        InputError: there are fewer than two different members, or the limit is not positive.
    """

    members: tuple[Potential, ...]
    limit: float
    what: str = field(default="largest pairwise force deviation", init=False)
    unit: str = field(default="eV/Å", init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "members", tuple(self.members))
        _check_limit(self.limit, self.unit)
        if len({one.fingerprint for one in self.members}) < 2:
            raise InputError(
                f"The {len(self.members)} member(s) of the committee are one and the same potential, and never differ; give at "
                "least two that do."
            )

    @property
    def identity(self) -> str:
        """Hash of the members and the limit."""
        return _hashed("committee", *(one.fingerprint for one in self.members), self.limit)

    def of_atoms(self, structures: Sequence[Structure]) -> tuple[FloatArray, ...]:
        """n arrays (N_i,), eV/Å; each member is evaluated once."""
        found = [one.evaluate(structures).forces for one in self.members]
        return tuple(largest_pairwise(np.array(parts)) for parts in zip(*found, strict=True))

    def values(self, structures: Sequence[Structure]) -> FloatArray:
        """(n,) largest over the atoms, eV/Å."""
        return largest_of_each(self.of_atoms(structures))


@dataclass(frozen=True)
class ConformalRadius:
    """Conformal radius of each atom's force.

    Attributes:
        radii: From `atomistic.trust.conformal.conformal_forces`, or of the same kind.
        limit: eV/Å.
    """

    radii: ForceRadii
    limit: float
    what: str = field(default="conformal radius of a force", init=False)
    unit: str = field(default="eV/Å", init=False)

    def __post_init__(self) -> None:
        _check_limit(self.limit, self.unit)

    @property
    def identity(self) -> str:
        """Hash of posterior, factor and limit."""
        return _hashed("radius", self.radii.posterior.identity, self.radii.factor, self.radii.noise, self.limit)

    def of_atoms(self, structures: Sequence[Structure]) -> tuple[FloatArray, ...]:
        """n arrays (N_i,), eV/Å."""
        return self.radii.radii(structures)

    def values(self, structures: Sequence[Structure]) -> FloatArray:
        """(n,) largest over the atoms, eV/Å."""
        return largest_of_each(self.of_atoms(structures))


@dataclass(frozen=True)
class FeatureDistance:
    """Mahalanobis distance of each site's features from those of the labels; 1 on average over the labels' own sites.

    Attributes:
        posterior: Holds the labels.
        limit: A number, 3 to 10 as a rule; infinite distances of elements that no label holds are above any.
    """

    posterior: Posterior
    limit: float
    what: str = field(default="Mahalanobis distance", init=False)
    unit: str = field(default="", init=False)

    def __post_init__(self) -> None:
        _check_limit(self.limit, self.unit)

    @property
    def identity(self) -> str:
        """Hash of posterior and limit."""
        return _hashed("distance", self.posterior.identity, self.limit)

    def of_atoms(self, structures: Sequence[Structure]) -> tuple[FloatArray, ...]:
        """n arrays (N_i,), at the cost of one evaluation: no derivatives are taken."""
        return self.posterior.mahalanobis(structures)

    def values(self, structures: Sequence[Structure]) -> FloatArray:
        """(n,) largest over the atoms."""
        return largest_of_each(self.of_atoms(structures))


def largest_pairwise(forces: FloatArray) -> FloatArray:
    """(N,) of M members' forces (M, N, 3): the largest distance of two of them."""
    found = np.zeros(forces.shape[1])
    for k, one in enumerate(forces[:-1]):
        found = np.maximum(
            found, np.linalg.norm(forces[k + 1 :] - one, axis=2).max(axis=0)
        )  # keeps what is not a number
    return found


def largest_of_each(values: Sequence[FloatArray]) -> FloatArray:
    """(n,) largest of each of n arrays; zero of one without atoms."""
    return np.array([one.max(initial=0.0) for one in values])


def _check_limit(limit: float, unit: str) -> None:
    if not limit > 0:
        raise InputError(f"A limit of {limit} {unit}".rstrip() + " trusts nothing; give a positive one.")


def _hashed(*parts: object) -> str:
    return content_hash(repr(parts).encode())
