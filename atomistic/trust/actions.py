"""What follows where a trigger fires: stop, warn, label and go on, or embed the atoms in a better potential."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from atomistic.embedding.bonding import termination
from atomistic.trust.labels import LabelSet
from atomistic.trust.oracle import Oracle, known
from atomistic.trust.posterior import Posterior
from atomistic.trust.surrogate import Surrogate
from atomistic.trust.triggers import Trigger
from atomistic.trust.watched import Firing, Watched
from coupling.contracts import Capabilities, Evaluation, Potential, Structure
from coupling.embedding.subtractive import Embedded
from coupling.embedding.terms import Region
from coupling.errors import InputError, Untrusted

_LOG = logging.getLogger(__name__)
_NAMED = 5
"""Atoms that a message names."""


class _Passive:
    """Leaves the potential's numbers as they are."""

    @property
    def identity(self) -> str:
        """Its name: nothing else of it changes a number."""
        return type(self).__name__

    def offers(self, potential: Potential) -> Capabilities:
        """All that the potential offers."""
        return potential.capabilities

    def evaluate(self, watched: Watched, structures: Sequence[Structure]) -> Evaluation | None:
        """The potential's own."""
        return None


@dataclass(frozen=True)
class Stop(_Passive):
    """End the run."""

    def fired(self, watched: Watched, firings: Sequence[Firing]) -> None:
        """Raise `Untrusted`; the structure is the last of `watched.firings`."""
        raise Untrusted(f"{sentence(watched, firings)} Label it, embed it, or use another potential there.")


@dataclass(frozen=True)
class Warn(_Passive):
    """Say so, and go on.

    Attributes:
        say: Told one sentence each time; by default the log of this module.
    """

    say: Callable[[str], object] = _LOG.warning

    def fired(self, watched: Watched, firings: Sequence[Firing]) -> None:
        """Say it once for all structures of a batch."""
        self.say(sentence(watched, firings))


@dataclass
class Ask(_Passive):
    """Label the structure and go on; with a model that learns, with what it has learned.

    The energies of a run that learns have steps: those before and after a label are of two potentials.

    Attributes:
        oracle: Makes the labels.
        surrogate: The model that learns; None collects labels alone, and the run goes on with the same potential.
        trigger_of: The trigger of a posterior that has learned; None keeps the one that there is.
        budget: Labels at most; then the run stops.
        group: Of the labels.
        labels: Those that were made.
    """

    oracle: Oracle
    surrogate: Surrogate | None = None
    trigger_of: Callable[[Posterior], Trigger] | None = None
    budget: int = 20
    group: str = "triggered"
    labels: LabelSet = field(default_factory=LabelSet)

    @property
    def identity(self) -> str:
        """Of the oracle, and of what the model has learned by now."""
        learned = "" if self.surrogate is None else self.surrogate.posterior.identity
        return f"ask {self.oracle.settings_hash} {learned} {self.budget}"

    def fired(self, watched: Watched, firings: Sequence[Firing]) -> None:
        """Label the worst structure of the batch, learn, and look at the batch again until nothing new fires.

        A structure that is labelled already is not labelled again: what the model cannot represent stays.

        Raises:
            Untrusted: the budget is spent.
        """
        while firings := [one for one in firings if not known(one.structure, self.labels.structures)]:
            if len(self.labels) >= self.budget:
                raise Untrusted(
                    f"{sentence(watched, firings)} The budget of {self.budget} labels is spent; allow more of them."
                )
            worst = max(firings, key=lambda one: np.nan_to_num(one.values[one.worst], nan=np.inf))
            label = LabelSet((self.oracle.label(worst.structure, self.group),))
            self.labels += label
            if self.surrogate is not None:
                self.surrogate = self.surrogate.updated(label)
                if self.trigger_of is not None:
                    watched.trigger = self.trigger_of(self.surrogate.posterior)
                watched.become(self.surrogate.potential)
            firings = watched.look([one.structure for one in firings])


@dataclass
class Embed:
    """The flagged atoms become the region of a better potential, subtractively: low(all) + high(cluster) - low(cluster).

    The region of structures of the same atoms grows as atoms are flagged and never shrinks, so that energies settle on one
    surface; those before and after it grew are not comparable. `forget` starts anew.

    Attributes:
        better: The better potential: a `QuantumPotential`, or any other.
        buffer: Å about the flagged atoms that is in the cluster.
        ends: "bare" or "hydrogen", see `atomistic.embedding.bonding.termination`.
    """

    better: Potential
    buffer: float = 0.0
    ends: str = "bare"
    _flagged: dict[bytes, set[int]] = field(default_factory=dict, repr=False)
    _made: Embedded | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not self.buffer >= 0:
            raise InputError(f"A buffer of {self.buffer} Å is not a distance; give zero or more.")
        termination(self.ends)

    @property
    def identity(self) -> str:
        """Of the better potential, buffer and ends."""
        return f"embed {self.better.fingerprint} {self.buffer} {self.ends}"

    def offers(self, potential: Potential) -> Capabilities:
        """What an embedded potential offers: regions can lie anywhere, so that energies have no range and no sites."""
        return self._embedded(potential).capabilities

    def regions(self, structure: Structure) -> list[Region]:
        """The flagged atoms of a structure, as one region; none where there are none."""
        flagged = self._flagged.get(_kind(structure), set())
        return [Region("flagged", np.array(sorted(flagged)), self.buffer)] if flagged else []

    def forget(self) -> None:
        """No atom is flagged any more."""
        self._flagged.clear()
        self._made = None

    def fired(self, watched: Watched, firings: Sequence[Firing]) -> None:
        """Take the flagged atoms in; clusters are cut anew only where some are new."""
        for one in firings:
            inside = self._flagged.setdefault(_kind(one.structure), set())
            if not inside.issuperset(one.atoms.tolist()):
                inside.update(one.atoms.tolist())
                self._made = None

    def evaluate(self, watched: Watched, structures: Sequence[Structure]) -> Evaluation | None:
        """The embedded energies of a batch; the potential's own where nothing was ever flagged."""
        if not any(_kind(one) in self._flagged for one in structures):
            return None
        return self._embedded(watched.bare).evaluate(structures)

    def _embedded(self, low: Potential) -> Embedded:
        """With the clusters of the regions as they are, which stay the same until one grows."""
        if self._made is None or self._made.low is not low:
            self._made = Embedded(low, self.better, self.regions, termination(self.ends))
        return self._made


def sentence(watched: Watched, firings: Sequence[Firing]) -> str:
    """What happened: value, limit, atoms."""
    worst = max(firings, key=lambda one: np.nan_to_num(one.values[one.worst], nan=np.inf))
    trigger, atoms = watched.trigger, ", ".join(str(k) for k in worst.atoms[:_NAMED])
    more = f" and {len(worst.atoms) - _NAMED} more" if len(worst.atoms) > _NAMED else ""
    unit = f" {trigger.unit}" if trigger.unit else ""
    return (
        f"{watched.name} is not to be trusted at {worst.structure.get_chemical_formula()} (structure {worst.index} of call "
        f"{worst.look}): the {trigger.what} is {worst.values[worst.worst]:.3g}{unit} at atom {worst.worst}, above "
        f"{trigger.limit:.3g}{unit}, on atom(s) {atoms}{more}."
    )


def _kind(structure: Structure) -> bytes:
    return np.array(structure.numbers).tobytes() + np.array(structure.pbc, dtype=bool).tobytes()
