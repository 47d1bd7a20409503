"""A sweep from Python: the Griffith strength of a brittle plane over crack length and surface energy."""

from math import pi
from pathlib import Path

import multiscale


def griffith(crack: float, surface_energy: float, modulus: float) -> dict[str, tuple[float, str]]:
    """Strength of a plate in plane stress with a central crack of half length `crack`; SI (Griffith 1921)."""
    return {"strength": ((2 * modulus * surface_energy / (pi * crack)) ** 0.5, "Pa")}


def main(folder: Path | str = "runs/sweep_griffith") -> multiscale.SweepResults:
    """The strength over both ranges."""
    over = {
        "crack": {"min": "10 nm", "max": "1 mm", "points": 6, "scale": "log"},
        "surface_energy": ["1 J/m^2", "2 J/m^2", "3 J/m^2"],
    }
    return multiscale.sweep(griffith, over, folder, modulus="200 GPa", title="Griffith's strength")


if __name__ == "__main__":
    import sys

    results = main()
    sys.stdout.write(f"{results.status}\n{results['strength']}\n")
