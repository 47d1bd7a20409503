"""A potential that is watched: a trigger looks at each structure that it is asked about, and an action follows where it fires."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from atomistic.embedding.rules import Rule
from atomistic.trust.labels import bare
from atomistic.trust.triggers import Trigger, above
from coupling.capabilities import FeatureDerivatives, WeightedSites, require
from coupling.contracts import Capabilities, Cost, Evaluation, FloatArray, Potential, Structure
from coupling.errors import InputError
from coupling.identity.addresses import canonical_json
from coupling.identity.content import described
from coupling.wrapped import Wrapped


@dataclass(frozen=True)
class Firing:
    """A structure at which a trigger fired.

    Attributes:
        look: Which look it was, from 0.
        structure: N atoms.
        values: (N,) of the trigger; zero for atoms that are not looked at.
        atoms: Indices of the atoms above the limit.
        index: Of the structure in its batch.
    """

    look: int
    structure: Any
    values: FloatArray
    atoms: NDArray[np.int64]
    index: int = 0

    @property
    def worst(self) -> int:
        """The atom with the largest value."""
        return int(self.atoms[np.argmax(np.nan_to_num(self.values[self.atoms], nan=np.inf))])


class Action(Protocol):
    """What follows where a trigger fires."""

    @property
    def identity(self) -> str:
        """Hash of all that changes a potential's numbers."""
        ...

    def offers(self, potential: Potential) -> Capabilities:
        """What a potential still offers under it."""
        ...

    def fired(self, watched: "Watched", firings: Sequence[Firing]) -> None:
        """Do what is to be done; what is raised ends the run. `watched.bare` and `watched.trigger` may be replaced."""
        ...

    def evaluate(self, watched: "Watched", structures: Sequence[Structure]) -> Evaluation | None:
        """Energies, forces and stresses in place of the potential's own; None for those."""
        ...


class Watched(Wrapped):
    """A potential under a trigger, usable wherever the potential is.

    Every structure that `evaluate` is asked about is looked at before it is evaluated, and so are those of weighted site
    energies, second derivatives and charges; a crystal's law (`crystal_law`) is that of the potential, unwatched.

    Args:
        potential: The potential.
        trigger: Says where it is not to be trusted.
        action: What follows; see `atomistic.trust.actions`.
        every: Looks at each so many-th call alone: for dynamics with a trigger that costs more than a step. Calls between are
            trusted.
        within: The atoms that are looked at, those that this rule takes in: a sphere about the tip leaves the outer shell of a
            cylinder out, whose surroundings are cut off. None looks at all.

    Attributes:
        bare: The potential.
        trigger: The trigger.
        firings: Where it fired, in order.
        looks: How often it looked.
        largest: Largest value so far.

    Raises:
        InputError: `every` is less than 1.
    """

    def __init__(
        self, potential: Potential, trigger: Trigger, action: Action, *, every: int = 1, within: Rule | None = None
    ) -> None:
        if every < 1:
            raise InputError(f"Looking at each {every} calls looks at none; give a whole number from 1.")
        self.trigger, self.action, self.every, self.within = trigger, action, every, within
        self.firings: list[Firing] = []
        self.looks, self.largest, self._calls = 0, 0.0, 0
        self.become(potential)

    def become(self, potential: Potential) -> None:
        """Go on with another potential for the same thing, one that has learned for instance."""
        super().__init__(potential)
        self.capabilities = self.action.offers(potential)
        rule = described([self.every, self.within], own=("atomistic",))
        parts = [potential.fingerprint, self.trigger.identity, self.action.identity, rule]
        self.fingerprint = hashlib.sha256(canonical_json(parts).encode()).hexdigest()

    def look(self, structures: Sequence[Structure], counted: NDArray[np.bool_] | None = None) -> list[Firing]:
        """Look now, whatever `every` says, and do nothing.

        Args:
            structures: Any.
            counted: (N,) the atoms that count, of each of them; None is all.

        Returns:
            Those at which the trigger fires.
        """
        found = []
        for index, (one, values) in enumerate(zip(structures, self.trigger.of_atoms(structures), strict=True)):
            kept = np.where(self._counted(one, counted), values, 0.0)
            self.largest = max(self.largest, float(np.nan_to_num(kept, nan=np.inf).max(initial=0.0)))
            atoms = np.flatnonzero(above(kept, self.trigger.limit))
            if len(atoms):
                found.append(Firing(self.looks, bare(one), kept, atoms, index))
        return found

    def evaluate(
        self, structures: Sequence[Structure], *, site_energies: bool = False, features: bool = False
    ) -> Evaluation:
        """As the potential's own, or as the action has it; see `coupling.contracts.Potential`.

        Raises:
            Untrusted: the trigger fires, and the action stops.
        """
        self.watch(structures)
        if not (site_energies or features):
            found = self.action.evaluate(self, structures)
            if found is not None:
                return found
        return super().evaluate(structures, site_energies=site_energies, features=features)

    def watch(self, structures: Sequence[Structure], counted: NDArray[np.bool_] | None = None) -> None:
        """Look if it is time to, and act if the trigger fires."""
        due, self._calls = self._calls % self.every == 0, self._calls + 1
        if not due:
            return
        found = self.look(structures, counted)
        self.looks += 1
        if found:
            self.firings += found
            self.action.fired(self, found)

    def weighted_sites(self, structure: Structure, weights: FloatArray) -> WeightedSites:
        """The potential's own weighted sum, watched at each of its positions; atoms of weight zero are not looked at."""
        return _WatchedSites(self, structure, weights)

    def feature_derivatives(self, structures: Sequence[Structure]) -> list[FeatureDerivatives]:
        """The potential's own, watched."""
        self.watch(structures)
        return super().feature_derivatives(structures)

    def hessian(self, structure: Structure) -> FloatArray:
        """The potential's own, watched."""
        self.watch([structure])
        return super().hessian(structure)

    def evaluate_in_charges(
        self, structure: Structure, charges: FloatArray, places: FloatArray
    ) -> tuple[float, FloatArray, FloatArray, Cost]:
        """The potential's own, watched; charges are not looked at."""
        self.watch([structure])
        return super().evaluate_in_charges(structure, charges, places)

    def _counted(self, structure: Structure, counted: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
        inside = np.ones(len(structure.numbers), dtype=bool) if counted is None else np.asarray(counted)
        return inside if self.within is None else inside & (self.within.measure(structure) <= self.within.enter)


class _WatchedSites:
    """A weighted sum that is looked at before it is evaluated; made anew when the potential has learned."""

    def __init__(self, watched: Watched, structure: Structure, weights: FloatArray) -> None:
        self._watched, self._structure, self._weights = watched, bare(structure), np.asarray(weights)
        self._of, self._sum = watched.bare, self._made()

    def evaluate(self, positions: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """The sum in eV, its forces (N, 3) in eV/Å, and all site energies (N,) in eV."""
        self._structure.positions = positions
        self._watched.watch([self._structure], self._weights > 0)
        if self._of is not self._watched.bare:
            self._of, self._sum = self._watched.bare, self._made()
        return self._sum.evaluate(positions)

    def _made(self) -> WeightedSites:
        return require(self._watched.bare, "weighted_sites").weighted_sites(self._structure, self._weights)
