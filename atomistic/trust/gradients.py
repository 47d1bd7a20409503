"""Whether an oracle's forces are the gradient of its energy: without that no model can fit both."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms

from atomistic.trust.oracle import Oracle
from coupling.errors import InputError

STEP = 0.01
"""Å along a unit vector of all coordinates, half of the smallest distance of two points."""
ABSOLUTE, RELATIVE = 0.01, 0.02
"""eV/Å, and share of the force, by which the two may differ."""


@dataclass(frozen=True)
class GradientCheck:
    """One structure: the force along a random direction, and minus the energy's slope there.

    Attributes:
        formula: Of the structure.
        force: -dE/ds by the oracle's forces, eV/Å.
        slope: -dE/ds by differences of its energies, eV/Å.
    """

    formula: str
    force: float
    slope: float

    @property
    def error(self) -> float:
        """By how much they differ, eV/Å."""
        return abs(self.force - self.slope)

    @property
    def passed(self) -> bool:
        """Whether they agree within the bounds."""
        return self.error <= ABSOLUTE + RELATIVE * abs(self.slope)


def check_gradients(oracle: Oracle, structures: Sequence[Atoms], seed: int = 0) -> list[GradientCheck]:
    """Compare forces with differences of energies at ± STEP and ± 2 STEP (Richardson), along a random direction each.

    The direction has all coordinates and unit length, so that an error of δ in every component shows as about δ. Basis functions
    that move with the atoms without their Pulay force, and a self-consistency that is stopped early, are of this kind. Five
    labels are asked for each structure, all of them next to it.

    Args:
        oracle: Is asked.
        structures: A few, with forces: of perfect crystals these vanish whatever they are.
        seed: Of the directions.

    Raises:
        InputError: on some structure they differ.
    """
    rng, found = np.random.default_rng(seed), []
    for atoms in structures:
        direction = rng.normal(size=(len(atoms), 3))
        direction /= np.linalg.norm(direction)
        labels = [oracle.label(_moved(atoms, (3 + k) * STEP * direction)) for k in (-2, -1, 0, 1, 2)]
        energies, own = [labels[k].energy for k in (0, 1, 3, 4)], labels[2]
        slope = -(energies[0] - 8 * energies[1] + 8 * energies[2] - energies[3]) / (12 * STEP)
        found.append(GradientCheck(atoms.get_chemical_formula(), float(np.vdot(own.forces, direction)), float(slope)))
    for one in found:
        if not one.passed:
            raise InputError(
                f"The forces of oracle {oracle.name!r} are not the gradient of its energy: on {one.formula} the force along a random "
                f"direction is {one.force:.4g} eV/Å and the energy's slope {one.slope:.4g} eV/Å; converge its self-consistency and "
                "basis further, include Pulay forces, or take another oracle."
            )
    return found


def _moved(atoms: Atoms, displacement: np.ndarray) -> Atoms:
    moved = atoms.copy()
    moved.positions += displacement
    return moved
