"""Rules for the atoms of the accurate model: each gives every atom a measure, small for "in"."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from coupling.contracts import FloatArray, Structure
from coupling.embedding.cluster import Atoms, checked_indices
from coupling.embedding.neighbours import bonds, distances_to, full_cell, neighbours
from coupling.embedding.selection import Hysteresis, groups
from coupling.embedding.terms import Region
from coupling.errors import InputError, unknown_choice

DEFECT_MEASURES = ("coordination", "centrosymmetry")
_SAME: Any = None  # an outer radius that is not given: the same as the inner one


class Rule(Protocol):
    """Which atoms belong in.

    Attributes:
        enter: An atom is in when its measure is at most this.
        leave: With memory, it stays in until its measure exceeds this.
    """

    enter: float
    leave: float

    def measure(self, structure: Structure) -> FloatArray:
        """(N,) small for atoms that belong in."""
        ...


def _reach(rule: "Sphere | Near | Defects") -> float:
    return max(rule.enter, rule.leave) + 1e-9


def _check_radius(radius: float, leave: float | None, what: str) -> float:
    if not 0 <= radius < np.inf:
        raise InputError(f"The radius of {what}, {radius} Å, is not a distance; give zero or more.")
    outer = radius if leave is None else leave
    if not outer >= radius:
        raise InputError(f"The outer radius of {what}, {outer} Å, is below its radius {radius} Å; give at least that.")
    return outer


@dataclass(frozen=True)
class Sphere:
    """Atoms around a point in space.

    Attributes:
        centre: (3,) Å.
        enter: Radius, Å.
        leave: Outer radius of the hysteresis, Å; by default the same.
    """

    centre: tuple[float, float, float]
    enter: float
    leave: float = _SAME

    def __post_init__(self) -> None:
        object.__setattr__(self, "leave", _check_radius(self.enter, self.leave, "a sphere"))

    def measure(self, structure: Structure) -> FloatArray:
        """(N,) distance from the centre, Å."""
        positions = np.vstack([np.array(structure.positions, dtype=float), self.centre])
        numbers = np.append(np.array(structure.numbers), 1)
        marked = Atoms(numbers, positions, np.array(structure.cell, dtype=float), np.array(structure.pbc, dtype=bool))
        return distances_to(marked, np.array([len(numbers) - 1]), _reach(self))[:-1]


@dataclass(frozen=True)
class Near:
    """Some atoms, by index, and what is near them.

    Attributes:
        atoms: Their indices.
        enter: Å around them; 0 is these atoms alone.
        leave: Outer radius of the hysteresis, Å; by default the same.
    """

    atoms: Sequence[int]
    enter: float = 0.0
    leave: float = _SAME

    def __post_init__(self) -> None:
        object.__setattr__(self, "leave", _check_radius(self.enter, self.leave, "a neighbourhood"))

    def measure(self, structure: Structure) -> FloatArray:
        """(N,) distance to the nearest of the atoms, Å."""
        atoms = checked_indices(np.asarray(self.atoms), len(structure.numbers), "indices")
        return distances_to(structure, atoms, _reach(self))


@dataclass(frozen=True)
class Layer:
    """What is near a plane of the cell: an interface, along which the cluster stays periodic.

    Attributes:
        enter: Å on both sides.
        at: Where the plane is, as a fraction of the third cell vector; 0 is where slabs are opened.
        leave: Outer distance of the hysteresis, Å; by default the same.
    """

    enter: float
    at: float = 0.0
    leave: float = _SAME

    def __post_init__(self) -> None:
        object.__setattr__(self, "leave", _check_radius(self.enter, self.leave, "a layer"))

    def measure(self, structure: Structure) -> FloatArray:
        """(N,) distance from the plane or its nearest image, Å."""
        inverse = np.linalg.inv(full_cell(structure))
        away = np.array(structure.positions, dtype=float) @ inverse[:, 2] - self.at
        if np.array(structure.pbc, dtype=bool)[2]:
            away -= np.round(away)
        return np.abs(away) / np.linalg.norm(inverse[:, 2])


@dataclass(frozen=True)
class Defects:
    """What is near atoms whose surroundings differ from those of the others.

    Attributes:
        enter: Å around each such atom; 0 is these atoms alone.
        by: "coordination": another number of bonds than most atoms of that element have;
            "centrosymmetry": neighbours that do not come in opposite pairs (fcc and bcc).
        leave: Outer radius of the hysteresis, Å; by default the same.
        neighbours: Neighbours that centrosymmetry pairs: 12 in fcc, 8 in bcc.
        threshold: Å²: centrosymmetry from which an atom counts as a defect.
        tolerance: A bond is shorter than this times the sum of the covalent radii.
    """

    enter: float
    by: str = "coordination"
    leave: float = _SAME
    neighbours: int = 12
    threshold: float = 3.0
    tolerance: float = 1.25

    def __post_init__(self) -> None:
        object.__setattr__(self, "leave", _check_radius(self.enter, self.leave, "a neighbourhood of defects"))
        if self.by not in DEFECT_MEASURES:
            raise unknown_choice("measure of defects", self.by, DEFECT_MEASURES)

    def defects(self, structure: Structure) -> NDArray[np.int64]:
        """Indices of the atoms whose surroundings differ from those of the others."""
        if self.by == "centrosymmetry":
            return np.flatnonzero(centrosymmetry(structure, self.neighbours) > self.threshold)
        from atomistic.embedding.bonding import RADII

        numbers = np.array(structure.numbers)
        radii = np.array([RADII[int(number)] for number in numbers])
        count = np.bincount(bonds(structure, radii, self.tolerance).i, minlength=len(numbers))
        usual = {z: np.bincount(count[numbers == z]).argmax() for z in set(numbers.tolist())}
        return np.flatnonzero(count != np.array([usual[int(number)] for number in numbers]))

    def measure(self, structure: Structure) -> FloatArray:
        """(N,) distance to the nearest defective atom, Å."""
        return distances_to(structure, self.defects(structure), _reach(self))


@dataclass(frozen=True)
class Uncertain:
    """Atoms in surroundings where the cheap model is uncertain.

    Attributes:
        uncertainty: (N,) numbers, or a function of the structure that returns them.
        threshold: In when the uncertainty is at least this.
        release: With memory, out when it falls below this; by default the threshold.
    """

    uncertainty: Sequence[float] | Callable[[Structure], FloatArray]
    threshold: float
    release: float | None = None

    def __post_init__(self) -> None:
        if self.release is not None and self.release > self.threshold:
            raise InputError(
                f"An uncertainty of {self.release} would release atoms that {self.threshold} takes in; "
                "give at most that."
            )

    @property
    def enter(self) -> float:
        """Minus the threshold: an atom this uncertain comes in."""
        return -self.threshold

    @property
    def leave(self) -> float:
        """Minus the uncertainty below which an atom leaves again."""
        return -(self.threshold if self.release is None else self.release)

    def measure(self, structure: Structure) -> FloatArray:
        """(N,) the uncertainty with a minus sign."""
        given = self.uncertainty(structure) if callable(self.uncertainty) else self.uncertainty
        values = np.array(given, dtype=float)
        if values.shape != (len(structure.numbers),):
            raise InputError(
                f"The uncertainty has shape {values.shape}; "
                f"give one number for each of the {len(structure.numbers)} atoms."
            )
        return -values


def centrosymmetry(structure: Structure, count: int) -> FloatArray:
    """(N,) Σ over opposite pairs of |r_a + r_b|², Å², of the `count` nearest neighbours.

    Kelchner, Plimpton, Hamilton, Phys. Rev. B 58 (1998) 11085; pairs by least sums, as in common use.

    Raises:
        InputError: the count is odd or not positive.
    """
    if count < 2 or count % 2:
        raise InputError(f"Centrosymmetry pairs an even number of neighbours, not {count}; give 12 for fcc, 8 for bcc.")
    positions = np.array(structure.positions, dtype=float)
    cutoff = 1.2 * (count * abs(np.linalg.det(full_cell(structure))) / len(positions)) ** (1 / 3)
    if not np.array(structure.pbc, dtype=bool).all():
        cutoff = 8.0
    pairs = neighbours(structure, cutoff)
    found = np.zeros(len(positions))
    for atom in range(len(positions)):
        vectors = pairs.vectors[pairs.i == atom]
        vectors = vectors[np.argsort(np.linalg.norm(vectors, axis=1), kind="stable")[:count]]
        sums = ((vectors[:, None] + vectors[None]) ** 2).sum(axis=2)[np.triu_indices(len(vectors), 1)]
        missing = (count - len(vectors)) * cutoff**2
        found[atom] = np.sort(sums)[: count // 2].sum() + missing
    return found


@dataclass
class Selector:
    """Regions of a structure by rules; called again and again, it remembers.

    Attributes:
        rules: Rule by the name of its region.
        buffer: Å around each region that is in its cluster.
        split: A rule's atoms further apart than twice the buffer and this many Å more are regions of
            their own; None keeps them together.
        remember: Whether atoms stay in until they are beyond the rule's `leave`.
        least: A structure of fewer atoms has no regions: references of the bulk stay with the cheap model.
    """

    rules: dict[str, Rule]
    buffer: float = 0.0
    split: float | None = None
    remember: bool = False
    least: int = 0

    def __post_init__(self) -> None:
        if not self.rules:
            raise InputError("No region is given; give at least one.")
        self.memory = {name: Hysteresis(rule.enter, rule.leave) for name, rule in self.rules.items()}

    def __call__(self, structure: Structure) -> list[Region]:
        """The regions now.

        Raises:
            InputError: a region has no atoms.
        """
        found: list[Region] = []
        if len(structure.numbers) < self.least:
            return found
        for name, rule in self.rules.items():
            memory = self.memory[name] if self.remember else Hysteresis(rule.enter, rule.leave)
            atoms = memory.update(rule.measure(structure))
            if len(atoms) == 0:
                raise InputError(f"Region {name!r} has no atoms; give it at least one atom or a larger radius.")
            parts = [atoms] if self.split is None else groups(structure, atoms, 2 * self.buffer + self.split)
            names = [name] if len(parts) == 1 else [f"{name} {k + 1}" for k in range(len(parts))]
            found += [Region(label, part, self.buffer) for label, part in zip(names, parts, strict=True)]
        return found
