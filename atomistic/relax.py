"""Batched relaxation of many structures, with constraints on atoms and cell."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from atomistic.frames import with_results
from coupling.contracts import Cost, FloatArray, Potential, Progress, silent
from coupling.errors import InputError, NotConverged, unknown_choice
from coupling.units import EV_A3

CELLS = ("fixed", "height", "vector", "full")
_MEMORY = 12
_LARGEST_STEP = 0.15
"""Å an atom may move in one step."""
_SOFTNESS = 1 / 40
"""Å²/eV: first guess of the inverse force constant."""


@dataclass(frozen=True)
class Constraints:
    """What a relaxation must keep fixed.

    Attributes:
        free: (N,) or (N, 3) True where a coordinate may move; None is all of them.
        combinations: (m, N, 3) coefficients of sums over coordinates that keep their values;
            with a fixed cell only.
        cell: "fixed"; "height": the third vector's z moves alone, in-plane cell and tilt stay; "vector": all of the
            third vector, so that no traction is left across xy planes; "full": all six strains.
        inverted: (N,) for each atom that onto which an inversion takes it; the structure then keeps this symmetry.
    """

    free: NDArray[np.bool_] | None = None
    combinations: FloatArray | None = None
    cell: Literal["fixed", "height", "vector", "full"] = "fixed"
    inverted: NDArray[np.int64] | None = None


UNCONSTRAINED = Constraints()
"""All atoms free, the cell fixed."""


@dataclass(frozen=True)
class Relaxation:
    """Relaxed structures.

    Attributes:
        structures: n new structures with their results (`atomistic.frames.with_results`).
        energies: (n,) eV.
        forces: (n,) largest force that the constraints leave, eV/Å.
        stresses: (n,) largest stress that the constraints leave, Pa; zero for a fixed cell.
        steps: (n,) evaluations each needed.
        cost: Computational cost.
    """

    structures: list[Atoms]
    energies: FloatArray
    forces: FloatArray
    stresses: FloatArray
    steps: NDArray[np.int64]
    cost: Cost


def mean_separation(upper: NDArray[np.bool_], direction: int = 2) -> FloatArray:
    """The combination "mean height of some atoms less mean height of the others", the gap coordinate.

    Args:
        upper: (N,) True for the upper atoms.
        direction: 0, 1 or 2 for x, y or z.

    Returns:
        (1, N, 3) for `Constraints.combinations`.
    """
    upper = np.asarray(upper, dtype=bool)
    if upper.all() or not upper.any():
        raise InputError("A separation needs atoms on both sides; mark some atoms, not all, as upper.")
    combination = np.zeros((1, len(upper), 3))
    combination[0, :, direction] = np.where(upper, 1 / upper.sum(), -1 / (~upper).sum())
    return combination


def relax(
    potential: Potential,
    structures: Sequence[Atoms],
    constraints: Constraints | Sequence[Constraints] = UNCONSTRAINED,
    *,
    force: float = 0.01,
    stress: float = 5e7,
    steps: int = 300,
    all_must: bool = True,
    progress: Progress = silent,
) -> Relaxation:
    """Relax all structures at once by L-BFGS, each with its own history; converged ones drop out.

    Args:
        potential: The potential.
        structures: n starting structures; left as they are.
        constraints: One for all, or one each.
        force: Largest remaining force, eV/Å.
        stress: Largest remaining stress of a cell that moves, Pa.
        steps: Most evaluations of one structure.
        all_must: Whether one that does not converge is an error; else it is returned as far as it came.
        progress: Called after each step.

    Raises:
        InputError: the constraints do not fit the structures.
        NotConverged: some structure did not converge; the message names the worst.
    """
    if len(structures) == 0:
        raise InputError("The list of structures is empty; give at least one structure.")
    each = [constraints] * len(structures) if isinstance(constraints, Constraints) else list(constraints)
    if len(each) != len(structures):
        raise InputError(f"There are {len(each)} constraints for {len(structures)} structures; give one, or one each.")
    problems = [_Problem(atoms, c) for atoms, c in zip(structures, each, strict=True)]
    cost, active = Cost(), list(range(len(problems)))
    for later in reversed(range(steps)):
        found = potential.evaluate([problems[k].atoms for k in active])
        cost = cost + found.cost
        for row, k in enumerate(active):
            problems[k].receive(found.energies[row], found.forces[row], found.stresses[row])
        active = [k for k in active if not problems[k].converged(force, stress)]
        left = sum(len(problems[k].atoms) for k in active)
        progress("relaxation", len(problems) - len(active), len(problems), f"{left} atoms move" if left else "")
        if not active or not (later or all_must):
            return _collected(problems, cost)
        for k in active:
            problems[k].advance()
    worst = max(active, key=lambda k: problems[k].force / force + problems[k].stress / stress)
    raise NotConverged(
        f"{len(active)} of {len(problems)} structures did not relax in {steps} steps; the worst is number {worst} "
        f"({problems[worst].atoms.get_chemical_formula()}), with a force of {problems[worst].force:.2g} eV/Å and a "
        f"stress of {problems[worst].stress:.2g} Pa left; start nearer to a minimum, or loosen the tolerance."
    )


def _collected(problems: "list[_Problem]", cost: Cost) -> Relaxation:
    return Relaxation(
        structures=[with_results(problem.atoms, problem.energy, problem.forces) for problem in problems],
        energies=np.array([problem.energy for problem in problems]),
        forces=np.array([problem.force for problem in problems]),
        stresses=np.array([problem.stress for problem in problems]),
        steps=np.array([problem.steps for problem in problems]),
        cost=cost,
    )


@dataclass
class _Problem:
    """One structure: unknowns u = (s, L(F - 1)) with positions s Fᵀ and cell H₀ Fᵀ, and its L-BFGS history."""

    start: Atoms
    constraints: Constraints
    energy: float = np.inf
    force: float = np.inf
    stress: float = 0.0
    steps: int = 0
    history: "list[tuple[FloatArray, FloatArray]]" = field(default_factory=list)

    def __post_init__(self) -> None:
        n, given = len(self.start), self.constraints
        if given.cell not in CELLS:
            raise unknown_choice("cell constraint", given.cell, CELLS)
        self.moving = moving_coordinates(given.free, n)
        self.rows = _independent(given, self.moving)
        self.atoms = Atoms(self.start.numbers, self.start.positions, cell=self.start.cell, pbc=self.start.pbc)
        self.atoms.info = dict(self.start.info)
        self.scale = np.sqrt(n)  # Å: makes the force constants of strain and atoms alike
        self.place, self.deformation = self.start.positions.copy(), np.eye(3)
        self.gradient = self.move = np.zeros(0)
        self.forces = np.zeros((n, 3))

    def receive(self, energy: float, forces: FloatArray, stress: FloatArray) -> None:
        """Take an evaluation in and update the history."""
        if self.constraints.inverted is not None:
            forces = 0.5 * (forces - forces[self.constraints.inverted])
        self.energy, self.forces, self.steps = float(energy), forces, self.steps + 1
        pull = (-(forces @ self.deformation) * self.moving).ravel()
        pull -= self.rows.T @ (self.rows @ pull)
        inner = pull.reshape(-1, 3) @ np.linalg.inv(self.deformation)
        self.force = float(np.sqrt((inner**2).sum(1)).max())
        gradient = np.concatenate([pull, self._strain_gradient(stress)])
        if len(self.move) and self.move @ (gradient - self.gradient) > 1e-12:
            self.history = [*self.history, (self.move, gradient - self.gradient)][-_MEMORY:]
        elif len(self.move):
            self.history = []
        self.gradient = gradient

    def converged(self, force: float, stress: float) -> bool:
        return self.force < force and self.stress < stress

    def advance(self) -> None:
        """Move along the L-BFGS direction (Nocedal and Wright, algorithm 7.4), no atom too far."""
        q, weights = self.gradient.copy(), []
        for move, change in reversed(self.history):
            weights.append((move @ q) / (move @ change))
            q -= weights[-1] * change
        if self.history:
            move, change = self.history[-1]
            q *= (move @ change) / (change @ change)
        else:
            q *= _SOFTNESS
        for (move, change), weight in zip(self.history, reversed(weights), strict=True):
            q += move * (weight - (change @ q) / (move @ change))
        if q @ self.gradient <= 0:
            self.history, q = [], self.gradient * _SOFTNESS
        largest = np.sqrt((q.reshape(-1, 3) ** 2).sum(1)).max()
        self.move = -q * min(1.0, _LARGEST_STEP / max(largest, 1e-300))
        n = len(self.start)
        self.place = self.place + self.move[: 3 * n].reshape(-1, 3)
        self.deformation = self.deformation + self.move[3 * n :].reshape(3, 3) / self.scale
        self.atoms.set_cell(self.start.cell.array @ self.deformation.T, scale_atoms=False)
        self.atoms.positions = self.place @ self.deformation.T

    def _strain_gradient(self, stress: FloatArray) -> FloatArray:
        """dE/dF over the scale (9,), of the strains that are free."""
        kind = self.constraints.cell
        if kind == "fixed":
            return np.zeros(9)
        if np.isnan(stress).any():
            raise InputError("A moving cell needs a potential with stress and a cell that spans space.")
        free = np.ones((3, 3)) if kind == "full" else np.zeros((3, 3))
        free[2 if kind == "height" else slice(None), 2] = 1
        left = stress * free
        self.stress = float(np.abs(left).max() * EV_A3)
        gradient = self.atoms.get_volume() * left @ np.linalg.inv(self.deformation).T
        return (gradient * free).ravel() / self.scale


def moving_coordinates(free: NDArray[np.bool_] | None, atoms: int) -> NDArray[np.bool_]:
    """(N, 3) True where a coordinate may move.

    Args:
        free: (N,) or (N, 3); None is all of them.
        atoms: N.

    Raises:
        InputError: the mask has another shape.
    """
    if free is None:
        return np.ones((atoms, 3), dtype=bool)
    free = np.asarray(free, dtype=bool)
    if free.shape not in ((atoms,), (atoms, 3)):
        raise InputError(f"A mask of shape {free.shape} does not fit {atoms} atoms; give ({atoms},) or ({atoms}, 3).")
    return np.broadcast_to(free.reshape(atoms, -1), (atoms, 3))


def _independent(given: Constraints, moving: NDArray[np.bool_]) -> FloatArray:
    """Orthonormal rows (m, 3N) of the combinations, over the coordinates that move."""
    if given.combinations is None:
        return np.zeros((0, moving.size))
    if given.cell != "fixed":
        raise InputError("Fixed combinations of coordinates go with cell='fixed' alone.")
    rows = np.asarray(given.combinations, dtype=float)
    if rows.shape[1:] != moving.shape:
        raise InputError(f"Combinations of shape {rows.shape} do not fit {len(moving)} atoms; give (m, N, 3).")
    _, sizes, basis = np.linalg.svd(rows.reshape(len(rows), -1) * moving.ravel(), full_matrices=False)
    return basis[sizes > 1e-10 * max(sizes.max(initial=0.0), 1e-300)]
