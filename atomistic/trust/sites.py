"""How far an atom's surroundings lie from those that a model has seen: the Mahalanobis distance of features."""

from dataclasses import dataclass

import numpy as np

from coupling.contracts import FloatArray


@dataclass(frozen=True)
class SiteDistances:
    """Centre and whitening of the features of each element's sites.

    Attributes:
        centres: Atomic number to (F,).
        whitenings: Atomic number to (F, F).
    """

    centres: dict[int, FloatArray]
    whitenings: dict[int, FloatArray]

    @classmethod
    def of(cls, numbers: FloatArray, features: FloatArray) -> "SiteDistances":
        """Learn the distances from sites.

        Args:
            numbers: (M,) atomic numbers.
            features: (M, F).
        """
        centres, whitenings = {}, {}
        for number in np.unique(numbers):
            own = features[numbers == number]
            centres[int(number)] = own.mean(0)
            values, vectors = np.linalg.eigh(shrunk_covariance(own))
            whitening = vectors / np.sqrt(values)
            size = np.sqrt(np.mean(np.sum(((own - own.mean(0)) @ whitening) ** 2, axis=1)))
            whitenings[int(number)] = whitening / (size or 1.0)
        return cls(centres, whitenings)

    def __call__(self, numbers: FloatArray, features: FloatArray) -> FloatArray:
        """(N,) distances, whose root mean square is one over an element's sites learnt from; infinite for other elements."""
        found = np.full(len(numbers), np.inf)
        for number, centre in self.centres.items():
            own = numbers == number
            found[own] = np.linalg.norm((features[own] - centre) @ self.whitenings[number], axis=1)
        return found


def shrunk_covariance(values: FloatArray) -> FloatArray:
    """Covariance of M samples (M, F), shrunk to a multiple of one so that it can be inverted.

    The shrinkage approximates the oracle's (Chen, Wiesel, Eldar, Hero, IEEE Trans. Signal Process. 58
    (2010) 5016, eq. 23).
    """
    count, size = values.shape
    centred = values - values.mean(0)
    sample = centred.T @ centred / count
    trace, squares = np.trace(sample), np.sum(sample**2)
    if trace == 0:
        return np.eye(size)
    above = (1 - 2 / size) * squares + trace**2
    below = (count + 1 - 2 / size) * (squares - trace**2 / size)
    share = 1.0 if below <= 0 else min(1.0, above / below)
    return (1 - share) * sample + share * trace / size * np.eye(size)
