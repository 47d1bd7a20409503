"""The highest frequency of a structure's vibrations, and the time steps that it allows."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from ase import Atoms

from atomistic.dynamics.state import TIME
from coupling.contracts import Cost, FloatArray, Potential
from coupling.errors import InputError

STEPS_PER_PERIOD = 20
"""Safe time steps in the shortest period; Verlet's limit of stability is π of them."""
_DISPLACEMENT = 0.01  # Å of the atom that moves most
_CLOSE = 1e-3
_MOST = 40


@dataclass(frozen=True)
class VibrationLimit:
    """What the stiffest vibration allows.

    Attributes:
        frequency: ω_max, rad/s; zero where nothing vibrates.
        cost: Of finding it.
    """

    frequency: float
    cost: Cost

    @property
    def safe_step(self) -> float:
        """A twentieth of the shortest period, s; infinite where nothing vibrates."""
        return 2 * np.pi / (STEPS_PER_PERIOD * self.frequency) if self.frequency else float("inf")

    @property
    def stable_step(self) -> float:
        """2/ω_max, s: energies grow without bound from there on."""
        return 2 / self.frequency if self.frequency else float("inf")

    def checked(self, step: float | None) -> float:
        """The time step, s: as given, or the safe one.

        Raises:
            InputError: it is over the limit, no length of time, or not given where nothing vibrates.
        """
        if step is None and not self.frequency:
            raise InputError("Nothing vibrates here, so that no safe time step is known; give one in s, such as 1e-15.")
        if step is None:
            return self.safe_step
        if not step > 0:
            raise InputError(f"A time step of {step} s is not positive; give one in s, or None for a safe one.")
        if step >= self.stable_step:
            raise InputError(
                f"A time step of {step * 1e15:.3g} fs is over the limit of stability, 2/ω_max = {self.stable_step * 1e15:.3g} "
                f"fs; take at most {self.safe_step * 1e15:.3g} fs, or None for that."
            )
        return step


def vibration_limit(potential: Potential, atoms: Atoms) -> VibrationLimit:
    """ω_max of any structure by Lanczos' method on differences of forces, from a random start.

    The largest eigenvalue of the mass-weighted Hessian, found from below to about a thousandth; no Hessian is stored.

    Args:
        potential: The potential.
        atoms: Where it is taken; constraints, which only lower it, are left out.
    """
    weights, cost = 1 / np.sqrt(np.repeat(atoms.get_masses(), 3)), Cost()
    moved = [atoms.copy(), atoms.copy()]

    def curvature(direction: FloatArray) -> FloatArray:
        nonlocal cost
        shift = (weights * direction).reshape(-1, 3)
        size = _DISPLACEMENT / np.sqrt((shift**2).sum(axis=1)).max()
        for sign, one in zip((size, -size), moved, strict=True):
            one.positions[:] = atoms.positions + sign * shift
        found = potential.evaluate(moved)
        cost = cost + found.cost
        difference = np.asarray(found.forces[1]) - np.asarray(found.forces[0])
        return np.asarray(weights * difference.ravel() / (2 * size))

    start = np.random.default_rng(0).standard_normal(3 * len(atoms))
    largest = _largest_eigenvalue(curvature, start / np.linalg.norm(start))
    return VibrationLimit(float(np.sqrt(max(largest, 0.0))) / TIME, cost)


def _largest_eigenvalue(times: Callable[[FloatArray], FloatArray], start: FloatArray) -> float:
    """Lanczos with full orthogonalisation, until the eigenvalue stands still twice."""
    basis, diagonal, beside, last, still = [start], list[float](), list[float](), -np.inf, 0
    for _ in range(min(_MOST, len(start))):
        image = times(basis[-1])
        diagonal.append(float(basis[-1] @ image))
        largest = float(np.linalg.eigvalsh(np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1))[-1])
        still = still + 1 if abs(largest - last) <= _CLOSE * abs(largest) else 0
        for _ in range(2):
            image = image - np.array(basis).T @ (np.array(basis) @ image)
        size = float(np.linalg.norm(image))
        if still == 2 or size <= 1e-8 * max(abs(largest), 1e-12):
            return largest
        last = largest
        basis.append(image / size)
        beside.append(size)
    return largest
