"""A learned master curve: a Gaussian process over log time and temperature, for materials of more than one process."""

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from continuum.relaxation.data import RelaxationData
from continuum.relaxation.master import MasterCurve, master_curve
from coupling.contracts import FloatArray

if TYPE_CHECKING:
    from sklearn.gaussian_process import GaussianProcessRegressor

_FAR = 0.5  # of the prior's deviation: where the data say less, the curve has left them


@dataclass(frozen=True)
class LearnedCurve:
    """log₁₀ E(t, T) = that of the master curve + a Gaussian process over (log₁₀ t/a_T, T).

    Where one shift does for all, the process has nothing to learn; where it does not, the process learns what differs, and no
    equivalence of time and temperature is left.

    Attributes:
        classical: The master curve.
        regression: The process, of what it leaves.
        scale: What makes of temperatures and log times the process's coordinates: (2,) centre, (2,) width.
    """

    classical: MasterCurve
    regression: "GaussianProcessRegressor"
    scale: tuple[FloatArray, FloatArray]

    def predict(self, time: FloatArray, temperature: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(n,) modulus, Pa, and its relative standard deviation, at times in s and temperatures in K."""
        left, deviation = self.regression.predict(
            _coordinates(self.classical, time, temperature, self.scale), return_std=True
        )
        return self.classical.modulus(time, temperature) * 10**left, np.log(10) * deviation

    def leaves_data(self, time: FloatArray, temperature: FloatArray) -> FloatArray:
        """(n,) whether the data say little there: the process is hardly surer than without them."""
        points = _coordinates(self.classical, time, temperature, self.scale)
        _, deviation = self.regression.predict(points, return_std=True)
        prior = np.sqrt(self.regression.kernel_.diag(points) * self.regression._y_train_std**2)
        return np.asarray(deviation > _FAR * prior)


def learned_curve(data: RelaxationData, reference: float | None = None, seed: int = 0) -> LearnedCurve:
    """Learn a curve from data; see `LearnedCurve`.

    Args:
        data: As `master_curve` wants them.
        reference: The same.
        seed: Of the starts from which the process's widths are fitted.

    Raises:
        InputError: no master curve can be made.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

    classical = master_curve(data, reference)
    raw = _raw(classical, data.time, data.temperature)
    scale = (raw.mean(axis=0), np.maximum(raw.std(axis=0), 1e-12))
    left = np.log10(data.modulus / classical.modulus(data.time, data.temperature))
    kernel = ConstantKernel(1.0, (1e-3, 1e3)) * Matern([0.5, 1.0], (0.05, 20.0), nu=2.5) + WhiteKernel(
        1e-2, (1e-8, 1e1)
    )
    process = GaussianProcessRegressor(kernel, normalize_y=True, n_restarts_optimizer=2, random_state=seed)
    with warnings.catch_warnings():  # widths at their bounds are what a residual of noise alone has
        warnings.simplefilter("ignore", ConvergenceWarning)
        process.fit(_coordinates(classical, data.time, data.temperature, scale), left)
    return LearnedCurve(classical, process, scale)


def held_out_errors(data: RelaxationData, seed: int = 0) -> tuple[float, float]:
    """Root mean square errors of log₁₀ E at inner temperatures, each left out in turn: of the learned and of the classical curve.

    Raises:
        InputError: fewer than four temperatures.
    """
    squares = []
    for temperature in data.temperatures[1:-1]:
        out = data.temperature == temperature
        curve = learned_curve(data.at(~out), seed=seed)
        own = data.at(out)
        found = [curve.predict(own.time, own.temperature)[0], curve.classical.modulus(own.time, own.temperature)]
        squares.append([np.mean(np.log10(one / own.modulus) ** 2) for one in found])
    learned, classical = np.sqrt(np.mean(squares, axis=0))
    return float(learned), float(classical)


def _raw(classical: MasterCurve, time: FloatArray, temperature: FloatArray) -> FloatArray:
    reduced = np.log10(np.asarray(time, dtype=float)) - classical.log_shift(np.asarray(temperature, dtype=float))
    return np.column_stack([reduced, np.asarray(temperature, dtype=float)])


def _coordinates(
    classical: MasterCurve, time: FloatArray, temperature: FloatArray, scale: tuple[FloatArray, FloatArray]
) -> FloatArray:
    """(n, 2) log reduced time and temperature, of mean 0 and deviation 1 over the data."""
    return (_raw(classical, time, temperature) - scale[0]) / scale[1]
