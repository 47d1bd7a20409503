"""The size of a student and its training."""

from dataclasses import dataclass

from coupling.errors import InputError


@dataclass(frozen=True)
class Settings:
    """The student's network and its training.

    The learning rate falls along half a cosine to zero at the last epoch or at the end of `minutes`,
    whichever is nearer; a run that the clock ends is annealed as well as one that completes its epochs.

    Attributes:
        channels: Scalars of an atom's features; half as many vectors, a quarter as many tensors.
        lmax: Highest rank of the features: 1 or 2.
        layers: Rounds of messages, 1 to 5; layers times cutoff is how far an atom sees. One round on one element
            (an embedded-atom form) learns several times faster, but is not taken up again where it stopped.
        cutoff: Å; None takes the teacher's, at most 2.3 nearest-neighbour distances.
        fading: Power of the polynomial by which messages fade towards the cutoff: over its outer half for 6, its
            outer third for 12; a narrow switch puts waves into the traction of an opening. The shell at √(8/3)
            neighbour distances must not have faded, or fcc and hcp look alike and no stacking fault is learnt.
        epochs: Passes over the training set, at least 1.
        minutes: Longest training time; infinite for none.
        batch: Structures in a step.
        learning_rate: At the start.
        force_weight: Of forces (eV/Å) beside energies (eV per atom) in the loss at the end; it starts at one.
        stress_weight: Of stresses (kbar) in the loss.
        huber: Error beyond which the loss grows linearly, in the units above.
        newton: Steps of a least-squares training for one round on one element; with more than none it takes the place
            of the usual one, whose epochs, batches, rates and weights then mean nothing. An embedded-atom teacher is
            learnt far more closely.
        threads: CPU threads; a small network gains little from more than one, and loses much where
            the cores are shared.
        seed: Of the first weights and of the order of batches.
    """

    channels: int = 32
    lmax: int = 2
    layers: int = 2
    cutoff: float | None = None
    fading: int = 6
    epochs: int = 400
    minutes: float = float("inf")
    batch: int = 16
    learning_rate: float = 0.02
    force_weight: float = 0.03
    stress_weight: float = 0.0003
    huber: float = 0.3
    newton: int = 0
    threads: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        limits = {
            "channels": (4, 256), "lmax": (1, 2), "layers": (1, 5), "fading": (3, 24), "epochs": (1, 1_000_000), "batch": (1, 4096),
            "newton": (0, 10_000), "threads": (1, 1024),
        }  # fmt: skip
        for name, (least, most) in limits.items():
            if not least <= getattr(self, name) <= most:
                raise InputError(f"{name} of {getattr(self, name)} is out of range; give {least} to {most}.")
        if self.channels % 4:
            raise InputError(f"{self.channels} channels cannot be quartered; give a multiple of 4.")
        for name in ("minutes", "learning_rate", "force_weight", "stress_weight", "huber"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name} of {getattr(self, name)} must be greater than zero.")
        if self.cutoff is not None and not self.cutoff > 1:
            raise InputError(
                f"A cutoff of {self.cutoff} Å reaches no neighbour; give about twice the distance of nearest neighbours."
            )
