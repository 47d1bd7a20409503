"""The attempt frequency of a line in its Peierls valley: Vineyard's prefactor over the barrier's top."""

import numpy as np

from atomistic.dislocation.barrier import Barrier
from atomistic.dislocation.cylinder import Cylinder
from atomistic.saddles import saddle_near
from coupling.contracts import Potential, Progress, silent


def attempt_frequency(
    potential: Potential, cylinder: Cylinder, barrier: Barrier, *, progress: Progress = silent
) -> float:  # fmt: skip
    """Πω of the valley over Πω of the saddle's stable modes, over 2π, 1/s (Vineyard, J. Phys. Chem. Solids 3 (1957) 121).

    It is that of one period of a straight line, which moves as a whole: of a kink pair it is an estimate. The saddle is
    found from the image of the highest energy by its softest mode.

    Args:
        potential: The potential.
        cylinder: The cylinder of the barrier.
        barrier: The path of the line.
        progress: Called after each batch.

    Raises:
        NotConverged: there is no saddle of first order near the top, or its two ends are no minima.
    """
    images = barrier.structures
    top = int(np.clip(np.argmax(barrier.energies), 1, len(images) - 2))
    along = (images[top + 1].positions - images[top - 1].positions) * cylinder.free[:, None]
    found = saddle_near(potential, images[top], free=cylinder.free, mode=along, progress=progress)
    return found.rate().prefactor
