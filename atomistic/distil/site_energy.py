"""Site energies of students with one round of messages on one element, and the derivatives of their errors.

An atom's energy is Σ_c r_c silu(z_c) + e₀ with z_c = Σ_j Σ_h W_hc g_h(r_ij) + o_c, g the radial functions.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from coupling.contracts import FloatArray

_ROWS, _COLUMNS = np.array([0, 1, 2, 1, 0, 0]), np.array([0, 1, 2, 2, 2, 1])


def voigt(tensor: FloatArray) -> FloatArray:
    """(6,) xx yy zz yz xz xy of a symmetric (3, 3)."""
    return tensor[_ROWS, _COLUMNS]


@dataclass(frozen=True)
class Sample:
    """One structure: N atoms with P neighbours (each pair from both sides), H radial functions.

    Attributes:
        sums: (N, H) radial functions summed over an atom's neighbours.
        slopes: (P, H) their derivatives, 1/Å.
        starts: (N + 1,) where each atom's neighbours begin.
        second: (P,) the neighbours.
        unit: (P, 3) towards them.
        length: (P,) Å.
        volume: Å³; NaN where there is no stress.
        energy, forces, stress: Labels: eV, (N, 3) eV/Å, (6,) eV/Å³.
        weights: Of the energy per atom, of the forces (N, 1) and of the stress.
    """

    sums: FloatArray
    slopes: FloatArray
    starts: NDArray[np.int64]
    second: NDArray[np.int64]
    unit: FloatArray
    length: FloatArray
    volume: float
    energy: float
    forces: FloatArray
    stress: FloatArray
    weights: tuple[float, FloatArray, float]


@dataclass(frozen=True)
class Parameters:
    """W (H, C), o (C,), r (C,) and e₀ of the site energy."""

    messages: FloatArray
    own: FloatArray
    read: FloatArray
    shift: float

    @property
    def vector(self) -> FloatArray:
        """All of them."""
        return np.concatenate([self.messages.ravel(), self.own, self.read, [self.shift]])

    def moved(self, step: FloatArray) -> "Parameters":
        """With a step (H C + 2 C + 1,) added."""
        messages, own, read, shift = np.split(self.vector + step, np.cumsum([self.messages.size, *[len(self.own)] * 2]))
        return Parameters(messages.reshape(self.messages.shape), own, read, float(shift[0]))


def residuals(sample: Sample, at: Parameters) -> FloatArray:
    """Weighted errors of energy per atom, forces and stress (1 + 3 N, or 7 + 3 N)."""
    z = sample.sums @ at.messages + at.own
    value, slope, _ = _silu(z)
    answer = slope * at.read
    first = np.repeat(np.arange(len(z)), np.diff(sample.starts))
    pull = ((answer[first] + answer[sample.second]) * (sample.slopes @ at.messages)).sum(1)
    forces = gathered(pull[:, None] * sample.unit, sample.starts)
    energy = (value @ at.read).sum() / len(z) + at.shift
    per_energy, per_force, per_stress = sample.weights
    parts: list[Any] = [
        [per_energy * (energy - sample.energy / len(z))],
        (per_force * (forces - sample.forces)).ravel(),
    ]
    if np.isfinite(sample.volume):
        moments = (pull * sample.length)[:, None] * sample.unit[:, _ROWS] * sample.unit[:, _COLUMNS]
        parts.append(per_stress * (moments.sum(0) / (2 * sample.volume) - sample.stress))
    return np.concatenate(parts)


def jacobian(sample: Sample, at: Parameters) -> FloatArray:
    """Derivatives of `residuals` by the parameters' vector."""
    sums, atoms = sample.sums, len(sample.sums)
    value, slope, bend = _silu(sums @ at.messages + at.own)
    answer, bent = slope * at.read, bend * at.read
    per_energy, per_force, per_stress = sample.weights
    energy: list[Any] = [(sums.T @ answer).ravel(), answer.sum(0), value.sum(0), [atoms]]
    blocks = [per_energy / atoms * np.concatenate(energy)[None]]
    for k in range(atoms):
        near = slice(sample.starts[k], sample.starts[k + 1])
        j, along = sample.second[near], sample.unit[near].T
        stretch = sample.slopes[near] @ at.messages
        pulled = along[:, None, :] * sample.slopes[near].T
        about = pulled.sum(2)
        rows = about[:, :, None] * answer[k] + pulled @ answer[j]
        rows += sums[k][:, None] * (bent[k] * (about @ at.messages))[:, None, :]
        rows += (along[:, None, :] * sums[j].T) @ (stretch * bent[j])
        own, read = along @ (stretch * (bent[k] + bent[j])), along @ (stretch * (slope[k] + slope[j]))
        blocks.append(per_force[k] * np.hstack([rows.reshape(3, -1), own, read, np.zeros((3, 1))]))
    if np.isfinite(sample.volume):
        moments = sample.length * (sample.unit[:, _ROWS] * sample.unit[:, _COLUMNS]).T / sample.volume
        for moment in moments:
            about = gathered(moment[:, None] * sample.slopes, sample.starts)
            stretch = about @ at.messages
            rows = about.T @ answer + sums.T @ (stretch * bent)
            row = np.concatenate([rows.ravel(), (stretch * bent).sum(0), (stretch * slope).sum(0), [0]])
            blocks.append(per_stress * row[None])
    return np.concatenate(blocks)


def gathered(values: FloatArray, starts: NDArray[np.int64]) -> FloatArray:
    """(N, k) sums of values (P, k) over each atom's neighbours."""
    sums, some = np.zeros((len(starts) - 1, values.shape[1])), np.diff(starts) > 0
    if some.any():
        sums[some] = np.add.reduceat(values, starts[:-1][some])
    return sums


def _silu(z: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """z/(1 + e⁻ᶻ) and its first two derivatives."""
    gate = expit(z)
    return z * gate, gate * (1 + z * (1 - gate)), gate * (1 - gate) * (2 + z * (1 - 2 * gate))
