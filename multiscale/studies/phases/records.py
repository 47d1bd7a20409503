"""What a phases study finds, as it is stored."""

from dataclasses import dataclass

import numpy as np

from atomistic.frames import Frames
from coupling.contracts import FloatArray


@dataclass(frozen=True)
class PhasesRecord:
    """Relaxed candidates by one potential.

    Attributes:
        names: n names.
        elements: k symbols.
        fractions: (n, k) atomic fractions.
        energies: (n,) eV per atom.
        formation: (n,) eV per atom.
        above: (n,) above the hull, eV per atom.
        places: (n, d) pair densities.
        unrelaxed: Names of candidates that did not relax.
        merged: Names of candidates that relaxed into another one.
        twins: The names of those.
        frames: The relaxed structures.
    """

    names: tuple[str, ...]
    elements: tuple[str, ...]
    fractions: FloatArray
    energies: FloatArray
    formation: FloatArray
    above: FloatArray
    places: FloatArray
    unrelaxed: tuple[str, ...] = ()
    merged: tuple[str, ...] = ()
    twins: tuple[str, ...] = ()
    frames: tuple[Frames, ...] = ()


@dataclass(frozen=True)
class LabelledRecord:
    """Accurate energies of a few, and what they say of all.

    Attributes:
        labelled: (m,) numbers of the labelled phases, as they were asked for.
        energies: (m,) their accurate energies, eV per atom.
        factor: ρ of accurate = ρ cheap + difference.
        formation: (n,) accurate formation energies, eV per atom: of the labelled ones their own, else predictions.
        deviation: (n,) their standard deviations.
        probability: (n,) that a phase is stable.
        probability_error: (n,) from the number of draws.
        above: (n,) mean energy above the hull, eV per atom.
        above_deviation: (n,) its standard deviation.
        open_deviation: Largest standard deviation of a phase that may be stable.
    """

    labelled: np.ndarray
    energies: FloatArray
    factor: float
    formation: FloatArray
    deviation: FloatArray
    probability: FloatArray
    probability_error: FloatArray
    above: FloatArray
    above_deviation: FloatArray
    open_deviation: float


@dataclass(frozen=True)
class InterfacesRecord:
    """Interfaces that compete.

    Attributes:
        names: Of all.
        at_zero: (c,) γ at the solute's own crystal, J/m².
        slopes: (c,) solute per area, J/m² per eV.
        stable: Names of the stable ones by rising chemical potential.
        transitions: Between them, eV.
        limit: Chemical potential from which another phase grows, eV.
        limited_by: Its name; "" where it is the solute's own crystal.
    """

    names: tuple[str, ...]
    at_zero: FloatArray
    slopes: FloatArray
    stable: tuple[str, ...]
    transitions: tuple[float, ...]
    limit: float
    limited_by: str
