"""The rows of the linear model: energies, forces and stresses as linear functions of the readout's weights."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from atomistic.trust.labels import Label
from coupling.capabilities import FeatureDerivatives, LinearPotential, require
from coupling.contracts import FloatArray, Potential, Structure
from coupling.errors import InputError

KINDS = ("energy", "force", "stress")
VOIGT = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))
"""xx yy zz yz xz xy."""


class Rows(NamedTuple):
    """What one structure's energy per atom, forces and stress are, as functions of the parameters.

    The parameters are the changes of the F weights, then of the energy zero of each element.

    Attributes:
        energy: (1, P) per atom.
        force: (3N, P).
        stress: (6, P) Voigt order xx yy zz yz xz xy, or (0, P) where there is no volume.
    """

    energy: FloatArray
    force: FloatArray
    stress: FloatArray


@dataclass(frozen=True)
class Design:
    """The rows of one label and what the potential lacks of it.

    Attributes:
        rows: Rows of each kind.
        residuals: Label minus potential: (1,) eV per atom, (3N,) eV/Å, (0 or 6,) eV/Å³.
        counts: Atoms of each element.
        sites: (N, F) features.
        group: The label's.
    """

    rows: Rows
    residuals: tuple[FloatArray, FloatArray, FloatArray]
    counts: FloatArray
    sites: FloatArray
    group: str


def require_linear(potential: Potential) -> LinearPotential:
    """The potential, if it hands out features.

    Raises:
        InputError: it does not.
    """
    return require(potential, "features")


def structure_rows(potential: LinearPotential, structures: Sequence[Structure], elements: Sequence[int]) -> list[Rows]:
    """The rows of structures.

    Raises:
        InputError: a structure has an element that is not among these.
    """
    derivatives = potential.feature_derivatives(structures)
    return [_rows(one, known, elements) for one, known in zip(structures, derivatives, strict=True)]


def _rows(structure: Structure, derivatives: FeatureDerivatives, elements: Sequence[int]) -> Rows:
    counts = element_counts(structure, elements)
    volume = abs(np.linalg.det(np.asarray(structure.cell)))
    zeros = np.zeros((len(derivatives.positions), len(elements)))
    stress = derivatives.strain / volume if volume > 0 else derivatives.strain[:0]
    energy = np.concatenate([derivatives.sites.sum(0), counts])[None] / counts.sum()
    return Rows(
        energy, -np.hstack([derivatives.positions, zeros]), np.hstack([stress, zeros[:1].repeat(len(stress), 0)])
    )


def element_counts(structure: Structure, elements: Sequence[int]) -> FloatArray:
    """(S,) atoms of each element.

    Raises:
        InputError: an element is not among these.
    """
    numbers = np.asarray(structure.numbers)
    strange = sorted(set(numbers.tolist()) - set(elements))
    if strange:
        raise InputError(f"No label holds the element(s) {strange}; add labels that do.")
    return np.array([np.sum(numbers == z) for z in elements], dtype=float)


def designs(potential: LinearPotential, labels: Sequence[Label], elements: Sequence[int]) -> list[Design]:
    """The rows and residuals of labels.

    Args:
        potential: Gives features and what the labels are compared with.
        labels: Any labels.
        elements: Atomic numbers, in the order of the parameters.
    """
    structures = [label.structure for label in labels]
    base, derivatives = potential.evaluate(structures), potential.feature_derivatives(structures)
    found = []
    for k, (label, known) in enumerate(zip(labels, derivatives, strict=True)):
        rows = _rows(label.structure, known, elements)
        stress = voigt(label.stress - base.stresses[k])
        if len(rows.stress) == 0 or not np.isfinite(stress).all():
            rows, stress = rows._replace(stress=rows.stress[:0]), stress[:0]
        residuals = (
            np.array([label.energy - base.energies[k]]) / len(label.structure),
            (label.forces - base.forces[k]).reshape(-1),
            stress,
        )
        counts = element_counts(label.structure, elements)
        found.append(Design(rows, residuals, counts, known.sites, label.group))
    return found


def voigt(tensor: FloatArray) -> FloatArray:
    """(6,) of a symmetric tensor (3, 3)."""
    return np.array([tensor[i, j] for i, j in VOIGT])
