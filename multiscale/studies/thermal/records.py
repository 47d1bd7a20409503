"""What the thermal study stores besides the crystals."""

from dataclasses import dataclass

from coupling.contracts import FloatArray


@dataclass(frozen=True)
class QuasiHarmonic:
    """The quasi-harmonic crystal at a temperature, classical as the dynamics are.

    Attributes:
        lattice_parameter: Å.
        stiffness_voigt: (6, 6) isothermal, Pa.
    """

    lattice_parameter: float
    stiffness_voigt: FloatArray
