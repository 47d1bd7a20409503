"""Isothermal elastic constants by dynamics: of stresses in strained cells, or of fluctuations with Born's term.

Both are second derivatives of the free energy F(ε)/V by a symmetric strain ε at no stress, where all definitions of a
stiffness are one. The two share nothing but the potential.
"""

from dataclasses import dataclass

import numpy as np
from ase import Atoms

from atomistic.dynamics import Keep, Langevin, State, dynamics, jackknifed
from atomistic.properties.elastic import VOIGT_PAIRS, cubic_constants, strained
from atomistic.properties.measurement import Measurement
from atomistic.thermal.sampling import Sampling, stress_voigt
from coupling.contracts import FloatArray, Potential, Progress, silent
from coupling.units import BOLTZMANN_EV, EV_A3

_SOURCE = "jackknife over blocks of the trajectory"
_NAMES = ("C11", "C12", "C44")


@dataclass(frozen=True)
class WarmStiffness:
    """Isothermal elastic constants of a crystal.

    Attributes:
        temperature: K.
        stiffness_voigt: (6, 6) Pa, order xx yy zz yz xz xy, engineering shear; symmetric.
        std_voigt: (6, 6) standard errors, Pa.
        cubic: C11, C12, C44 averaged over the cubic axes, by name; meaningful for a cubic crystal alone.
        bulk_modulus: B_T of equal strains along the axes, Pa.
        pressure: Mean pressure in the cell without strain, Pa: the constants are those without stress where it is small
            against them.
    """

    temperature: float
    stiffness_voigt: FloatArray
    std_voigt: FloatArray
    cubic: dict[str, Measurement]
    bulk_modulus: Measurement
    pressure: Measurement


def stiffness_by_strain(
    potential: Potential,
    crystal: Atoms,
    temperature: float,
    sampling: Sampling | None = None,
    *,
    strain: float = 4e-3,
    cubic: bool = False,
    progress: Progress = silent,
) -> WarmStiffness:
    """Differences of the mean stress between cells under strains of both signs, six of them or, of a cubic crystal, two.

    All cells have the same random forces, so that friction pulls their motions together and most of the noise of two stresses
    is the same.

    Args:
        potential: The potential, with stresses.
        crystal: Its cell in equilibrium at the temperature.
        temperature: K.
        sampling: Cell and length; of each of thirteen trajectories, five of a cubic crystal.
        strain: Of either sign.
        cubic: Whether the crystal is cubic along the Cartesian axes, so that a stretch and a shear tell all.
        progress: Told after each trajectory.

    Raises:
        Runaway: the dynamics broke down.
    """
    sampling = (sampling or Sampling()).stepped(potential, crystal)
    ensemble, stresses = Langevin(temperature, sampling.friction), list[FloatArray]()
    unit = strain * np.eye(6)[[0, 3] if cubic else slice(None)]
    strains = np.concatenate([np.zeros((1, 6)), unit, -unit])
    for k, one in enumerate(strains):
        made = sampling.moved(potential, strained(crystal, one), ensemble)
        kinetic = len(made.state.numbers) * BOLTZMANN_EV * temperature / made.volume[0, 0]
        stresses.append(sampling.settled(made.observed) - kinetic * np.array([1.0, 1, 1, 0, 0, 0]))
        progress("elastic constants", k + 1, len(strains))
    count = len(unit)
    slopes = (np.stack(stresses[1 : 1 + count], -1) - np.stack(stresses[1 + count :], -1)) / (2 * strain)
    whole = _by_symmetry(slopes) if cubic else 0.5 * (slopes + np.swapaxes(slopes, -1, -2))
    return _gathered(temperature, whole, stresses[0])


def _by_symmetry(slopes: FloatArray) -> FloatArray:
    """(n, R, 6, 6) of a cubic crystal, from the stresses' slopes (n, R, 6, 2) by a stretch along x and a shear in yz."""
    c11, c12, c44 = slopes[..., 0, 0], 0.5 * (slopes[..., 1, 0] + slopes[..., 2, 0]), slopes[..., 3, 1]
    made = np.zeros((*slopes.shape[:2], 6, 6))
    made[..., :3, :3] = c12[..., None, None]
    made[..., [0, 1, 2], [0, 1, 2]] = c11[..., None]
    made[..., [3, 4, 5], [3, 4, 5]] = c44[..., None]
    return made


