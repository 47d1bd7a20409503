"""Gaussian-process surrogates of one quantity from many cheap and few accurate values; no potential is known here.

surrogate = co_kriging(Labels(cheap_points, cheap_values), Labels(points, values))
mean, deviation = surrogate.predict(others)
"""

from typing import TYPE_CHECKING

from coupling.lazy import on_first_use

if TYPE_CHECKING:
    from multiscale.surrogate.acquisition import Proposal, next_point
    from multiscale.surrogate.labels import Labels
    from multiscale.surrogate.regression import GaussianProcess, co_kriging, kriging

__all__ = ["GaussianProcess", "Labels", "Proposal", "co_kriging", "kriging", "next_point"]

__getattr__, __dir__ = on_first_use(__name__)
