"""What a universal model gets wrong in iron: rigid openings of (100) and (110) against DFT.

Run as `python -m benchmarks.right_iron [--json] [POTENTIAL]`, by default 7net-l3i5: two to three minutes on a core. DFT: PBE curves as
collected by ml-peg, (100) 35.05 GPa at 0.6 Å and 5.16 J/m², (110) 34.93 GPa at 0.6 Å and 5.13 J/m².

Of each plane `maxima_GPa` and where, Å, `work_J_m2`, and what is said of the law.
"""

import argparse

from atomistic import load_potential
from atomistic.decohesion.rigid_path import default_openings, rigid_path
from atomistic.decohesion.slab import cleavage_slab, conventional_cell
from atomistic.properties.bulk import equilibrium
from benchmarks.output import report
from coupling.interface.rigid_path import rigid_law
from coupling.interface.shape import maxima, shape_findings
from coupling.units import EV_A3, GPA

PLANES = {(1, 0, 0): (35.05, 5.16), (1, 1, 0): (34.93, 5.13)}
"""Peak in GPa and work of separation in J/m² by DFT."""
LAYERS, OPENINGS = 8, 40


def measure(name: str = "7net-l3i5") -> dict[str, object]:
    """Peaks and works of both planes."""
    potential = load_potential(name)
    crystal = equilibrium(potential, "Fe", "bcc")
    figures: dict[str, object] = {"potential": name, "lattice_A": float(conventional_cell(crystal)[0, 0])}
    for plane, (peak, work) in PLANES.items():
        slab = cleavage_slab(crystal, plane, LAYERS, conventional=conventional_cell(crystal))
        samples = rigid_path(potential, slab, default_openings(points=OPENINGS), shear=False)
        tops = maxima(samples.traction)
        key = "Fe" + "".join(map(str, plane))
        figures |= {
            f"{key}_maxima_GPa": [round(float(samples.traction[k] * EV_A3 / GPA), 2) for k in tops],
            f"{key}_maxima_at_A": [round(float(samples.opening[k]), 2) for k in tops],
            f"{key}_peak_dft_GPa": peak,
            f"{key}_work_J_m2": rigid_law(samples).work_of_separation,
            f"{key}_work_dft_J_m2": work,
            f"{key}_said": [str(one) for one in shape_findings(samples)],
        }
    return figures


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("potential", nargs="?", default="7net-l3i5")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    report(measure(options.potential), options.json)
