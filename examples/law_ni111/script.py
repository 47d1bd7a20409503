"""The relaxed law of nickel (111) in Python: a slab in equilibrium, its bulk at the same traction, what is left."""

import numpy as np

from atomistic import load_potential
from atomistic.decohesion.bulk_path import bulk_branch
from atomistic.decohesion.relaxed_path import relaxed_path
from atomistic.decohesion.slab import cleavage_slab, conventional_cell
from atomistic.properties.bulk import equilibrium
from coupling.interface.excess import Excess, SlabBranch, excess

GAPS = np.concatenate([[-0.1], np.linspace(0, 1, 40) ** 1.5 * 4.5])  # Å beyond the closed spacing


def main(potential_name: str = "7net-0", layers: int = 6) -> tuple[SlabBranch, Excess]:
    """The slab along its path, and the excess over the bulk."""
    potential = load_potential(potential_name)
    crystal = equilibrium(potential, "Ni", "fcc")
    slab = cleavage_slab(crystal, (1, 1, 1), layers, conventional=conventional_cell(crystal))
    branch = relaxed_path(potential, slab, GAPS)
    return branch, excess(branch, bulk_branch(potential, slab, branch.traction))


if __name__ == "__main__":
    import sys

    law = main()[1].law()
    sys.stdout.write(
        f"work of separation {law.work_of_separation:.4g} J/m², peak traction {law.peak_traction / 1e9:.4g} GPa "
        f"at an excess opening of {law.opening_at_peak * 1e10:.3g} Å\n"
    )
