"""The normal path at a temperature by constrained molecular dynamics: mean forces with error bars.

At an imposed gap and length, Langevin dynamics samples everything else. Of the free energy F(gap, length)
the two mean forces are read off, ∂F/∂gap at fixed length (the force of the constraint) and ∂F/∂length at
fixed gap, and with them the rate of F along a path, dF/dgap = ∂F/∂gap + ∂F/∂length · dlength/dgap. With the
bulk's rate taken away at the same traction of the static path, the traction of the law is the rate of the
excess over that of the excess opening.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from scipy.interpolate import CubicSpline

from atomistic.decohesion.slab import boundary_tractions
from atomistic.dynamics.blocks import block_error
from atomistic.dynamics.constraints import FREE, Held
from atomistic.dynamics.driver import dynamics
from atomistic.dynamics.langevin import Langevin
from atomistic.dynamics.record import Keep
from atomistic.dynamics.state import State
from coupling.contracts import Cost, Evaluation, FloatArray, Potential, Progress, silent
from coupling.errors import InputError
from coupling.interface.excess import BulkBranch, SlabBranch, taken_away
from coupling.units import BOLTZMANN_EV

DAMPING = 0.05
"""Friction times the time step."""
_SETTLING = 0.2  # of the steps, before averages are taken


@dataclass(frozen=True)
class MeanForces:
    """Averages over a trajectory of each structure, with standard errors; per in-plane unit cell.

    Attributes:
        on_gap: (n,) ∂F/∂gap at fixed length, eV/Å.
        on_length: (n,) ∂F/∂length at fixed gap, eV/Å.
        on_gap_std: (n,) eV/Å.
        on_length_std: (n,) eV/Å.
        temperature: (n,) kinetic, K: should be the one asked for.
    """

    on_gap: FloatArray
    on_length: FloatArray
    on_gap_std: FloatArray
    on_length_std: FloatArray
    temperature: FloatArray


def mean_forces(
    potential: Potential,
    structures: Sequence[Atoms],
    temperature: float,
    time_step: float,
    steps: int,
    *,
    repeats: tuple[int, int, int] = (2, 2, 1),
    held: FloatArray | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> MeanForces:
    """Langevin dynamics (BAOAB, Leimkuhler & Matthews 2013) of all structures in one batch.

    Args:
        potential: The interatomic potential.
        structures: n structures of the same atoms, in their static equilibrium.
        temperature: K.
        time_step: s; `Phonons.safe_time_step`.
        steps: Time steps; the first fifth is not averaged.
        repeats: The supercell that moves.
        held: (1, 3N) the gap's coordinate (`finite_temperature.gap_coordinates`), which is held; None for a bulk.
        seed: Of the random numbers.
        progress: Told now and then.

    Raises:
        InputError: too few steps for an error bar, or no temperature.
    """
    if not temperature > 0:
        raise InputError(f"Dynamics at {temperature} K do not move; give a positive temperature.")
    moving = [atoms * repeats for atoms in structures]
    area = float(abs(np.linalg.det(moving[0].cell.array[:2, :2])))
    constraint = None if held is None else np.tile(held.reshape(-1, 3), (int(np.prod(repeats)), 1)) / np.prod(repeats)

    def rates(state: State) -> FloatArray:
        """(n, 2) on the gap and on the length, eV/Å."""
        found = Evaluation(state.energies, tuple(state.forces), state.stresses, Cost())
        opening = boundary_tractions(state.structures, found, area)[:, 2] * area
        pressed = squeeze(state, constraint, BOLTZMANN_EV * temperature)
        on_gap = np.zeros_like(pressed) if held is None else pressed
        return np.column_stack([on_gap, opening - pressed])

    made = dynamics(
        potential, moving, Langevin(temperature, DAMPING / time_step), steps=steps, step=time_step,
        held=FREE if constraint is None else Held(combinations=constraint[None]), seed=seed, check_step=False,
        keep=Keep(observe=rates), progress=progress,
    )  # fmt: skip
    settled = int(_SETTLING * steps) + 1  # the first sample is the start
    series = made.observed[settled:].transpose(2, 1, 0) / (repeats[0] * repeats[1])
    means, errors = series.mean(axis=2), [np.array([block_error(one) for one in kind]) for kind in series]
    return MeanForces(means[0], means[1], errors[0], errors[1], made.temperature[settled:].mean(axis=0))


def squeeze(state: State, held: FloatArray | None, thermal: float) -> FloatArray:
    """(n,) rate of F as the atoms are squeezed evenly along z by a length, the cell fixed, eV/Å.

    With a gap held that is ∂F/∂gap; for the bulk it turns the traction across the top into that of an
    even strain. All planes take part, so it fluctuates less than the force across one of them. The
    second term is the volume's: of the N coordinates z all shrink that are free, N - 1 without the centre of
    mass, N - 2 with the gap held, whose delta function shrinks as 1/gap.

    Args:
        state: n replicas.
        held: (N, 3) the gap's coordinate; None for a bulk.
        thermal: kT, eV.
    """
    levels = state.positions[:, :, 2]
    extent = state.cells[:, 2, 2] if held is None else -levels @ held[:, 2]
    free = levels.shape[1] - (1 if held is None else 2)
    virial = np.sum(state.forces[:, :, 2] * levels, axis=1)
    return np.asarray((virial + thermal * free) / extent)


def mean_traction(
    slab: SlabBranch, bulk: BulkBranch, whole: MeanForces, own: MeanForces
) -> tuple[FloatArray, FloatArray]:
    """Traction of the law at the temperature and its standard error, gap in the law, eV/Å³.

    Args:
        slab: The static path at whose gaps and lengths `whole` was sampled.
        bulk: Its bulk reference, at whose heights `own` was sampled, in cells of all the slab's repeats.
        whole: Mean forces of the slab.
        own: Mean forces of the bulk.
    """

    def rate(values: FloatArray) -> FloatArray:
        return np.asarray(CubicSpline(slab.gap, values)(slab.gap, 1))

    closed = slab.closed
    (layers,) = taken_away(slab.repeats, slab.interfaces, bulk.height[[closed]], bulk.spacing[[closed]], "in law")
    stretched = layers * rate(bulk.height)
    opened = rate(slab.length) - stretched
    force = whole.on_gap + whole.on_length * rate(slab.length) - own.on_length * stretched
    error = np.sqrt(
        whole.on_gap_std**2 + (whole.on_length_std * rate(slab.length)) ** 2 + (own.on_length_std * stretched) ** 2
    )
    return force / (slab.area * opened), error / np.abs(slab.area * opened)
