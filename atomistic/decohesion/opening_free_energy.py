"""The normal path at a temperature by populations: umbrella windows or metadynamics over the place on the static path.

A route to the law that takes no force of an atom: where walkers are says it. The static energy is taken away from the place in
advance, so that only what the temperature adds is left to be found: R(s) = F(s) − E(s). Of the slab's R that of the bulk at the
same traction of the static path is taken away, as of the energies; what is left is smooth in the excess opening, and its
slope is what the temperature adds to the traction.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from atomistic.decohesion.mean_force import DAMPING
from atomistic.decohesion.opening_path import OpeningPath
from atomistic.decohesion.opening_tractions import ThermalPart
from atomistic.dynamics.constraints import Held
from atomistic.dynamics.langevin import Langevin
from atomistic.dynamics.record import Keep
from atomistic.sampling.bias import KnownEnergy, Together, Walls, Windows
from atomistic.sampling.estimate import block_labels, cell_energies, cells_of
from atomistic.sampling.hills import HillRange
from atomistic.sampling.metadynamics import WellTempered, metadynamics
from atomistic.sampling.umbrella import umbrella
from coupling.contracts import FloatArray, Potential, Progress, silent
from coupling.errors import unknown_choice
from coupling.units import BOLTZMANN_EV

Sampling = Literal["umbrella", "metadynamics"]
"""How walkers are brought along a path."""
_WIDTH = 0.05
"""Å: of hills, and thermally of a window."""
_NODES = 3.0
"""Nodes of the grid in a hill's width."""
_APART = 1.5
"""Widths between windows."""
_CELL = 0.02
"""Å: largest cell of a histogram."""
_FILLED = 20.0
"""kT by which the bias would grow while samples are left out, with hills that do not shrink; at most 1 kT at a time."""
_PACE = 20
_FACTOR = 8.0
_BEYOND = 0.05
"""Å: how far the path goes on beyond its ends."""
_EVERY = 5
"""Steps between samples."""
_SETTLING = 0.3
"""Share of the samples that is left out."""


