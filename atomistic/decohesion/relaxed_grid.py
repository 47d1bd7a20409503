"""Relaxed equilibria at prescribed excess jumps: the sampler of a relaxed mixed-mode law."""

import numpy as np
from ase import Atoms

from atomistic.decohesion.bicrystal import Bicrystal
from atomistic.decohesion.finite_temperature import Vibrations, path_vibrations
from atomistic.decohesion.gap_state import State
from atomistic.decohesion.jumps import NORMAL_FIRST, Series
from atomistic.decohesion.mixed_path import JumpSamples
from atomistic.decohesion.relaxed_path import branches
from atomistic.decohesion.slab import boundary_tractions
from atomistic.decohesion.slip import SlipGrid
from atomistic.decohesion.vibrations import Statistics
from coupling.contracts import FloatArray, Progress, silent
from coupling.errors import InputError
from coupling.interface.excess import BulkBranch, SlabBranch

_PATIENCE = 20  # sweeps without advance, after which a jump has no equilibrium
_SHARED = 0.1  # of the closed spacing: more than that the planes beside the interface open or slip, too
_ROUNDS = 2
_SAME = 1e-6  # Å: jumps that are one


class RelaxedSampler:
    """Equilibria at excess jumps (see `jumps.Series`), all of a call in one batch a sweep.

    A jump has an equilibrium of the interface where the solver finds one in which the bulk is stable under the
    interface's traction (ions clamped) and the planes beside the interface neither open nor slip with it. Next to
    the bulk's own strength there is none: there a crystal parts or slips as a whole, or several planes share the
    jump, how many depends on the slab and not on the interface.

    Args:
        series: The slab and its bulk.
        period: (2, 2) Å, rows are the in-plane period vectors of slip.
        progress: Told after each sweep.
    """

    def __init__(self, series: Series, period: FloatArray, progress: Progress = silent) -> None:
        if isinstance(series.cell, Bicrystal) and not series.cell.inverted:
            raise InputError(
                "The two interfaces of this periodic cell are mirror images: a slip at one is the opposite slip at the other, so "
                "that no slip is the same at both. A relaxed mixed-mode law needs crystals with an inversion centre in the "
                "middle of their slabs; take mode: normal, or path: rigid."
            )
        self.series, self._period, self._progress = series, np.asarray(period, dtype=float)[:, :2], progress
        self._jumps = np.zeros((1, 3))
        self._found = [series.closed]

    def __call__(self, jumps: FloatArray) -> JumpSamples:
        """Samples at jumps (k, 3): normal, x, y, Å."""
        series, jumps = self.series, np.asarray(jumps, dtype=float)
        rigid = [series.cell.opened(row[0], (row[1], row[2])) for row in jumps]
        found = series.potential.evaluate(rigid)
        tractions = boundary_tractions(rigid, found, series.cell.area)[:, NORMAL_FIRST]
        energies = (found.energies - series.closed.energy) / (series.cell.area * len(series.cell.bodies))
        states = self.states(jumps, tractions)
        energy = np.array([np.nan if state is None else series.excess_energy(state) for state in states])
        traction = np.array([np.full(3, np.nan) if state is None else state.traction for state in states])
        return JumpSamples(energy, traction, energies, tractions)

    def states(self, jumps: FloatArray, tractions: FloatArray) -> list[State | None]:
        """The equilibria at jumps (k, 3) whose rigid halves have these tractions (k, 3); None where there is none."""
        found: list[State | None] = [None] * len(jumps)
        guesses, wanted = self.series.guesses(tractions), list(range(len(jumps)))
        for attempt in range(1 + _ROUNDS):
            if attempt:
                guesses = [self._found[self._nearest(jumps[i])].unknown for i in wanted]
            for i, state in zip(wanted, self._solved(jumps[wanted], guesses), strict=True):
                found[i] = state
            new = [i for i in wanted if found[i] is not None]
            self._jumps = np.vstack([self._jumps, jumps[new]])
            self._found += [state for i in new if (state := found[i]) is not None]
            wanted = [i for i in wanted if found[i] is None]
            if not wanted or not new:
                break
        return found

    def state(self, jump: FloatArray) -> State | None:
        """The state found at a jump that was asked for; None where there is none."""
        away = np.abs(self._jumps - jump).max(axis=1)
        nearest = int(np.argmin(away))
        return self._found[nearest] if away[nearest] < _SAME else None

    @property
    def found(self) -> list[State]:
        """All equilibria so far, by their openings, then by their slips."""
        return [self._found[k] for k in np.lexsort(self._jumps.T[::-1])]

    def opening_path(self, openings: FloatArray) -> tuple[SlabBranch, tuple[BulkBranch, ...]]:
        """The records of the equilibria without slip, from the closed one on, as along an opening path."""
        found = [(d, state) for d in openings if (state := self.state(np.array([d, 0.0, 0.0]))) is not None]
        gaps = np.array([0.0 if d == 0.0 else state.gap[0] for d, state in found])
        rising = [k for k in range(len(gaps)) if gaps[k] >= gaps[: k + 1].max()]
        return branches(self.series, [found[k][1] for k in rising], gaps[rising])

    def vibrations(
        self, grid: SlipGrid, temperature: float, *, in_plane: int = 2, statistics: Statistics = "quantum"
    ) -> Vibrations:
        """Vibrations at the grid's jumps, in its order, gap and slips held; NaN where a jump has no equilibrium."""
        shape = grid.energy.shape
        steps = np.stack(np.meshgrid(*(np.arange(k) / k for k in shape[1:]), indexing="ij"), axis=-1) @ grid.period
        jumps = np.array([[d, *s] for d in grid.opening for s in steps.reshape(-1, 2)])
        states = [self.state(jump) for jump in jumps]
        there = np.array([state is not None for state in states])
        found = [state for state in states if state is not None]
        repeats: list[list[Atoms]] = [[state.bulks[k] for state in found] for k in range(len(self.series.units))]
        made = path_vibrations(
            self.series.potential, self.series.cell, [state.slab for state in found], repeats, temperature,
            in_plane=in_plane, statistics=statistics, progress=self._progress,
        )  # fmt: skip
        slab, own = np.full(len(jumps), np.nan), np.full((len(repeats), len(jumps)), np.nan)
        harmonic, stable = np.ones(len(jumps), dtype=bool), made.known | made.soft
        slab[there], own[:, there] = np.where(stable, made.slab, np.nan), np.where(stable, made.repeats, np.nan)
        harmonic[there] = ~made.soft
        return Vibrations.of(slab, own, harmonic, made.layers, made.spacing)

    def _solved(self, jumps: FloatArray, guesses: list[FloatArray]) -> list[State | None]:
        series = self.series
        unknowns, errors = series.solve(
            series.at_jump, jumps, guesses, what="relaxed jumps", patience=_PATIENCE, progress=self._progress
        )
        there = np.flatnonzero(errors <= series.tolerance)
        if not len(there):
            return [None] * len(jumps)
        states = series.states(series.at_jump, jumps[there], [unknowns[i] for i in there])
        good = [s if series.spread(s) <= _SHARED * series.cell.spacing else None for s in states]
        found: list[State | None] = [None] * len(jumps)
        for i, state, stable in zip(there, good, series.stable(states), strict=True):
            found[i] = state if stable else None
        return found

    def _nearest(self, jump: FloatArray) -> int:
        """Of the states found, one nearby in opening and, a period apart or not, in slip."""
        away = (self._jumps[:, 1:] - jump[1:]) @ np.linalg.inv(self._period)
        away = (away - np.round(away)) @ self._period
        return int(np.argmin(np.hypot(np.linalg.norm(away, axis=1), self._jumps[:, 0] - jump[0])))
