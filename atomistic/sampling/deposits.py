"""The hills of metadynamics one by one, and the file from which a run goes on."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from atomistic.dynamics.state import State
from atomistic.sampling.brake import BrakedPlace
from coupling.contracts import FloatArray
from coupling.errors import InputError
from coupling.files import load_arrays, write_arrays


@dataclass(frozen=True)
class Deposits:
    """Where hills were put, or were not.

    Attributes:
        step: (h,) when.
        walker: (h,) whose.
        centre: (h, d) values of the variables.
        height: (h,) eV; 0 where the walker was braked, or outside the range.
        level: (h,) of the brake's trigger; NaN without a brake.
    """

    step: NDArray[np.int64]
    walker: NDArray[np.int64]
    centre: FloatArray
    height: FloatArray
    level: FloatArray

    @classmethod
    def none(cls, variables: int) -> "Deposits":
        """No hills yet."""
        empty = np.zeros(0)
        return cls(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, variables)), empty, empty)

    @classmethod
    def at(cls, step: int, centre: FloatArray, height: FloatArray, level: FloatArray) -> "Deposits":
        """Those of all walkers at one step."""
        count = len(centre)
        return cls(np.full(count, step, np.int64), np.arange(count), centre, height, level)

    @classmethod
    def joined(cls, parts: "Sequence[Deposits]") -> "Deposits":
        """One after the other."""
        return cls(*(np.concatenate([getattr(one, item.name) for one in parts]) for item in fields(cls)))


@dataclass(frozen=True)
class MetadynamicsState:
    """All that a run needs to go on.

    Attributes:
        state: The walkers.
        table: Of `Hills`.
        deposits: All so far.
        braked: Places for the oracle so far.
    """

    state: State
    table: FloatArray
    deposits: Deposits
    braked: tuple[BrakedPlace, ...]


def save_metadynamics(path: Path | str, walkers: MetadynamicsState) -> None:
    """Write walkers and hills as `.npz`; the file is whole or not there."""
    arrays = {f"state_{item.name}": np.asarray(getattr(walkers.state, item.name)) for item in fields(State)}
    arrays |= {f"hills_{item.name}": getattr(walkers.deposits, item.name) for item in fields(Deposits)}
    places, count = walkers.braked, len(walkers.state.numbers)
    arrays |= {
        "table": walkers.table,
        "braked_positions": np.array([one.structure.positions for one in places]).reshape(-1, count, 3),
        "braked_velocities": np.array([one.structure.get_velocities() for one in places]).reshape(-1, count, 3),
        "braked_cells": np.array([one.structure.cell.array for one in places]).reshape(-1, 3, 3),
        "braked_values": np.array([one.values for one in places]).reshape(
            len(places), walkers.deposits.centre.shape[1]
        ),
        "braked_level": np.array([one.level for one in places]),
        "braked_step": np.array([one.step for one in places], dtype=np.int64),
        "braked_walker": np.array([one.walker for one in places], dtype=np.int64),
    }
    write_arrays(Path(path), arrays)


def load_metadynamics(path: Path | str) -> MetadynamicsState:
    """Walkers and hills of a file, bit by bit as they were.

    Raises:
        InputError: there is none, or it is damaged or no state of metadynamics.
    """
    try:
        arrays = load_arrays(Path(path))
        own = {item.name: arrays[f"state_{item.name}"] for item in fields(State)}
        step, identity = int(own.pop("step")), str(own.pop("identity"))
        state = State(step=step, identity=identity, **own)
        deposits = Deposits(*(arrays[f"hills_{item.name}"] for item in fields(Deposits)))
        return MetadynamicsState(state, arrays["table"], deposits, _places(state, arrays))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is not a state of metadynamics ({error}); give one that it wrote.") from error


def _places(state: State, arrays: dict[str, np.ndarray]) -> tuple[BrakedPlace, ...]:
    there = replace(
        state,
        positions=arrays["braked_positions"],
        velocities=arrays["braked_velocities"],
        cells=arrays["braked_cells"],
    )
    found: list[Atoms] = there.structures if len(there.positions) else []
    rows = zip(
        found,
        arrays["braked_values"],
        arrays["braked_level"],
        arrays["braked_step"],
        arrays["braked_walker"],
        strict=True,
    )
    return tuple(BrakedPlace(one, v, float(level), int(step), int(walker)) for one, v, level, step, walker in rows)