def thermal_part(
    potential: Potential,
    places: FloatArray,
    structures: Sequence[Atoms],
    energies: FloatArray,
    temperature: float,
    time_step: float,
    steps: int,
    *,
    method: Sampling = "metadynamics",
    walkers: int = 2,
    held: FloatArray | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> ThermalPart:
    """Langevin dynamics of walkers along a path, all in one batch.

    Args:
        potential: It must give stresses.
        places: (n,) rising, Å.
        structures: n of the path, in their static equilibrium: the supercells that move.
        energies: (n,) static energies of these, eV.
        temperature: K.
        time_step: s.
        steps: Time steps.
        method: "umbrella": walkers in windows; "metadynamics": one bias of all walkers.
        walkers: At each of the starts, which lie one and a half widths of a window apart.
        held: (m, N, 3) coordinates that the place alone moves, such as the gap; None for a bulk.
        seed: Of the random numbers.
        progress: Told now and then.

    Raises:
        InputError: another method, fewer than four places, or too few steps for an error bar.
    """
    if method not in get_args(Sampling):
        raise unknown_choice("method", method, get_args(Sampling))
    path = OpeningPath(potential, places, structures)
    width = BOLTZMANN_EV * temperature / _WIDTH**2
    path.weighed(time_step, width)
    lower, upper = path.places[0] - _BEYOND, path.places[-1] + _BEYOND
    starts = np.linspace(lower, upper, max(2, int(np.ceil((upper - lower) / (_APART * _WIDTH)))))
    motion = _Motion(
        path, starts, walkers, KnownEnergy(path.places, np.asarray(energies[0] - energies, dtype=float)), width,
        Langevin(temperature, DAMPING / time_step), time_step, steps, path.held(held), seed, progress,
    )  # fmt: skip
    return _histogram(motion, _in_windows(motion) if method == "umbrella" else _under_hills(motion))


@dataclass(frozen=True)
class _Motion:
    """What both methods move, and how.

    Attributes:
        path: The potential.
        starts: Places at which walkers start.
        walkers: At each of them.
        static: What is taken away from the place in advance.
        width: Stiffness of windows and walls, eV/Å².
        ensemble: Dynamics.
        step: s.
        steps: How many.
        held: Constraints.
        seed: Of the random numbers.
        progress: Told now and then.
    """

    path: OpeningPath
    starts: FloatArray
    walkers: int
    static: KnownEnergy
    width: float
    ensemble: Langevin
    step: float
    steps: int
    held: Held
    seed: int
    progress: Progress

    @property
    def thermal(self) -> float:
        """kT, eV."""
        return BOLTZMANN_EV * self.ensemble.temperature

    @property
    def structures(self) -> list[Atoms]:
        """The walkers, all starts once and then again."""
        return [self.path.start(place) for _ in range(self.walkers) for place in self.starts]


@dataclass(frozen=True)
class _Samples:
    """Places with weights.

    Attributes:
        places: (n, R) Å.
        labels: (n R,) blocks.
        weights: Logarithms of the weights, without any bias, of samples that a mask (n R,) marks.
        temperature: Kinetic, K.
    """

    places: FloatArray
    labels: NDArray[np.int64]
    weights: Callable[[NDArray[np.bool_]], FloatArray]
    temperature: float


def _in_windows(motion: _Motion) -> _Samples:
    """Umbrella sampling."""
    made = umbrella(
        motion.path, motion.structures, motion.path.variable, Windows(motion.starts[:, None], motion.width),
        motion.ensemble, steps=motion.steps, step=motion.step, fixed=motion.static, held=motion.held, seed=motion.seed,
        every=_EVERY, check_step=False, progress=motion.progress,
    )  # fmt: skip
    start = made.solved().free_energies
    heat = float(made.trajectory.temperature.mean())
    return _Samples(made.values[..., 0], made.labels, lambda kept: made.solved(kept, start).log_weights, heat)


def _under_hills(motion: _Motion) -> _Samples:
    """Metadynamics."""
    lower, upper, walkers = motion.starts[0], motion.starts[-1], motion.walkers * len(motion.starts)
    grown = motion.thermal * min(_FILLED * _PACE / (_SETTLING * motion.steps), 1.0)
    height = grown * (upper - lower) / (np.sqrt(2 * np.pi) * _WIDTH * walkers)
    nodes = int(np.ceil((upper - lower) / _WIDTH * _NODES))
    made = metadynamics(
        motion.path, motion.structures, motion.path.variable,
        WellTempered(HillRange((lower,), (upper,), (nodes,)), (_WIDTH,), height, _PACE, _FACTOR), motion.ensemble,
        steps=motion.steps, step=motion.step, held=motion.held, seed=motion.seed, keep=Keep(every=_EVERY), check_step=False,
        fixed=Together((motion.static, Walls(np.array([lower]), np.array([upper]), motion.width))),
        progress=motion.progress,
    )  # fmt: skip
    first = int(_SETTLING * len(made.values))
    values, logs = made.values[first:, :, 0], made.log_weights(first).ravel()
    heat = float(made.trajectory.temperature.mean())
    return _Samples(values, block_labels(*values.shape), lambda kept: logs[kept], heat)


def _histogram(motion: _Motion, samples: _Samples) -> ThermalPart:
    """R in cells between the ends of the path, and without each block."""
    places = motion.path.places
    edges = (np.linspace(places[0], places[-1], 1 + int(np.ceil((places[-1] - places[0]) / _CELL))),)
    values = samples.places.reshape(-1, 1)
    cells, static = cells_of(values, edges), motion.static.of(values)[0] / motion.thermal

    def energies(kept: NDArray[np.bool_]) -> FloatArray:
        weights = samples.weights(kept) - static[kept]  # of F that is −E of a place: R is left
        return cell_energies(cells[kept], weights, edges, motion.ensemble.temperature)

    everything = np.ones(len(cells), dtype=bool)
    left = np.array([energies(samples.labels != name) for name in np.unique(samples.labels)])
    counts = np.bincount(cells[cells >= 0], minlength=len(edges[0]) - 1).astype(float)
    centres = 0.5 * (edges[0][1:] + edges[0][:-1])
    return ThermalPart(centres, energies(everything), left, counts, samples.temperature)
