"""Small files that were once read wrongly, without a word: each is read with the right answer, or refused for what it is.

They lie in `../shared/cases` beside the repository, where that is there, and in the tests' data.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.attack_bases import BASES, DATA
from coupling.errors import InputError

SHARED = Path(__file__).parents[2] / "shared" / "cases"
_KEPT = {
    "abaqus": DATA / "continuum" / "data" / "abaqus", "gmsh": DATA / "continuum" / "data" / "gmsh",
    "crystals": DATA / "atomistic" / "data", "embedding": DATA / "atomistic" / "data",
}  # fmt: skip
STRIP = {
    "lower": sorted((x, y) for x in (0.5, 1.5, 2.5, 3.5) for y in (-0.75, -0.25)),
    "upper": sorted((x, y) for x in (0.5, 1.5, 2.5, 3.5) for y in (0.25, 0.75)),
    "bond": [(x, 0.0) for x in (0.5, 1.5, 2.5, 3.5)],
    "bottom": [(x, -1.0) for x in (0.5, 1.5, 2.5, 3.5)],
}
"""Centres of what the Abaqus files call so: a strip 4 long, two elements high on either side of the bond."""
CRACKED = STRIP | {"bond": STRIP["bond"][1:], "left": [(0.0, 0.25), (0.0, 0.75)]}
"""The same with a crack at its left, above which it is loaded."""
BOXES = {
    "lower": (0, 4, -1, 0),
    "upper": (0, 4, 0, 1),
    "bond": (0, 4, 0, 0),
    "bottom": (0, 4, -1, -1),
    "top": (0, 4, 1, 1),
}
"""Extent of what the Gmsh files call so."""


def place(kind: str, name: str) -> Path:
    """Where a case lies."""
    shared = SHARED / kind / name
    return shared if shared.is_file() else _KEPT[kind] / name


def strip(path: Path) -> bool:
    """Whether an Abaqus file's groups are the elements that it lists."""
    from continuum.mesh.file import read_file

    mesh = read_file(path, ["lower", "upper"])
    found = {
        name: sorted(tuple(np.round(mesh.points[row].mean(axis=0), 6).tolist()) for row in nodes)
        for name, nodes in (mesh.cells | mesh.facets).items()
    }
    expected = CRACKED if path.stem.startswith("silent") else STRIP
    return all(found.get(name) == centres for name, centres in expected.items()) and not len(mesh.others)


def boxes(path: Path) -> bool:
    """Whether a Gmsh file's groups are where they were drawn, and nothing else is taken for a cell."""
    from continuum.mesh.file import read_file

    mesh = read_file(path, ["lower", "upper"])
    found = {}
    for name, nodes in (mesh.cells | mesh.facets).items():
        low, high = mesh.points[np.unique(nodes)].min(axis=0), mesh.points[np.unique(nodes)].max(axis=0)
        found[name] = (low[0], high[0], low[1], high[1])
    return all(np.allclose(found[name], box, atol=1e-9) for name, box in BOXES.items()) and not len(mesh.others)


def refused(words: str) -> Callable[[Path], bool]:
    """Whether a structure is refused as a crystal for this cause."""

    def tried(path: Path) -> bool:
        from atomistic.decohesion.slab import read_crystal

        try:
            read_crystal(path)
        except InputError as error:
            return words in str(error)
        return False

    return tried


def ion(path: Path) -> bool:
    """Whether the ion of a file has its charge: from the file's atoms, or where the file has a sum alone, from the input."""
    return all(_charge(path, given) == expected for given, expected in EXPECTED[path.name].items())


def _charge(path: Path, given: int | None) -> int | str:
    """The total charge of the region's cluster and of the whole, which are equal; or why there is none."""
    from atomistic.structure_files import read_structure
    from multiscale.studies import parse_study
    from multiscale.studies.embedding.regions import selected, totals

    region = BASES["ion"]["regions"]["ion"] | ({} if given is None else {"charge": given})
    study = parse_study(BASES["ion"] | {"regions": {"ion": region}, "structure": {"file": str(path)}})
    found = read_structure(path)
    regions, clusters = selected(study, found.atoms)  # type: ignore[arg-type]
    try:
        whole, (own,) = totals(study, found).of([one.name for one in regions], clusters, len(found.atoms))  # type: ignore[arg-type]
    except InputError as error:
        return "refused" if "say which region" in str(error) or "leave one out" in str(error) else str(error)
    return own if own == whole else f"{own} of {whole}"


EXPECTED: dict[str, dict[int | None, int | str]] = {
    "plain.extxyz": {None: 0, 1: 1},
    "info_charge.extxyz": {None: "refused", 1: 1, 2: "refused"},
    "initial_charges.extxyz": {None: 1, 1: 1, 2: "refused"},
}
"""Charge of the region by what the input gives."""


def option(path: Path) -> bool:
    """Whether a misspelt option of an engine is refused by its name."""
    import yaml

    from atomistic.embedding.engines import check_engine

    block = yaml.safe_load(path.read_text())["quantum"] if path.is_file() else {"name": "gfn2-xtb", "total_charge": 1}
    try:
        check_engine(block["name"], [key for key in block if key != "name"])
    except InputError as error:
        return "'total_charge'" in str(error) and "Did you mean 'charge'" in str(error)
    return False


_ABAQUS = (
    "a_one_part", "a_reference", "b2_unnamed_between", "b_two_equal_parts", "d_set_of_sets", "e_generate", "f_cae_flat",
    "g_two_node_blocks", "h_lower_case", "silent_right", "silent_wrong",
)  # fmt: skip
CASES: list[tuple[str, str, Callable[[Path], bool]]] = [
    *(("abaqus", f"{name}.inp", strip) for name in _ABAQUS),
    *(("gmsh", f"{name}.msh", boxes) for name in ("parametric_22", "saveall_22", "saveall_41")),
    ("crystals", "solid_solution.cif", refused("occupancy Cu 0.5, Ni 0.5")),
    ("crystals", "two_images.extxyz", refused("holds 2 structures")),
    *(("embedding", name, ion) for name in EXPECTED),
    ("embedding", "wrong_option.yaml", option),
]
"""Kind, file, and what tells whether it is read right."""


def cases(say: bool = False) -> dict[str, int]:
    """How many cases there are, and how many come out right."""
    right = 0
    for kind, name, judge in CASES:
        try:
            good = judge(place(kind, name))
        except InputError as error:  # the reader of Gmsh files names the option that made them so
            good, name = kind == "gmsh" and "Mesh.Save" in str(error), f"{name}: {error}"
        right += good
        if say:
            sys.stderr.write(f"{'  ' if good else '!!'} {kind}/{name}\n")
    return {"cases": len(CASES), "cases_right": right}
