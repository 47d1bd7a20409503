"""Well-tempered metadynamics (Barducci, Bussi & Parrinello, Phys. Rev. Lett. 100 (2008) 020603) on batched walkers.

All walkers put their hills into one bias (Raiteri, Laio, Gervasio, Micheletti & Parrinello, J. Phys. Chem. B 110 (2006) 3533).
Hills shrink as exp(−V/(γ − 1)kT), so that the bias goes to −(1 − 1/γ) F. Samples on the way are reweighted by exp((V − c(t))/kT)
(Tiwary & Parrinello, J. Phys. Chem. B 119 (2015) 736).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from scipy.special import logsumexp

from atomistic.dynamics.constraints import FREE, Held
from atomistic.dynamics.driver import prepared
from atomistic.dynamics.record import Keep
from atomistic.dynamics.state import State
from atomistic.dynamics.system import Ensemble
from atomistic.dynamics.trajectory import Runaway, Trajectory
from atomistic.sampling.bias import Bias, Biased, Together
from atomistic.sampling.brake import Brake, BrakedPlace
from atomistic.sampling.deposits import Deposits, MetadynamicsState, save_metadynamics
from atomistic.sampling.estimate import FreeEnergy, reweighted
from atomistic.sampling.hills import HillRange, Hills
from atomistic.sampling.umbrella import SETTLING, check_stiffness, temperature_of
from atomistic.sampling.variables import Variables
from coupling.contracts import FloatArray, Potential, Progress, silent
from coupling.errors import InputError
from coupling.units import BOLTZMANN_EV


@dataclass(frozen=True)
class WellTempered:
    """How hills are put.

    Attributes:
        range: Where, with the nodes of the grid.
        width: (d,) of the Gaussians, in the variables' units; about the free energy's finest feature, or a walker's own
            fluctuations in a well.
        height: Of the first hill of each walker, eV; a fraction of kT.
        pace: Steps between hills.
        bias_factor: γ > 1: barriers are lowered to about 1/γ of theirs; about the barrier over kT.
    """

    range: HillRange
    width: tuple[float, ...]
    height: float
    pace: int = 100
    bias_factor: float = 10.0

    def __post_init__(self) -> None:
        if not self.height > 0 or self.pace < 1 or not self.bias_factor > 1:
            raise InputError(
                f"Hills of {self.height} eV each {self.pace} steps with a bias factor of {self.bias_factor}: give a positive "
                "height, a pace of 1 or more, and a bias factor above 1."
            )


@dataclass(frozen=True)
class MetadynamicsRun:
    """What walkers found.

    Attributes:
        values: (n, R, d) of the variables.
        bias: (n, R) energy of the hills at each sample, eV.
        offset: (n,) c(t), eV.
        fixed: (n, R) energy of the fixed bias, eV.
        hills: The bias at the end; it serves as a fixed bias of other runs.
        settings: How hills were put.
        temperature: K.
        deposits: All hills, those of earlier parts of the run too, and where none was put.
        braked: Places where the trigger was above its limit, for the oracle.
        walkers: All that the run needs to go on.
        trajectory: Of this part; its energies have the biases in them.
    """

    values: FloatArray
    bias: FloatArray
    offset: FloatArray
    fixed: FloatArray
    hills: Hills
    settings: WellTempered
    temperature: float
    deposits: Deposits
    braked: tuple[BrakedPlace, ...]
    walkers: MetadynamicsState
    trajectory: Trajectory

    def from_bias(self, values: FloatArray) -> FloatArray:
        """(m,) −γ/(γ − 1) V at values (m, d), eV, up to a constant: the free energy, the fixed bias in it."""
        factor = self.settings.bias_factor
        return -factor / (factor - 1) * self.hills.of(np.asarray(values, dtype=float))[0]

    def log_weights(self, settled: int) -> FloatArray:
        """(n − settled, R) of the samples, without any bias."""
        bias = self.bias[settled:] - self.offset[settled:, None] + self.fixed[settled:]
        return np.asarray(bias / (BOLTZMANN_EV * self.temperature))

    def free_energy(self, *edges: FloatArray, settling: float = SETTLING) -> FreeEnergy:
        """The free energy by reweighting, with bars from blocks of walkers.

        Args:
            *edges: Of each variable the edges of cells.
            settling: Share of the samples that is left out, while the bias grows fast.

        Raises:
            InputError: there are too few samples, or none between the edges.
        """
        first = int(settling * len(self.values))
        return reweighted(self.values[first:], self.log_weights(first), edges, self.temperature)


def metadynamics(
    potential: Potential,
    structures: Atoms | Sequence[Atoms] | MetadynamicsState,
    variables: Variables,
    settings: WellTempered,
    ensemble: Ensemble,
    *,
    steps: int,
    step: float | None = None,
    fixed: Bias | None = None,
    brake: Brake | None = None,
    held: Held = FREE,
    seed: int = 0,
    keep: Keep | None = None,
    check_step: bool = True,
    progress: Progress = silent,
) -> MetadynamicsRun:
    """Move walkers, all in one batch, and fill what they visit with hills.

    A run that goes on from `MetadynamicsRun.walkers`, or from what `load_metadynamics` reads, has the same bits as one that was
    not interrupted.

    Args:
        potential: The potential.
        structures: One walker or several of the same atoms; a state goes on where it is.
        variables: Collective variables.
        settings: How hills are put.
        ensemble: `Langevin` or `NoseHoover`.
        steps: How many more.
        step: Time step, s; None takes a twentieth of the shortest period of the potential.
        fixed: A bias besides, which is taken away again, such as `Walls` or `KnownEnergy`.
        brake: No hill where its trigger is above the limit.
        held: Constraints.
        seed: Of velocities and noise.
        keep: How often samples are taken and where frames and the checkpoint are written; not what is observed.
        check_step: See `dynamics`.
        progress: Told after each step.

    Raises:
        InputError: hills and variables do not fit, the ensemble has no temperature, hills are too steep for the time step, or
            a state belongs to another run; and as in `dynamics`.
        Runaway: see `dynamics`; the checkpoint is written.
    """
    keep = Keep() if keep is None else keep
    if keep.observe is not None:
        raise InputError("Metadynamics observes its variables and nothing else; leave `observe` out.")
    temperature = temperature_of(ensemble)
    hills = Hills(settings.range, np.asarray(settings.width), variables.periods)
    known = structures if isinstance(structures, MetadynamicsState) else None
    if known is not None:
        hills.table[:] = known.table
    bias = hills if fixed is None else Together((hills, fixed))
    parts = [variables.identity, bias.identity, str(settings), "" if brake is None else brake.trigger.identity]
    ready = prepared(
        potential, structures if known is None else known.state, ensemble, step=step, held=held, seed=seed,
        check_step=check_step, field=Biased(potential, variables, bias), also=" ".join(parts),
    )  # fmt: skip
    check_stiffness(ready.state, variables, settings.height / np.asarray(settings.width) ** 2, ready.system.step)
    growth = _Growth(variables, hills, settings, BOLTZMANN_EV * temperature, brake, keep, known)
    sampling = replace(keep, observe=growth.observe, checkpoint=None)
    try:
        made = ready.moved(ensemble, steps, sampling, after=growth.after, progress=progress)
    except Runaway as stop:
        growth.write(stop.trajectory.state)
        raise
    growth.write(made.state)
    values, own, offset = made.observed[..., :-2], made.observed[..., -2], made.observed[:, 0, -1]
    besides = np.zeros_like(own) if fixed is None else np.array([fixed.of(one)[0] for one in values])
    return MetadynamicsRun(
        values, own, offset, besides, hills, settings, temperature, growth.deposits, growth.braked,
        growth.walkers(made.state), made,
    )  # fmt: skip


class _Growth:
    """The bias while it grows."""

    def __init__(
        self, variables: Variables, hills: Hills, settings: WellTempered, thermal: float, brake: Brake | None, keep: Keep,
        known: MetadynamicsState | None,
    ) -> None:  # fmt: skip
        self._variables, self._hills, self._settings, self._thermal = variables, hills, settings, thermal
        self._brake, self._keep = brake, keep
        self.deposits = Deposits.none(len(settings.width)) if known is None else known.deposits
        self.braked: tuple[BrakedPlace, ...] = () if known is None else known.braked
        self._new: list[Deposits] = []
        self._offset = self._over()

    def observe(self, state: State) -> FloatArray:
        """(R, d + 2): variables, energy of the hills, c(t)."""
        values = self._variables.of(state.positions, state.cells)[0]
        energies = self._hills.of(values)[0]
        return np.column_stack([values, energies, np.full(len(values), self._offset)])

    def after(self, state: State) -> None:
        """Put hills where it is time to, and write the checkpoint."""
        if state.step % self._settings.pace == 0:
            self._deposit(state)
        if state.step % self._keep.checkpoint_every == 0:
            self.write(state)

    def walkers(self, state: State) -> MetadynamicsState:
        """All that is needed to go on."""
        self.deposits = Deposits.joined([self.deposits, *self._new])
        self._new = []
        return MetadynamicsState(state, self._hills.table.copy(), self.deposits, self.braked)

    def write(self, state: State) -> None:
        """The checkpoint, where one is asked for."""
        if self._keep.checkpoint is not None:
            save_metadynamics(self._keep.checkpoint, self.walkers(state))
        else:
            self.walkers(state)

    def _deposit(self, state: State) -> None:
        values = self._variables.of(state.positions, state.cells)[0]
        levels, stopped = np.full(len(values), np.nan), np.zeros(len(values), dtype=bool)
        if self._brake is not None:
            structures = state.structures
            levels, stopped = self._brake.levels(structures)
            self._remember(structures, values, levels, stopped, state.step)
        energies = self._hills.of(values)[0]
        shrunk = np.exp(-energies / ((self._settings.bias_factor - 1) * self._thermal))
        heights = np.where(stopped | ~self._hills.inside(values), 0.0, self._settings.height * shrunk)
        put = heights > 0
        if put.any():
            self._hills.add(values[put], heights[put])
            self._offset = self._over()
        self._new.append(Deposits.at(state.step, values, heights, levels))

    def _remember(
        self, structures: list[Atoms], values: FloatArray, levels: FloatArray, stopped: NDArray[np.bool_], step: int
    ) -> None:
        """Keep braked places that are a hill's width from those that are kept."""
        for k in np.flatnonzero(stopped):
            near = any(np.all(np.abs(one.values - values[k]) < np.asarray(self._settings.width)) for one in self.braked)
            if not near and len(self.braked) < self._brake.places:
                place = BrakedPlace(structures[k], values[k], float(levels[k]), step, int(k))
                self.braked = (*self.braked, place)

    def _over(self) -> float:
        """c(t) = kT ln ∫ exp(γV/(γ − 1)kT) ds / ∫ exp(V/(γ − 1)kT) ds, eV."""
        factor, bias = self._settings.bias_factor, self._hills.table[0] / self._thermal
        return float(self._thermal * (logsumexp(factor / (factor - 1) * bias) - logsumexp(bias / (factor - 1))))
