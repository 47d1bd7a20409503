"""The potentials of a study, each loaded once, on rank 0; and the samples of the one that has error bars."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from coupling.contracts import Potential
from multiscale.inputs.potential import PotentialChoice
from multiscale.inputs.trust import Trust
from multiscale.runtime.context import RunContext
from multiscale.stages import sampled

if TYPE_CHECKING:
    from atomistic.trust.bars import HeldOut


class Models:
    """Loads potentials when they are first asked for.

    Args:
        context: The run; only rank 0 loads.
        default: The study's own potential; None where each block names its own.
        trust: The error bars of the default potential.
        seed: Of the samples.

    Attributes:
        count: How many samples there will be, on all ranks.
        member: None for what is reported, else the number of the sample that stands for what is sampled.
        family: Of the sampled: the fingerprints of the samples' potentials, by which laws, crystals and potentials that
            vary together are known.
    """

    def __init__(self, context: RunContext, default: PotentialChoice | None, trust: Trust | None, seed: int) -> None:
        self._context, self._default, self._trust, self._seed = context, default, trust, seed
        self._loaded: dict[str, Potential] = {}
        self._sampled: sampled.Sampled | None = None
        self.count = sampled.count(trust)
        self.member: int | None = None
        self.family: tuple[str, ...] = ()
        self._own: tuple[str, ...] = ()

    def __call__(self, choice: PotentialChoice | None = None) -> Potential | None:
        """The potential of a block, by default the study's; None on all ranks but the first."""
        if not self._context.is_root:
            return None
        if choice is not None and choice != self._default:
            return self._of_block(choice)
        if self._default is None:
            raise AssertionError("a block without a potential is refused when the input is read")
        if self._sampled is None:
            self._sampled = sampled.load(self._default, self._trust, self._seed)
        number = self.member if self.family == self._own else None
        return self._sampled.potential if number is None else self._sampled.samples[number]

    def _of_block(self, choice: PotentialChoice) -> Potential:
        from atomistic.potentials import load_potential

        key = json.dumps([choice.name, choice.options], sort_keys=True, default=str)
        if key not in self._loaded:
            self._loaded[key] = load_potential(choice.name, **choice.options)
        return self._loaded[key]

    def name(self, choice: PotentialChoice | None = None) -> str:
        """The name of a block's potential as its reader wrote it, without folders."""
        chosen = choice or self._default
        return "" if chosen is None else str(chosen.model_dump(mode="json")["name"])

    def fingerprint(self, choice: PotentialChoice | None = None) -> str:
        """Of a block's potential; collective."""

        def found() -> str:
            potential = self(choice)
            return "" if potential is None else potential.fingerprint

        return self._context.on_root(found)

    def held_out(self) -> "Mapping[str, HeldOut] | None":
        """What the labelled paths say of reported quantities; None where the samples are not of labels. Collective."""
        if self._trust is None or self._trust.labels is None:
            return None
        self(None)
        return self._context.on_root(lambda: self._sampled.held)

    def own_family(self) -> tuple[str, ...]:
        """The fingerprints of the samples of the default potential; empty without. Collective."""
        if self.count and not self._own:
            self._own = tuple(self.each_sample(lambda _: self.fingerprint(), ()))
        return self._own

    def each_sample[T](self, work: Callable[[int], T], family: tuple[str, ...] | None = None) -> list[T]:
        """Do the work with each sample in the place of what is sampled.

        Args:
            work: Takes the sample's number.
            family: What is sampled; None is the default potential.
        """
        found = []
        self.family = self.own_family() if family is None else family
        for number in range(len(self.family) or self.count):
            self.member = number
            try:
                found.append(work(number))
            finally:
                self.member = None
        return found

    def drawn[T](self, reported: T, samples: Sequence[T], family: tuple[str, ...]) -> T:
        """Of something that is sampled, what stands for it now.

        Args:
            reported: It.
            samples: It with each sample of the family.
            family: Its own.
        """
        return samples[self.member] if samples and self.member is not None and family == self.family else reported
