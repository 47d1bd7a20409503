"""The master curve: data of many temperatures on one curve of reduced time t/a_T."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.optimize import least_squares

from continuum.relaxation.data import RelaxationData
from continuum.relaxation.prony import Prony, fit_prony, relaxation_times
from coupling.contracts import FloatArray
from coupling.errors import InputError

_OVERLAP = 3  # moduli of one temperature that must lie within those of the last
_GRID = 30  # points of the moduli that two temperatures share


@dataclass(frozen=True)
class MasterCurve:
    """One relaxation modulus of reduced time, and where each temperature lies on it.

    Attributes:
        reference: Temperature of the curve, K.
        temperatures: (m,) K.
        logarithms: (m,) log₁₀ a_T of each.
        prony: The curve.
    """

    reference: float
    temperatures: FloatArray
    logarithms: FloatArray
    prony: Prony

    def log_shift(self, temperature: FloatArray) -> FloatArray:
        """(n,) log₁₀ a_T at temperatures (n,) in K, between measured ones linear in 1/T.

        Raises:
            InputError: a temperature outside of those that were measured.
        """
        temperature = np.asarray(temperature, dtype=float)
        low, high = self.temperatures[[0, -1]]
        if np.any(temperature < low) or np.any(temperature > high):
            raise InputError(
                f"The data reach from {low:.4g} to {high:.4g} K; fit a shift (WLF, Arrhenius) to go beyond."
            )
        return np.asarray(np.interp(-1 / temperature, -1 / self.temperatures, self.logarithms))

    def modulus(self, time: FloatArray, temperature: FloatArray) -> FloatArray:
        """(n,) Pa at times in s and temperatures in K."""
        return self.prony.modulus(np.asarray(time) / 10 ** self.log_shift(temperature))


def master_curve(data: RelaxationData, reference: float | None = None) -> MasterCurve:
    """Shift the curves of all temperatures onto one, along time alone.

    Neighbours are laid over each other first; then all shifts together are those with which one Prony series fits best.

    Args:
        data: Of two temperatures or more, each with moduli that its neighbour has too.
        reference: A temperature of the data, K; None: the one in the middle.

    Raises:
        InputError: too few temperatures, neighbours without common moduli, or a reference that is not among them.
    """
    temperatures = data.temperatures
    reference = float(temperatures[len(temperatures) // 2]) if reference is None else reference
    if len(temperatures) < 2:
        raise InputError("A master curve needs two temperatures or more.")
    if reference not in temperatures:
        raise InputError(
            f"The reference {reference} K is not among the data; they have {', '.join(f'{t:g}' for t in temperatures)} K."
        )
    steps = [_between(data, low, high) for low, high in pairwise(temperatures)]
    shifts = np.concatenate([[0.0], np.cumsum(steps)])
    shifts -= shifts[np.flatnonzero(temperatures == reference)[0]]
    shifts = _together(data, shifts, reference)
    return MasterCurve(reference, temperatures, shifts, _fitted(data, shifts))


def _between(data: RelaxationData, low: float, high: float) -> float:
    """log₁₀ a_T of the higher temperature less that of the lower: the mean distance of their curves along log time."""
    curves = []
    for temperature in (low, high):
        own = data.at(data.temperature == temperature)
        order = np.argsort(own.time)
        curves.append((np.log10(own.time[order]), np.minimum.accumulate(np.log10(own.modulus[order]))))
    least, most = max(c[1].min() for c in curves), min(c[1].max() for c in curves)
    shared = [np.count_nonzero((c[1] >= least) & (c[1] <= most)) for c in curves]
    if not least < most or min(shared) < _OVERLAP:
        raise InputError(
            f"The moduli at {low:g} and {high:g} K have too little in common to be laid over each other; measure at a temperature "
            "between, or for longer."
        )
    levels = np.linspace(least, most, _GRID + 2)[1:-1]
    first, second = (np.interp(-levels, -c[1], c[0]) for c in curves)
    flat = np.abs(np.gradient(first)) + np.abs(np.gradient(second))  # of the curves there: a plateau says nothing
    return float(np.average(second - first, weights=1 / np.maximum(flat, flat.max() * 1e-6) ** 2))


def _reduced(data: RelaxationData, shifts: FloatArray) -> FloatArray:
    """(n,) t/a_T, s."""
    return data.time / 10 ** shifts[np.searchsorted(data.temperatures, data.temperature)]


def _fitted(data: RelaxationData, shifts: FloatArray) -> Prony:
    return fit_prony(_reduced(data, shifts), data.modulus)


def _together(data: RelaxationData, shifts: FloatArray, reference: float) -> FloatArray:
    """(m,) the shifts that minimise the error of the Prony series that fits best with them."""
    free = data.temperatures != reference
    times = relaxation_times(_reduced(data, shifts))

    def left(unknowns: FloatArray) -> FloatArray:
        now = shifts.copy()
        now[free] = unknowns
        reduced = _reduced(data, now)
        return fit_prony(reduced, data.modulus, times).modulus(reduced) / data.modulus - 1

    found = shifts.copy()
    found[free] = least_squares(left, shifts[free], xtol=1e-8, ftol=1e-12, gtol=1e-15, diff_step=1e-3, x_scale=0.1).x
    return found
