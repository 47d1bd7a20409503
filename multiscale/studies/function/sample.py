"""A function of plain keyword arguments that a template names: write your own beside the input file."""

from math import pi, sqrt


def griffith_strength(crack: float, surface_energy: float, young: float) -> dict[str, tuple[float, str]]:
    """Strength of a plate with a crack through it, in plane stress.

    Griffith, Phil. Trans. R. Soc. A 221 (1921) 163: σ = √(2 E γ/(π a)).

    Args:
        crack: Half length a, m.
        surface_energy: γ, J/m².
        young: E, Pa.

    Returns:
        By name a number and its unit.
    """
    return {"strength": (sqrt(2 * young * surface_energy / (pi * crack)), "Pa")}
