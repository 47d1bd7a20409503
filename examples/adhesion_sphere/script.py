"""Pull an adhering sphere off a rigid flat: its force against Johnson-Kendall-Roberts, Bradley and Maugis.

One ratio decides: how far the sphere is stretched before it lets go, over the reach of the adhesion
(Tabor's number). Stiff and small: 2 π w R (Bradley, Derjaguin-Muller-Toporov). Soft and large:
3/2 π w R (Johnson-Kendall-Roberts).
"""

import numpy as np

from continuum.reference.adhesion import pull_off
from continuum.reference.analytic import dmt_pull_off, jkr_pull_off, maugis_parameter, maugis_pull_off
from coupling.laws.xu_needleman import XuNeedleman

RADIUS, WORK, POISSON = 1e-6, 0.05, 0.3  # m, J/m², a colloidal sphere
REACH = 1e-9  # m, opening at the largest adhesive traction


def main(moduli: tuple[float, ...] = (20e9, 1e9, 0.1e9)) -> list[tuple[float, float, float]]:
    """For each Young's modulus in Pa: Maugis' λ, the pull-off force and his theory, both over π w R."""
    law = XuNeedleman(WORK, REACH, REACH)
    unit, rows = np.pi * WORK * RADIUS, []
    for young in moduli:
        force = pull_off(law, young, POISSON, RADIUS).force
        modulus = young / (1 - POISSON**2)
        theory = maugis_pull_off(WORK, RADIUS, modulus, law.peak_traction)
        rows.append((maugis_parameter(WORK, RADIUS, modulus, law.peak_traction), force / unit, theory / unit))
    return rows


if __name__ == "__main__":
    import sys

    stiff, soft = (force(WORK, RADIUS) / (np.pi * WORK * RADIUS) for force in (dmt_pull_off, jkr_pull_off))
    sys.stdout.write(f"Bradley {stiff:g} π w R, Johnson-Kendall-Roberts {soft:g} π w R\n")
    for parameter, force, theory in main():
        sys.stdout.write(
            f"Maugis' λ {parameter:.3g}: pull-off force {force:.4g} π w R, Maugis-Dugdale {theory:.4g} π w R\n"
        )
