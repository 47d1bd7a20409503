"""Equilibria of a slab in series with its bulk references, at imposed gaps or at imposed excess jumps.

One problem is the slab and one lattice repeat of each of its crystals under the slab's own traction vector.
All atoms and all third cell vectors are free; the slab's follows from its atoms and the gap vector of the
facing planes, so that at equilibrium the traction is uniform and no constraint holds anything. The gap is

    gap = imposed + M (Σ λ_i Δb_i − Δe),

with e the mean extent of the bodies, b_i the cell vector of crystal i, Δ from the closed state, and λ repeats.
M = 0 imposes the gap. M = 1 with the repeats ν that are taken away for one interface imposes the excess jump,
exactly at every sweep: what is solved for is equilibrium alone. M = 1 but for the normal, with ν, is an opening
without excess slip. A projector and λ = −k imposes the direction in which slab and k repeats of bulk are pulled.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from ase import Atoms

from atomistic.decohesion.equilibrium import MEMORY, newton, require, solve
from atomistic.decohesion.gap_state import GapControl, State
from atomistic.decohesion.layered import (
    Layered,
    at_gap,
    bond_model,
    bulk_step,
    closed_gap,
    extents,
    rested,
    rising,
    with_third_vector,
)
from atomistic.decohesion.slab import boundary_tractions
from atomistic.frames import with_results
from coupling.contracts import Evaluation, FloatArray, Potential, Progress, silent
from coupling.interface.excess import taken_away

NORMAL_FIRST = np.array([2, 0, 1])
"""Components x, y, z in the order of a law's jump: normal, tangential 1, 2."""
NORMAL_LAST = np.array([1, 2, 0])
"""The order of a law's jump as x, y, z."""
_SWEEPS = 200
_FAR_MEMORY = 24  # sweeps
_MOST_SHEAR = 0.1  # of a first guess
_BELOW_STRENGTH = 0.95  # of a crystal's strength: most normal traction of a first guess
_NEAR = 0.02  # eV/Å: an error that the rest of two interfaces against each other may leave
_CLOSER = 0.2  # of the tolerance
_PROBE = 5e-3  # strain by which a bulk's stability is probed
_PRESSED = 0.5  # of the closed spacing, or of a closed repeat: nothing is pressed further
_LOST = 0.5  # of the closed spacing: further apart, another plane has parted or slipped


