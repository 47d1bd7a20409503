"""Pull a beam with hydrogen on its interface fast and slowly: two fracture energies of one law.

The law knows its coverage: hydrogen lowers the work of separation, more on the open faces than on the closed interface. Fast,
the faces part with what they hold; slowly, hydrogen comes to them from the beam.
"""

from pathlib import Path
from typing import Any

import numpy as np
import yaml

import multiscale
from continuum.specimens.dcb import DoubleCantileverBeam
from coupling.exchange.storage import save_law
from coupling.laws.bilinear import Bilinear
from coupling.laws.coverage import CoverageLaw
from coupling.units import AVOGADRO

SITES = 1e19  # 1/m²
CLOSED = -20e3 / AVOGADRO * SITES  # J/m², of a full interface, from hydrogen in the lattice

STUDY: dict[str, Any] = {
    "study": "specimen", "title": "Beam with hydrogen", "mesh": "dcb.msh", "mesh_unit": "um", "kind": "plane strain",
    "bodies": {name: {"young": "200 GPa", "poisson": 0.3} for name in ("upper", "lower")},
    "interfaces": {"bond": {"plus": "upper", "minus": "lower", "law": "law.json"}},
    "supports": [{"group": "end", "component": "x"}],
    "loads": [{"group": f"load_{name}", "component": "y", "factor": f} for name, f in (("upper", 0.5), ("lower", -0.5))],
    "loading": {"opening": "0.33 um", "steps": 50},
    "transport": {
        "species": "H", "temperature": "300 K", "scheme": "iterated", "tolerance": 0.05,
        "bodies": {
            name: {"diffusivity": "1e-12 m^2/s", "partial_molar_volume": "2 cm^3/mol", "sites": "1.5e5 mol/m^3"}
            for name in ("upper", "lower")
        },
        "interfaces": {"bond": {"exchange": "1e-5 m/s"}},
        "boundaries": [{"group": f"load_{name}", "potential": "-23.4579 kJ/mol"} for name in ("upper", "lower")],
        "initial_potential": "-23.4579 kJ/mol",
    },
}  # fmt: skip


def main(folder: Path, durations: tuple[str, ...] = ("1e-6 s", "3 s"), **loading: Any) -> list[float]:
    """Fracture energies of the beam opened in these times, J/m²."""
    folder.mkdir(parents=True, exist_ok=True)
    beam = DoubleCantileverBeam(14, 1, 3, 7, fine=0.125, coarse=0.5, grading=0.6, element="quadrilateral")
    beam.write(folder / "dcb.msh")
    triangles = [Bilinear(2.0, 0.25e9, 0.125e18), Bilinear(1.5, 0.2125e9, 0.125e18)]
    save_law(CoverageLaw(triangles, np.array([0.0, 1.0]), np.array([0.0, CLOSED]), SITES, 0.2), folder / "law.json")
    energies = []
    for number, duration in enumerate(durations):
        study = STUDY | {"loading": STUDY["loading"] | {"duration": duration} | loading}
        (folder / "study.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
        results = multiscale.run_study(folder / "study.yaml", folder / f"run_{number}")
        energies.append(float(results["gc_from_fe"]))
    return energies


if __name__ == "__main__":
    import sys

    fast, slow = main(Path("runs/hydrogen_dcb"))
    sys.stdout.write(f"fracture energy, fast: {fast:.3f} J/m²; slow: {slow:.3f} J/m²\n")
