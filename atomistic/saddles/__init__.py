"""Saddles of any event: climbing bands, search along the softest mode, reaction paths, and the rates over them.

    found = transition(potential, first, last)
    table = arrhenius(found.rate(), [300, 400, 500])

| module            | what                                                                   |
|-------------------|------------------------------------------------------------------------|
| `landscape`       | energy as a function of the coordinates that may move                  |
| `lockstep`        | searches that share their evaluations                                  |
| `band`            | nudged elastic bands with a climbing image                             |
| `minimum_mode`    | up along the softest mode to a saddle                                  |
| `downhill`        | the intrinsic reaction coordinate                                      |
| `curvature`       | Hessians and frequencies; `modes`: the softest modes without a Hessian |
| `searches`        | all of these, from two minima, or from a point near a saddle           |
| `sampled`         | error bars of rates by samples of the potential                        |
"""

from atomistic.saddles.band import Band
from atomistic.saddles.landscape import Landscape
from atomistic.saddles.sampled import RateSpread, sampled_rate
from atomistic.saddles.searches import saddle_near, transition, transitions
from atomistic.saddles.stationary import StationaryPoint
from atomistic.saddles.transition import ReactionPath, Settings, Transition

__all__ = [
    "Band",
    "Landscape",
    "RateSpread",
    "ReactionPath",
    "Settings",
    "StationaryPoint",
    "Transition",
    "saddle_near",
    "sampled_rate",
    "transition",
    "transitions",
]
