"""Swap Monte Carlo of solute atoms on sites: many walkers in one batch, canonical or at a chemical potential."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from atomistic.solutes.lattice_gas import OccupationModel, Occupied
from atomistic.solutes.levels import thermal_energy
from coupling.contracts import FloatArray, Progress, silent
from coupling.errors import InputError

_BLOCKS = 16  # independent blocks at least, of which an error bar is made
_SWAPS = 0.5  # of the trial moves at a chemical potential


@dataclass(frozen=True)
class Walkers:
    """Where a run stands; from here it goes on as if it had not been stopped.

    Attributes:
        occupied: (w, m) whether a site holds an atom, by walker.
        step: Trial moves of each walker so far.
        seed: Of all random numbers; those of a step follow from it and the step's number alone.
    """

    occupied: Occupied
    step: int
    seed: int


class Estimate(NamedTuple):
    """A mean with its error.

    Attributes:
        mean: The mean.
        error: Its standard error.
        freedom: Degrees of freedom of the error.
    """

    mean: FloatArray
    error: FloatArray
    freedom: int

    def bar(self, confidence: float) -> FloatArray:
        """Half of the interval that holds the true mean with a confidence such as 0.95 (Student's t)."""
        return np.asarray(self.error * stdtrit(self.freedom, 0.5 * (1 + confidence)))


@dataclass(frozen=True)
class SampledOccupation:
    """What a run gave, block by block.

    Attributes:
        occupied: (b, w, m) mean occupation of each site in each block of each walker.
        energies: (b, w) mean energy, eV.
        accepted: Part of the trial moves that was accepted.
        walkers: Where it ended.
    """

    occupied: FloatArray
    energies: FloatArray
    accepted: float
    walkers: Walkers

    @property
    def coverage(self) -> Estimate:
        """(m,) occupied fraction of each site."""
        return block_estimate(self.occupied)

    @property
    def mean_coverage(self) -> Estimate:
        """Of all sites together."""
        return block_estimate(self.occupied.mean(axis=2))

    @property
    def energy(self) -> Estimate:
        """Mean energy, eV."""
        return block_estimate(self.energies)

    @property
    def correlation(self) -> float:
        """Of the mean coverage in blocks of one walker that follow each other; bars hold where it is near zero, or where each
        walker is one block."""
        means = _merged(self.occupied.mean(axis=2))
        means = means - means.mean()
        if len(means) < 2 or not np.any(means):
            return 0.0
        return float((means[1:] * means[:-1]).mean() / (means**2).mean())

    @property
    def drift(self) -> float:
        """Of the mean coverage from the first half of the blocks to the second, in standard errors of that difference; what is
        beyond 3 had not come to equilibrium. Zero with one block."""
        means = self.occupied.mean(axis=2)
        half = len(means) // 2
        if not half or means.shape[1] < 2:
            return 0.0
        change = means[-half:].mean(axis=0) - means[:half].mean(axis=0)
        spread = change.std(ddof=1) / np.sqrt(len(change))
        return float(change.mean() / spread) if spread else 0.0

    def class_coverage(self, classes: NDArray[np.int64]) -> Estimate:
        """(k,) occupied fraction of each class of sites, by the class (m,) of each."""
        weights = (classes[:, None] == np.unique(classes)) / np.unique(classes, return_counts=True)[1]
        return block_estimate(self.occupied @ weights)


def block_estimate(values: FloatArray) -> Estimate:
    """Mean and standard error of block means (b, w, …), of b blocks of each of w independent walkers.

    Blocks that follow each other are merged until each walker has no more than it takes for 16 in all; with 16 walkers or
    more each is one block, and the error is theirs alone (Flyvbjerg and Petersen, J. Chem. Phys. 91 (1989) 461).

    Raises:
        InputError: there are fewer than two blocks.
    """
    merged = _merged(values)
    flat = merged.reshape(-1, *values.shape[2:])
    if len(flat) < 2:
        raise InputError("An error bar needs two blocks or more; take more walkers or blocks.")
    return Estimate(flat.mean(axis=0), flat.std(axis=0, ddof=1) / np.sqrt(len(flat)), len(flat) - 1)


def _merged(values: FloatArray) -> FloatArray:
    blocks, walkers = values.shape[:2]
    wanted = min(blocks, max(1, -(-_BLOCKS // walkers)))
    kept = blocks - blocks % wanted
    return np.asarray(values[blocks - kept :].reshape(wanted, kept // wanted, *values.shape[1:]).mean(axis=1))


def start(model: OccupationModel, walkers: int, seed: int, *, atoms: int | None = None, tries: int = 1000) -> Walkers:
    """Walkers at random occupations that can be.

    Args:
        model: The sites.
        walkers: How many.
        seed: Of all random numbers.
        atoms: On the sites of each; None: of none, from where a chemical potential fills them.
        tries: How often an occupation is drawn that two atoms too close forbid.

    Raises:
        InputError: there are more atoms than sites, or no walker.
    """
    if walkers < 1:
        raise InputError(f"{walkers} walkers cannot walk; give 1 or more.")
    if atoms is not None and not 0 <= atoms <= model.count:
        raise InputError(
            f"{atoms} atoms on {model.count} sites are a coverage over one, or below none; give 0 to {model.count}."
        )
    occupied = np.zeros((walkers, model.count), dtype=bool)
    if not atoms:
        return Walkers(occupied, 0, seed)
    generator = np.random.default_rng([seed, 0x5EED])
    left = np.arange(walkers)
    for _ in range(tries):
        ranks = generator.random((len(left), model.count)).argsort(axis=1)
        occupied[left] = ranks < atoms
        left = left[np.isinf(model.energies(occupied[left]))]
        if not len(left):
            return Walkers(occupied, 0, seed)
    raise InputError(f"{atoms} atoms do not fit on {model.count} sites, of which some are too close to hold two.")


def sample(
    model: OccupationModel, walkers: Walkers, temperature: float, *, blocks: int, steps: int,
    chemical_potential: float | None = None, discarded: int = 0, progress: Progress = silent,
) -> SampledOccupation:  # fmt: skip
    """Walk by the rule of Metropolis: swaps of an atom with an empty site, and at a chemical potential also atoms put in or out.

    Args:
        model: Energies of occupations; those of all walkers are asked for at once.
        walkers: Where they begin, from `start` or from an earlier run.
        temperature: K.
        blocks: Blocks of which means are kept.
        steps: Trial moves of each walker in a block.
        chemical_potential: eV, on the model's scale; None keeps the number of atoms.
        discarded: Trial moves before the first block.
        progress: Told after each block.

    Raises:
        InputError: there are no blocks, or the temperature is not positive.
    """
    if blocks < 1 or steps < 1 or discarded < 0:
        raise InputError(f"{blocks} blocks of {steps} steps, {discarded} discarded, are no run; give one or more.")
    kt = thermal_energy(temperature)
    state = _State(walkers, model.energies(walkers.occupied), 0)
    for _ in range(discarded):
        state = _stepped(model, state, kt, chemical_potential)
    state = replace(state, accepted=0)
    occupied, energies = [], []
    for number in range(blocks):
        filled, energy = np.zeros(walkers.occupied.shape), np.zeros(len(walkers.occupied))
        for _ in range(steps):
            state = _stepped(model, state, kt, chemical_potential)
            filled += state.walkers.occupied
            energy += state.energies
        occupied.append(filled / steps)
        energies.append(energy / steps)
        progress("Monte Carlo", number + 1, blocks)
    trials = blocks * steps * len(walkers.occupied)
    return SampledOccupation(np.array(occupied), np.array(energies), state.accepted / trials, state.walkers)


@dataclass(frozen=True)
class _State:
    """Walkers, their energies in eV, and how many moves were accepted."""

    walkers: Walkers
    energies: FloatArray
    accepted: int


def _stepped(model: OccupationModel, state: _State, kt: float, chemical_potential: float | None) -> _State:
    """One trial move of each walker."""
    occupied, step = state.walkers.occupied, state.walkers.step
    generator = np.random.Generator(np.random.Philox(key=np.array([state.walkers.seed, step], dtype=np.uint64)))
    kind, place, partner, chance = generator.random((4, len(occupied)))
    swap = np.ones(len(occupied), dtype=bool) if chemical_potential is None else kind < _SWAPS
    tried = np.where(swap[:, None], _swapped(occupied, place, partner), _toggled(occupied, place))
    energies = model.energies(tried)
    added = tried.sum(axis=1) - occupied.sum(axis=1)
    cost = energies - state.energies - (chemical_potential or 0.0) * added
    taken = np.log(1.0 - chance) <= -cost / kt
    found = np.where(taken[:, None], tried, occupied)
    changed = int(np.any(found != occupied, axis=1).sum())
    return _State(
        replace(state.walkers, occupied=found, step=step + 1),
        np.where(taken, energies, state.energies),
        state.accepted + changed,
    )


def _toggled(occupied: Occupied, place: FloatArray) -> Occupied:
    tried = occupied.copy()
    rows, sites = np.arange(len(occupied)), (place * occupied.shape[1]).astype(int)
    tried[rows, sites] ^= True
    return tried


def _swapped(occupied: Occupied, place: FloatArray, partner: FloatArray) -> Occupied:
    """An atom moved to an empty site; where there is no atom, or no empty site, nothing."""
    tried, rows = occupied.copy(), np.arange(len(occupied))
    full = occupied.sum(axis=1)
    movable = (full > 0) & (full < occupied.shape[1])
    source = _ranked(occupied, (place * full).astype(int))
    target = _ranked(~occupied, (partner * (occupied.shape[1] - full)).astype(int))
    tried[rows[movable], source[movable]] = False
    tried[rows[movable], target[movable]] = True
    return tried


def _ranked(mask: Occupied, rank: NDArray[np.int64]) -> NDArray[np.int64]:
    """(w,) the site of each walker that is the rank-th (w,) of those in the mask (w, m)."""
    return ((mask.cumsum(axis=1) == (rank + 1)[:, None]) & mask).argmax(axis=1)
