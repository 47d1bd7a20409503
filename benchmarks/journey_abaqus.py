"""An Abaqus assembly of two parts and a tie that takes a law, from its file to G_c.

Two parts, two instances, CPE4 cells and surfaces that a `*TIE` joins, as Abaqus/CAE writes them, are pulled open along the tie.
`force_balance` is the largest difference between the load and the traction on the tie, summed, over the largest load;
`gc_error` that of G_c from the law's work, relative.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.journey import Held, ran
from multiscale.runtime.results import Results

LENGTH, ROWS, CRACK = 60, 3, 20
"""Of an Abaqus beam, in elements of 1 mm: its length, the height of an arm, and where the tie begins."""
ABAQUS: dict[str, Any] = {
    "study": "specimen", "mesh": "assembly.inp", "mesh_unit": "mm", "kind": "plane strain", "order": 2,
    "bodies": {name: {"young": "70 GPa", "poisson": 0.33} for name in ("Upper-1", "Lower-1")},
    "interfaces": {"Bond": {"plus": "Upper-1", "minus": "Lower-1", "law": {
        "kind": "bilinear", "work_of_separation": "1 kJ/m^2", "peak_traction": "20 MPa", "stiffness": "1e4 MPa/mm"}}},
    "supports": [{"group": "end", "component": "x"}],
    "loads": [
        {"group": "Upper-1.pulled", "component": "y", "factor": 0.5}, {"group": "Lower-1.pulled", "component": "y", "factor": -0.5},
    ],
    "loading": {"opening": "2.2 mm", "steps": 20, "growth": 0.04},
}  # fmt: skip


def _rows(start: int, numbers: Iterable[Iterable[float]]) -> list[str]:
    return [", ".join(map(str, (start + i, *of))) for i, of in enumerate(numbers)]


def _part(name: str, tied: int, face: str) -> list[str]:
    """An arm drawn from its own origin; its face S1 or S3 in the given row of elements is tied from the crack's tip on."""
    wide = LENGTH + 1
    nodes = [(float(x), float(y)) for y in range(ROWS + 1) for x in range(wide)]
    corners = [y * wide + x + 1 for y in range(ROWS) for x in range(LENGTH)]
    cells = [(at, at + 1, at + wide + 1, at + wide) for at in corners]
    first, count = tied * LENGTH + 1, LENGTH * ROWS
    return [
        f"*Part, name={name}", "*Node", *_rows(1, nodes), "*Element, type=CPE4", *_rows(1, cells),
        "*Elset, elset=Set-1, generate", f"1, {count}, 1",
        "*Elset, elset=_pulled_S4, internal, generate", f"1, {count - LENGTH + 1}, {LENGTH}",
        "*Surface, type=ELEMENT, name=pulled", "_pulled_S4, S4",
        f"*Elset, elset=_tied_{face}, internal, generate", f"{first + CRACK}, {first + LENGTH - 1}, 1",
        f"*Surface, type=ELEMENT, name=tied_{name}", f"_tied_{face}, {face}",
        "** Section: steel", "*Solid Section, elset=Set-1, material=Steel", ",", "*End Part",
    ]  # fmt: skip


def write_assembly(path: Path) -> None:
    """A double cantilever beam as an Abaqus/CAE assembly: two parts, the upper one moved into its place, one tie."""
    count = LENGTH * ROWS
    path.write_text("\n".join([
        "*Heading", "** Job name: beam Model name: Model-1", "*Preprint, echo=NO, model=NO, history=NO, contact=NO",
        "** PARTS", *_part("Lower", ROWS - 1, "S3"), *_part("Upper", 0, "S1"),
        "** ASSEMBLY", "*Assembly, name=Assembly",
        "*Instance, name=Lower-1, part=Lower", "*End Instance",
        "*Instance, name=Upper-1, part=Upper", f"0., {ROWS}., 0.", "*End Instance",
        "*Elset, elset=_end_S2, internal, instance=Lower-1, generate", f"{LENGTH}, {count}, {LENGTH}",
        "*Elset, elset=_end_S2, internal, instance=Upper-1, generate", f"{LENGTH}, {count}, {LENGTH}",
        "*Surface, type=ELEMENT, name=end", "_end_S2, S2",
        "** Constraint: Bond", "*Tie, name=Bond, adjust=yes, type=SURFACE TO SURFACE", "Upper-1.tied_Upper, Lower-1.tied_Lower",
        "*End Assembly", "** MATERIALS", "*Material, name=Steel", "*Elastic", "70000., 0.33", "",
    ]), encoding="utf-8")  # fmt: skip


def _unbalanced(results: Results) -> float:
    """The largest difference of the load from the summed traction on the interface, which alone holds the upper arm."""
    import pyvista

    reader = pyvista.HDFReader(results.folder / "fields.vtkhdf")
    reader.reader.UpdateInformation()
    load = results.curves["load_displacement"].values["load"]
    apart = []
    for step in range(reader.reader.GetNumberOfSteps()):
        reader.reader.SetStep(step)
        bond = reader.read()["Bond"]
        lengths = np.asarray(bond.compute_cell_sizes(volume=False, area=False).cell_data["Length"])
        pulled = float(np.asarray(bond.cell_data["normal_traction"]) @ lengths)
        apart.append(abs(pulled - load[int(bond.field_data["Time"][0])]))
    return float(max(apart) / load.max())


def journey(folder: Path) -> dict[str, Held]:
    """An assembly whose tie takes a law: the load is the tractions' sum, and G_c the law's work."""
    write_assembly(folder / "assembly.inp")
    results = ran(ABAQUS, folder, "abaqus")
    work = results["work_of_separation"]
    return {
        "force_balance": Held(_unbalanced(results), 1e-8),
        "gc_error": Held(abs(results["gc_from_fe"] / work - 1), 5e-3),
    }