def stiffness_by_fluctuations(
    potential: Potential,
    crystal: Atoms,
    temperature: float,
    sampling: Sampling | None = None,
    *,
    strain: float = 1e-3,
    born_every: int = 10,
    progress: Progress = silent,
) -> WarmStiffness:
    """Born's term less the fluctuations of the stress, and the kinetic term (Squire, Holt & Hoover, Physica 42 (1969) 388).

    C = ⟨∂²U/∂ε∂ε⟩/V − cov(∂U/∂ε, ∂U/∂ε)/(VkT) + NkT/V (1 for stretches, ½ for shears), Born's term by differences of
    stresses of each sampled structure under strains with which its atoms move.

    Args:
        potential: The potential, with stresses.
        crystal: Its cell in equilibrium at the temperature.
        temperature: K.
        sampling: Cell and length.
        strain: Of Born's term, of either sign.
        born_every: Samples between those of which Born's term is taken.
        progress: Told after each structure of Born's term.

    Raises:
        Runaway: the dynamics broke down.
    """
    sampling = sampling or Sampling()
    keep = Keep(every=sampling.every, frames=sampling.every * born_every, observe=stress_voigt)
    made = dynamics(
        potential, [crystal.repeat(sampling.repeats)] * sampling.replicas, Langevin(temperature, sampling.friction),
        steps=sampling.steps, step=sampling.step, seed=sampling.seed, keep=keep, check_step=False,
    )  # fmt: skip
    stress = sampling.settled(made.observed)
    thermal, volume, atoms = BOLTZMANN_EV * temperature, float(made.volume[0, 0]), len(made.state.numbers)
    born = _born(potential, made.state, [frames.positions for frames in made.frames], strain, sampling, progress)
    away = stress - stress.mean(axis=(0, 1))
    count = stress.shape[0] * stress.shape[1]
    products = -np.einsum("tri,trj->trij", away, away) * volume / thermal * count / (count - 1)
    density = atoms * thermal / volume
    kinetic = np.diag([1.0, 1, 1, 0.5, 0.5, 0.5]) * density
    static = _gathered(temperature, born + kinetic, stress)
    moving = _gathered(temperature, products, stress - density * np.array([1.0, 1, 1, 0, 0, 0]))
    return WarmStiffness(
        temperature, static.stiffness_voigt + moving.stiffness_voigt, np.hypot(static.std_voigt, moving.std_voigt),
        {name: _sum(static.cubic[name], moving.cubic[name]) for name in _NAMES},
        _sum(static.bulk_modulus, moving.bulk_modulus), moving.pressure,
    )  # fmt: skip


def _born(
    potential: Potential, state: State, positions: list[FloatArray], strain: float, sampling: Sampling, progress: Progress
) -> FloatArray:  # fmt: skip
    """(n, R, 6, 6) second derivatives of the energy by a strain with which all atoms move, over the volume, eV/Å³."""
    slopes, frames = [], sampling.settled(np.stack(positions, axis=1))
    strains, resting = strain * np.concatenate([np.eye(6), -np.eye(6)]), state.structures
    for k, frame in enumerate(frames):
        for atoms, places in zip(resting, frame, strict=True):
            atoms.positions[:] = places
        moved = [strained(atoms, one) for atoms in resting for one in strains]
        found = np.asarray(potential.evaluate(moved).stresses)
        gradients = np.array(
            [_gradient(state.cells[0], one.cell.array, s) for one, s in zip(moved, found, strict=True)]
        )
        gradients = gradients.reshape(len(frame), 2, 6, 6)
        slopes.append((gradients[:, 0] - gradients[:, 1]) / (2 * strain))
        progress("Born's term", k + 1, len(frames))
    second = np.array(slopes) / state.volumes[0]
    return np.asarray(0.5 * (second + np.swapaxes(second, -1, -2)))


def _gradient(cell: FloatArray, moved: FloatArray, stress: FloatArray) -> FloatArray:
    """∂U/∂ε (6,), eV, by a strain that moves a cell: the symmetric part of V σ (1 + ε)⁻¹."""
    found = abs(np.linalg.det(moved)) * stress @ np.linalg.solve(moved, cell)
    return np.array([0.5 * (found[i, j] + found[j, i]) for i, j in VOIGT_PAIRS])


def _gathered(temperature: float, slopes: FloatArray, stress: FloatArray) -> WarmStiffness:
    """Means and errors of series (n, R, 6, 6) in eV/Å³, and of the pressure of stresses (m, R, 6)."""
    pairs = [[_mean(slopes[..., i, j]) for j in range(6)] for i in range(6)]
    series = dict(zip(_NAMES, _cubic(slopes), strict=True))
    return WarmStiffness(
        temperature, np.array([[value for value, _ in row] for row in pairs]) * EV_A3,
        np.array([[error for _, error in row] for row in pairs]) * EV_A3,
        {name: _measured(one) for name, one in series.items()},
        _measured(slopes[..., :3, :3].mean(axis=(-1, -2))), _measured(-stress[..., :3].mean(axis=-1)),
    )  # fmt: skip


def _cubic(slopes: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The three cubic constants of each of (n, R, 6, 6)."""
    flat = np.array([cubic_constants(one) for one in slopes.reshape(-1, 6, 6)])
    c11, c12, c44 = flat.T.reshape(3, *slopes.shape[:2])
    return c11, c12, c44


def _mean(series: FloatArray) -> tuple[float, float]:
    return jackknifed(lambda one: float(one.mean()), series)


def _measured(series: FloatArray) -> Measurement:
    value, error = _mean(series)
    return Measurement(value * EV_A3, "Pa", error * EV_A3, _SOURCE)


def _sum(first: Measurement, second: Measurement) -> Measurement:
    return Measurement(first.value + second.value, "Pa", float(np.hypot(first.error, second.error)), _SOURCE)
