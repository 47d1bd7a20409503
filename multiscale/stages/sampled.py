"""The potential of a study and, where it asks for error bars, samples of it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from multiscale.inputs.potential import PotentialChoice
from multiscale.inputs.trust import Trust

if TYPE_CHECKING:
    from atomistic.trust.bars import HeldOut


class Sampled(NamedTuple):
    """A potential and samples of it; None on ranks that do not load it.

    Attributes:
        potential: What is reported.
        samples: What the error bars are taken over; empty without.
        held: What labelled paths, each left out in turn, say of reported quantities; None without labels.
    """

    potential: Any
    samples: tuple[Any, ...] = ()
    held: "Mapping[str, HeldOut] | None" = None


def load(choice: PotentialChoice, trust: Trust | None, seed: int) -> Sampled:
    """Load the potential; with labels it is the posterior's mean, and the samples are drawn from it.

    Raises:
        InputError: potential, labels or committee cannot be used.
    """
    from atomistic.potentials import load_potential

    potential = load_potential(choice.name, **choice.options)
    if trust is None:
        return Sampled(potential)
    if trust.labels is None:
        members = [load_potential(one.name, **one.options) for one in trust.committee]
        return Sampled(potential, (potential, *members))
    from atomistic.trust.bars import held_out
    from atomistic.trust.labels import LabelSet
    from atomistic.trust.posterior import fit_posterior

    posterior = fit_posterior(potential, LabelSet.load(trust.labels)).calibrated()
    return Sampled(posterior.mean_potential(), tuple(posterior.sample(trust.samples, seed)), held_out(posterior))


def count(trust: Trust | None) -> int:
    """How many samples there will be."""
    if trust is None:
        return 0
    return trust.samples if trust.labels is not None else 1 + len(trust.committee)


def note(trust: Trust) -> str:
    """What the error bars mean, for the report."""
    if trust.labels is None:
        return (
            f"Error bars: standard deviation over a committee of {count(trust)} potentials, each at its own lattice. It says "
            "how far these differ, not how far they are from the truth."
        )
    return (
        f"Error bars: standard deviation over {trust.samples} samples of the posterior of the potential's last layer, given the "
        "labels, each at its own lattice; those of works of separation, peaks and C44 are widened or narrowed until they hold 90 % of "
        "the labelled paths of their kind, each predicted without its labels, and withheld where that cannot be said. The law is that "
        "of the posterior's mean, fitted to the labels."
    )
