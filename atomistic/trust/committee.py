"""Committees of checkpoints, for potentials that hand out no features."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from atomistic.trust.posterior import Prediction
from coupling.contracts import Potential, Structure
from coupling.errors import InputError


@dataclass(frozen=True)
class ExplicitCommittee:
    """Several potentials for the same thing; their spread stands for the error.

    Their energies have no common zero unless they were trained on the same labels.

    Attributes:
        members: At least two.
    """

    members: tuple[Potential, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "members", tuple(self.members))
        hashes = {one.fingerprint for one in self.members}
        if len(self.members) < 2 or len(hashes) < len(self.members):
            raise InputError(
                f"A committee of {len(self.members)} potential(s), {len(hashes)} of them different, has no spread; "
                "give at least two that differ."
            )

    def predict(self, structures: Sequence[Structure]) -> Prediction:
        """Means and unbiased variances over the members."""
        found = [one.evaluate(structures) for one in self.members]
        energies = np.array([one.energies for one in found])
        stresses = np.array([one.stresses for one in found])
        forces = [np.array(parts) for parts in zip(*(one.forces for one in found), strict=True)]
        return Prediction(
            energies.mean(0), tuple(one.mean(0) for one in forces), stresses.mean(0),
            energies.var(0, ddof=1), tuple(one.var(0, ddof=1) for one in forces), stresses.var(0, ddof=1),
        )  # fmt: skip

    def sample(self, count: int, seed: int = 0) -> list[Potential]:
        """Members, in an order drawn by the seed.

        Raises:
            InputError: there are fewer.
        """
        if not 1 <= count <= len(self.members):
            raise InputError(f"The committee has {len(self.members)} members, not {count}.")
        order = np.random.default_rng(seed).permutation(len(self.members))
        return [self.members[k] for k in order[:count]]
