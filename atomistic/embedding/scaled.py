"""A potential that sees all lengths enlarged, so that its crystal fits into another potential's lattice."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from ase import Atoms

from coupling.contracts import Evaluation, Potential, Structure
from coupling.errors import InputError

LARGEST = 1.2
"""Lattices that differ by more are not the same crystal."""


@dataclass(frozen=True)
class Scaled:
    """E(x) = E₀(αx): forces are α times as large, and the same strain does the same work.

    Without it a region whose own lattice parameter is α times the bath's is under stress in the bath
    (Bernstein, Kermode, Csányi, Rep. Prog. Phys. 72 (2009) 026501, section 3).

    Attributes:
        potential: The potential.
        factor: α, its lattice parameter over that of the bath.
    """

    potential: Potential
    factor: float
    name: str = field(init=False)
    elements: frozenset[int] = field(init=False)
    cutoff: float = field(init=False)
    fingerprint: str = field(init=False)
    dtype: str = field(init=False)

    def __post_init__(self) -> None:
        if not 1 / LARGEST <= self.factor <= LARGEST:
            raise InputError(
                f"A scale of {self.factor} does not fit two lattices to each other; give a ratio such as 1.01."
            )
        facts = {
            "name": f"{self.potential.name} scaled by {self.factor:g}",
            "elements": self.potential.elements,
            "cutoff": self.potential.cutoff / self.factor,
            "fingerprint": f"{self.potential.fingerprint} scaled {self.factor!r}",
            "dtype": getattr(self.potential, "dtype", "float64"),
        }
        for key, fact in facts.items():
            object.__setattr__(self, key, fact)

    def evaluate(
        self, structures: Sequence[Structure], *, site_energies: bool = False, features: bool = False
    ) -> Evaluation:
        """Evaluate all structures; see `coupling.contracts.Potential`."""
        enlarged = [
            Atoms(np.array(one.numbers), self.factor * np.array(one.positions, dtype=float),
                  cell=self.factor * np.array(one.cell, dtype=float), pbc=np.array(one.pbc, dtype=bool))
            for one in structures
        ]  # fmt: skip
        found = self.potential.evaluate(enlarged, site_energies=site_energies, features=features)
        forces = tuple(self.factor * np.asarray(force) for force in found.forces)
        return Evaluation(
            found.energies, forces, self.factor**3 * found.stresses, found.cost, found.site_energies, found.features
        )