class Series:
    """The problems of one slab.

    Args:
        potential: The interatomic potential.
        cell: The closed crystal, or a `Bicrystal`.
        tolerance: Largest force on an atom, and difference of traction times area, at convergence, eV/Å.
        lost: How far the slab may go from so many bulk layers before another plane counts as parted, Å; None is half the
            spacing. Given where atoms go farther than the model of their bonds knows, and more sweeps are remembered.
        alike: How far it may be from them in a state that is kept, Å; by default as far as the search may go.

    Attributes:
        closed: The state at no gap.
        layers: (crystals,) repeats that are taken away for one interface, its closed spacing left to the law.

    Raises:
        NotConverged: the closed state was not found.
    """

    def __init__(
        self, potential: Potential, cell: Layered, tolerance: float = 2e-5, *, lost: float | None = None,
        alike: float = np.inf,
    ) -> None:  # fmt: skip
        self.potential, self.cell, self.tolerance = potential, cell, tolerance
        self._limit, self._memory = (_LOST * cell.spacing, MEMORY) if lost is None else (lost, _FAR_MEMORY)
        self.units = tuple(unit for _, unit in cell.crystals)
        self._models = tuple(bond_model(potential, part) for part in (cell, *self.units))
        self._alike = alike
        self._sizes = [3 * len(cell.atoms), *(n for unit in self.units for n in (3 * len(unit.atoms), 3))]
        start = [cell.atoms.positions.ravel()]
        for unit in self.units:
            start += [unit.atoms.positions.ravel(), unit.atoms.cell.array[2]]
        self._extent = extents(cell, cell.atoms.positions).mean(axis=0)
        self._vectors = np.array([unit.atoms.cell.array[2] for unit in self.units])
        self.layers = self._taken_away([unit.atoms for unit in self.units])
        at_rest: dict[str, Any] = {"what": "closed interfaces"}
        unknowns, errors = self.solve(self.at_gap, np.zeros((1, 3)), [np.concatenate(start)], **at_rest)
        if (
            tolerance < errors[0] < _NEAR and len(cell.bodies) > 1
        ):  # the gaps of two interfaces differ from those at rest
            self.cell = rested(potential, cell, _CLOSER * tolerance)
            start[0] = self.cell.atoms.positions.ravel()
            unknowns, errors = self.solve(self.at_gap, np.zeros((1, 3)), [np.concatenate(start)], **at_rest)
        require(errors, tolerance, "closed interfaces")
        (self.closed,) = self.states(self.at_gap, np.zeros((1, 3)), unknowns)
        slab, _, self._vectors = self._parts(unknowns[0])
        self._extent = extents(self.cell, slab).mean(axis=0)
        self.layers = self._taken_away(self.closed.bulks)

    def _taken_away(self, bulks: Sequence[Atoms]) -> FloatArray:
        heights = np.array([atoms.cell[2, 2] for atoms in bulks])
        spacings = np.array([closed_gap(unit, atoms) for unit, atoms in zip(self.units, bulks, strict=True)])
        return taken_away(
            [count for count, _ in self.cell.crystals], len(self.cell.bodies), heights, spacings, "in law"
        )

    @property
    def length_stiffness(self) -> FloatArray:
        """(3,) traction along x, y, z per length by which the slab's third vector moves, at rest, eV/Å⁴."""
        return self._models[0].length_stiffness

    @property
    def at_gap(self) -> GapControl:
        """The gap vector is imposed."""
        return GapControl(np.zeros((3, 3)), self.layers)

    @property
    def opening(self) -> GapControl:
        """The normal gap is imposed, and no excess slip."""
        return GapControl(np.diag([1.0, 1.0, 0.0]), self.layers)

    @property
    def at_jump(self) -> GapControl:
        """The excess jump is imposed."""
        return GapControl(np.eye(3), self.layers)

    def _parts(self, unknown: FloatArray) -> tuple[FloatArray, list[FloatArray], FloatArray]:
        """Positions in the slab, positions in the units, (units, 3) cell vectors."""
        slab, *rest = np.split(unknown, np.cumsum(self._sizes)[:-1])
        return slab.reshape(-1, 3), [x.reshape(-1, 3) for x in rest[::2]], np.array(rest[1::2])

    def _own(self, unknown: FloatArray, layers: FloatArray) -> FloatArray:
        """(3,) Σ λ Δb − Δe along x, y, z, Å."""
        slab, _, vectors = self._parts(unknown)
        return np.asarray(layers @ (vectors - self._vectors) - (extents(self.cell, slab).mean(axis=0) - self._extent))

    def jump(self, state: State) -> FloatArray:
        """(3,) excess jump of a state: normal, tangential 1, 2, Å."""
        return state.gap - self._own(state.unknown, self.layers)[NORMAL_FIRST]

    def excess_energy(self, state: State) -> float:
        """Excess energy per area of an interface from its closed state, eV/Å²."""
        slab = (state.energy - self.closed.energy) / len(self.cell.bodies)
        return float((slab - self.layers @ (state.bulk_energies - self.closed.bulk_energies)) / self.cell.area)

    def structures(self, control: GapControl, imposed: FloatArray, unknown: FloatArray) -> list[Atoms]:
        """The slab and a repeat of each crystal, at an imposed (3,) x, y, z."""
        slab, positions, vectors = self._parts(unknown)
        made = [at_gap(self.cell, imposed + control.follow @ self._own(unknown, control.layers), slab)]
        for unit, inside, vector in zip(self.units, positions, vectors, strict=True):
            made.append(with_third_vector(unit.atoms, inside, vector))
        return made

    def solve(
        self, control: GapControl, imposed: FloatArray, guesses: Sequence[FloatArray], *, what: str,
        patience: int | None = None, soft: bool = False, progress: Progress = silent,
    ) -> tuple[list[FloatArray], FloatArray]:  # fmt: skip
        """Unknowns of the problems and their errors, eV/Å; NaN where a plane other than the interface gave way.

        Args:
            control: What is imposed.
            imposed: (n, 3) its values: normal, tangential 1, 2, Å.
            guesses: Starting unknowns.
            what: What they are, for progress.
            patience: See `equilibrium.solve`.
            soft: Whether the guesses are near solutions with a soft mode: by `equilibrium.newton`.
            progress: Told after each sweep.
        """
        values = np.asarray(imposed, dtype=float)[:, NORMAL_LAST]

        def residuals(indices: Sequence[int], unknowns: Sequence[FloatArray]) -> list[tuple[FloatArray, float]]:
            batch = [self.structures(control, values[i], u) for i, u in zip(indices, unknowns, strict=True)]
            whole = [k for k, (u, made) in enumerate(zip(unknowns, batch, strict=True)) if not self._lost(u, made)]
            answers = [(np.zeros_like(u), np.nan) for u in unknowns]
            if whole:
                for k, found in zip(whole, self._evaluated([batch[k] for k in whole]), strict=True):
                    answers[k] = self._residual(batch[k], found)
            return answers

        if soft:
            return newton(residuals, guesses, self.tolerance, what=what, progress=progress)
        rest: dict[str, Any] = {"patience": patience, "memory": self._memory, "progress": progress}
        return solve(residuals, guesses, self.tolerance, what=what, sweeps=_SWEEPS, **rest)

    def _evaluated(self, batch: Sequence[list[Atoms]]) -> list[Evaluation]:
        """One evaluation each, of all in one call."""
        found, width = self.potential.evaluate([atoms for made in batch for atoms in made]), 1 + len(self.units)
        parts = [slice(k, k + width) for k in range(0, width * len(batch), width)]
        return [Evaluation(found.energies[p], found.forces[p], found.stresses[p], found.cost) for p in parts]

    def _lost(self, unknown: FloatArray, made: list[Atoms]) -> bool:
        """Whether another plane has parted or slipped, or something is pressed into itself."""
        pressed = closed_gap(self.cell, made[0]) < _PRESSED * self.cell.spacing
        pressed |= any(a.cell[2, 2] < _PRESSED * u.atoms.cell[2, 2] for a, u in zip(made[1:], self.units, strict=True))
        return bool(pressed or np.abs(self._own(unknown, self.layers)).max() > self._limit)

    def _residual(self, made: list[Atoms], found: Evaluation) -> tuple[FloatArray, float]:
        """The model's step of everything, and the error."""
        tractions = boundary_tractions(made, found, self.cell.area)
        steps, error = [self._models[0].step(found.forces[0]).ravel()], float(np.abs(found.forces[0]).max())
        for k in range(1, len(made)):
            move, stretch, off = bulk_step(
                self._models[k], made[k], found.forces[k], tractions[0] - tractions[k], self.cell.area
            )
            steps += [move.ravel(), stretch]
            error = max(error, off)
        return np.concatenate(steps), error

    def spread(self, state: State) -> float:
        """How far the slab beside the interface is from so many bulk layers, the largest component, Å.

        Surfaces that relax make it small; an interface whose opening or slip is shared by planes next to it, large.
        """
        return float(np.abs(self._own(state.unknown, self.layers)).max())

    def parts(self, state: State) -> bool:
        """Whether a state is one of this interface that parts: no other plane instead, and no crystal that became another.

        Below the closed interface while it is pulled open the slab and its bulk are on different branches.
        """
        pulled = state.gap[0] > 0 and state.traction[0] > 0
        return not (pulled and self.excess_energy(state) < 0.0) and self.spread(state) <= self._alike

    def stable(self, states: Sequence[State]) -> np.ndarray:
        """(n,) whether each crystal resists every small change of its third cell vector, ions clamped."""
        stable = np.ones(len(states), dtype=bool)
        for k, unit in enumerate(self.units):
            probes, step = [], _PROBE * unit.atoms.cell[2, 2]
            for state in states:
                atoms = state.bulks[k]
                for move in step * np.vstack([np.eye(3), -np.eye(3)]):
                    inside = atoms.positions + np.outer(atoms.positions[:, 2] / atoms.cell[2, 2], move)
                    probes.append(with_third_vector(atoms, inside, atoms.cell.array[2] + move))
            tractions = boundary_tractions(probes, self.potential.evaluate(probes), unit.area).reshape(-1, 2, 3, 3)
            hessians = (tractions[:, 0] - tractions[:, 1]) / (2 * step)
            stable &= np.linalg.eigvalsh(0.5 * (hessians + hessians.transpose(0, 2, 1)))[:, 0] > 0
        return stable

    def states(self, control: GapControl, imposed: FloatArray, unknowns: Sequence[FloatArray]) -> list[State]:
        """The states of solved unknowns, evaluated once more."""
        values = np.asarray(imposed, dtype=float)[:, NORMAL_LAST]
        batch = [self.structures(control, value, u) for value, u in zip(values, unknowns, strict=True)]
        states = []
        for value, unknown, made, found in zip(values, unknowns, batch, self._evaluated(batch), strict=True):
            gap = value + control.follow @ self._own(unknown, control.layers)
            traction = boundary_tractions(made[:1], found, self.cell.area)[0]
            vectors = gap[NORMAL_FIRST], traction[NORMAL_FIRST]
            slab = with_results(made[0], found.energies[0], found.forces[0])
            states.append(State(unknown, slab, tuple(made[1:]), *vectors, found.energies[0], found.energies[1:]))
        return states

    def rigid_tractions(self, gaps: FloatArray) -> FloatArray:
        """(n, 3) tractions at rigid gaps (n, 3): normal, tangential 1, 2; eV/Å³."""
        rigid = [self.cell.opened(row[0], (row[1], row[2])) for row in np.asarray(gaps, dtype=float)]
        return boundary_tractions(rigid, self.potential.evaluate(rigid), self.cell.area)[:, NORMAL_FIRST]

    def guesses(self, tractions: FloatArray) -> list[FloatArray]:
        """Unknowns with every layer strained as tractions (n, 3) ask of its crystal: nonlinear along the normal."""
        parts = [[self.cell.atoms.positions.copy()] for _ in tractions]
        for k, (unit, body) in enumerate(zip(self.units, self.cell.bodies, strict=True)):
            strains, resisted = self._rising[k]
            free = float(np.interp(0.0, resisted, strains))  # the slab's own layers are those of the strained crystal
            normal = np.interp(np.minimum(tractions[:, 0], _BELOW_STRENGTH * resisted[-1]), resisted, strains)
            shear = tractions[:, 1:] / (self._models[k + 1].length_stiffness[:2] * unit.atoms.cell[2, 2])
            for part, strain in zip(
                parts, np.column_stack([np.clip(shear, -_MOST_SHEAR, _MOST_SHEAR), normal]), strict=True
            ):
                part[0][body] += np.outer(part[0][body, 2], (strain - [0.0, 0.0, free]) / (1.0 + free))
                part += [x + np.outer(x[:, 2], strain) for x in (unit.atoms.positions, unit.atoms.cell.array[2:])]
        return [np.concatenate([x.ravel() for x in part]) for part in parts]

    @cached_property
    def _rising(self) -> list[tuple[FloatArray, FloatArray]]:
        return [rising(self.potential, unit) for unit in self.units]

    @property
    def strengths(self) -> FloatArray:
        """(crystals,) largest normal tractions of the crystals, ions clamped, eV/Å³."""
        return np.array([resisted[-1] for _, resisted in self._rising])

    def beyond_strength(self, unknown: FloatArray) -> bool:
        """Whether a crystal is stretched beyond its strength, in the slab or as the bulk in series with it."""
        (now, _, vectors), (closed, _, whole) = self._parts(unknown), self._parts(self.closed.unknown)
        stretched = [extents(self.cell, now)[:, 2] / extents(self.cell, closed)[:, 2], vectors[:, 2] / whole[:, 2]]
        limits = np.array([(1.0 + e[-1]) / (1.0 + np.interp(0.0, t, e)) for e, t in self._rising])
        return bool(np.any(stretched > limits))
