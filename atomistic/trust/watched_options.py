"""A watched potential by plain options, so that any input that names a potential can name it."""

import logging
from collections.abc import Mapping
from typing import Any

from atomistic.embedding.engines import ENGINES
from atomistic.embedding.options import length, rule
from atomistic.embedding.quantum import QuantumPotential
from atomistic.potentials.entry import PotentialEntry
from atomistic.potentials.registry import load_potential
from atomistic.trust.actions import Ask, Embed, Stop, Warn
from atomistic.trust.conformal import conformal_forces
from atomistic.trust.labels import LabelSet
from atomistic.trust.oracle import oracle
from atomistic.trust.surrogate import Surrogate
from atomistic.trust.triggers import ConformalRadius, FeatureDistance, ForceDeviation, Trigger
from atomistic.trust.watched import Action, Watched
from coupling.contracts import Potential
from coupling.errors import InputError, unknown_choice

ENTRIES = (
    PotentialEntry(
        "watched", "watched", "A potential under a trigger: stops, warns, labels or embeds where it is not to be trusted; takes "
        "potential, limit, and committee or labels",
        "atomistic.trust.watched_options:load", ("ase",), place=45,
    ),
)  # fmt: skip

MEASURES = ("committee", "distance", "radius")
ACTIONS = ("stop", "warn", "label", "embed")
_SAMPLES = 8
"""Of a posterior, as a committee."""


def load(
    name: str, device: str, dtype: str | None, *, potential: Any, limit: float, committee: Any = None,
    labels: str | None = None, measure: str = "committee", held_back: str | None = None, coverage: float = 0.9,
    then: str = "stop", larger: Any = None, buffer: object = 0.0, termination: str = "bare", oracle: Any = None,
    budget: int = 20, every: int = 1, within: Mapping[str, Any] | None = None,
) -> Watched:  # fmt: skip
    """A watched potential; see `atomistic.trust.watched.Watched`.

    Args:
        name: "watched".
        device: For the potentials that do not name their own.
        dtype: The same.
        potential: What is watched: a name, or a block of a name and options. With labels, its readout is fitted to them.
        limit: Of the trigger: eV/Å, or a number for a distance.
        committee: Other potentials for the same thing, each as `potential` is given.
        labels: File of labelled structures, from which a posterior, its samples and distances follow.
        measure: "committee": largest pairwise force deviation, of the potential and its committee or of samples of the posterior;
            "radius": conformal radius; "distance": Mahalanobis distance.
        held_back: File of labelled structures that calibrate the radius, other than `labels`.
        coverage: Of the radius.
        then: "stop", "warn", "label" or "embed".
        larger: With "embed", the better potential: as `potential` is given, or a quantum engine.
        buffer: With "embed", Å about flagged atoms, or text with a unit.
        termination: With "embed", "bare" or "hydrogen".
        oracle: With "label", who is asked, as `larger` is given.
        budget: With "label", labels at most.
        every: Looks at each so many-th call alone.
        within: Keys of a rule (`atomistic.embedding.options.rule`): the atoms that are looked at.

    Raises:
        InputError: something is missing, unknown or does not fit.
    """
    common = {"device": device, "dtype": dtype}
    model = load_potential(**(common | _block(potential, "potential")))
    region = None if within is None else rule("within", within)
    if measure not in MEASURES:
        raise unknown_choice("measure of a watched potential", measure, MEASURES)
    if (labels is None) == (committee is None):
        raise InputError("A watched potential needs either committee (other potentials) or labels (a file).")
    if committee is not None:
        if measure != "committee":
            raise InputError(f"The measure {measure} is that of a posterior, which needs labels; a committee has none.")
        others = [load_potential(**(common | _block(one, "committee"))) for one in committee]
        action = _action(then, larger, buffer, termination, oracle, budget, None, None)
        return Watched(model, ForceDeviation((model, *others), limit), action, every=every, within=region)
    surrogate = Surrogate.fitted(model, LabelSet.load(labels))
    trigger_of = _trigger_of(measure, float(limit), held_back, coverage)
    action = _action(then, larger, buffer, termination, oracle, budget, surrogate, trigger_of)
    return Watched(surrogate.potential, trigger_of(surrogate.posterior), action, every=every, within=region)


def _trigger_of(measure: str, limit: float, held_back: str | None, coverage: float) -> Any:
    """The trigger of a posterior."""
    if measure == "distance":
        return lambda posterior: FeatureDistance(posterior, limit)
    if measure == "committee":
        return lambda posterior: ForceDeviation(tuple(posterior.sample(_SAMPLES)), limit)
    if held_back is None:
        raise InputError(
            "A conformal radius is calibrated on labels that the posterior has not seen; give them as held_back (a file)."
        )
    calibration = LabelSet.load(held_back)

    def radius(posterior: Any) -> Trigger:
        return ConformalRadius(conformal_forces(posterior, calibration, coverage), limit)

    return radius


def _action(
    then: str, larger: Any, buffer: object, ends: str, asked: Any, budget: int, surrogate: Surrogate | None, trigger_of: Any
) -> Action:  # fmt: skip
    if then not in ACTIONS:
        raise unknown_choice("action of a watched potential", then, ACTIONS)
    if (then == "embed") != (larger is not None) or (then == "label") != (asked is not None):
        raise InputError(
            f"then: {then} does not go with what is given: embed needs larger (a better potential), label needs oracle, and no other "
            "action takes them."
        )
    if then == "embed":
        block = _block(larger, "larger")
        better: Potential = QuantumPotential(**block) if block["name"].lower() in ENGINES else load_potential(**block)
        return Embed(better, length(buffer), ends)
    if then == "label":
        block = _block(asked, "oracle")
        return Ask(oracle(block.pop("name"), block), surrogate, trigger_of, budget)
    return Warn(logging.getLogger("multiscale").warning) if then == "warn" else Stop()


def _block(given: object, what: str) -> dict[str, Any]:
    if isinstance(given, str):
        return {"name": given}
    if not isinstance(given, Mapping) or not isinstance(given.get("name"), str):
        raise InputError(f"{what} must be a name, or a block with a name and options, not {given!r}.")
    return dict(given)
