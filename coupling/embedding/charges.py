"""Fixed point charges around a cluster: the charges to which electrostatic embedding exposes the accurate model."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import constants

from coupling.contracts import FloatArray, Structure
from coupling.embedding.cluster import Cluster
from coupling.embedding.neighbours import IntArray
from coupling.errors import InputError

COULOMB = constants.elementary_charge / (4 * np.pi * constants.epsilon_0 * constants.angstrom)
"""e²/(4πε0 Å) in eV: about 14.4."""


@dataclass(frozen=True)
class PointCharges:
    """Fixed charges of atoms.

    Attributes:
        by_element: e, by atomic number; elements that are not named have none.
    """

    by_element: Mapping[int, float]

    def of(self, structure: Structure) -> FloatArray:
        """(N,) e."""
        return np.array([self.by_element.get(int(number), 0.0) for number in structure.numbers])

    def around(self, structure: Structure, cluster: Cluster) -> tuple[FloatArray, IntArray, FloatArray, FloatArray]:
        """Charges of the cluster's atoms; and the atoms outside that carry charge, their charges and places.

        Atoms that a link atom stands for lose their charge, which would sit on the hydrogen.

        Raises:
            InputError: the structure is periodic.
        """
        if np.array(structure.pbc, dtype=bool).any():
            raise InputError(
                "Point charges around a cluster need a structure without periodicity; "
                "set pbc to False or leave charges out."
            )
        charges = self.of(structure)
        inside = charges[cluster.atoms]
        charges[cluster.atoms] = 0.0
        charges[cluster.outer] = 0.0
        outside = np.flatnonzero(charges)
        places = np.array(structure.positions, dtype=float)[outside]
        return inside, outside, charges[outside], places


def coulomb(
    q: FloatArray, places: FloatArray, charges: FloatArray, others: FloatArray
) -> tuple[float, FloatArray, FloatArray]:
    """Energy between two groups of point charges, eV, and the forces on both, eV/Å."""
    between = places[:, None] - others[None]
    distance = np.linalg.norm(between, axis=2)
    pair = COULOMB * q[:, None] * charges[None] / distance
    pull = (pair / distance**2)[..., None] * between
    return float(pair.sum()), pull.sum(axis=1), -pull.sum(axis=0)
