"""From measured relaxation to Maxwell elements at any temperature.

| module    | holds                                                                        |
|-----------|------------------------------------------------------------------------------|
| `data`    | measured moduli by time and temperature, from a file                         |
| `prony`   | Maxwell elements fitted to moduli, none negative                             |
| `shift`   | shift factors a_T: WLF, Arrhenius                                            |
| `master`  | one curve of all temperatures, shifted                                       |
| `learned` | the same where one shift does not do: a Gaussian process over time and temperature |
"""

from typing import TYPE_CHECKING

from coupling.lazy import on_first_use

if TYPE_CHECKING:
    from continuum.relaxation.data import RelaxationData, read_relaxation
    from continuum.relaxation.learned import LearnedCurve, learned_curve
    from continuum.relaxation.master import MasterCurve, master_curve
    from continuum.relaxation.prony import Prony, fit_prony
    from continuum.relaxation.shift import ArrheniusShift, Shift, WlfShift, fit_shift

__all__ = [
    "ArrheniusShift", "LearnedCurve", "MasterCurve", "Prony", "RelaxationData", "Shift", "WlfShift", "fit_prony", "fit_shift",
    "learned_curve", "master_curve", "read_relaxation",
]  # fmt: skip

__getattr__, __dir__ = on_first_use(__name__)
