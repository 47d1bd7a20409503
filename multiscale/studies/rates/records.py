"""What a rates study finds, as it is stored."""

from dataclasses import dataclass

from atomistic.frames import Frames
from atomistic.rates import HarmonicRate
from coupling.contracts import FloatArray
from coupling.upscale.diffusion import SoluteDiffusion


@dataclass(frozen=True)
class EventRecord:
    """One event: a minimum, the saddle above it, and the minimum beyond.

    Attributes:
        name: Such as "vacancy", in the names of its numbers.
        title: In words.
        forward: The rate out of the first minimum, all equivalent ways together.
        backward: That back, of one way.
        length: Between the two places of the atom that moves most, Å.
        lengths: (n,) of the reaction path from the saddle, Å√u.
        energies: (n,) above the first minimum, eV.
        spread: (t,) standard deviations of ln of the rate at the temperatures; zeros where nothing is known.
        barrier_std: The same of the barrier, eV; 0 where nothing is known.
        frames: The atoms along the path.
    """

    name: str
    title: str
    forward: HarmonicRate
    backward: HarmonicRate
    length: float
    lengths: FloatArray
    energies: FloatArray
    spread: FloatArray
    barrier_std: float
    frames: Frames


@dataclass(frozen=True)
class RatesRecord:
    """All events of a study.

    Attributes:
        temperatures: (t,) rising, K.
        events: The events.
        formation: Formation energy of a vacancy, eV; None without one.
        diffusion: Of an interstitial; None without one.
    """

    temperatures: FloatArray
    events: tuple[EventRecord, ...]
    formation: float | None = None
    diffusion: SoluteDiffusion | None = None
