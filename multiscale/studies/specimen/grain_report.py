"""What a specimen study shows of a polycrystal: its boundaries by class, which of them broke, and a picture of the crack's path."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from coupling.contracts import FloatArray
from coupling.units import SI_FACTORS
from multiscale.runtime.context import RunContext
from multiscale.runtime.records import Amount, Picture, Table
from multiscale.runtime.results import Results
from multiscale.studies.specimen.grains import Texture
from multiscale.studies.specimen.loading_report import Frame
from multiscale.studies.specimen.schema import SpecimenStudy

if TYPE_CHECKING:
    from continuum.mesh.file import FileMesh
    from continuum.post.crack_path import CrackPath
    from continuum.solver.problem import CohesiveProblem

_PALE = 0.55  # of white in the grains' colours, so that boundaries stand out


def report_grains(
    results: Results, study: SpecimenStudy, context: RunContext, problem: "CohesiveProblem", state: object,
    textures: dict[str, Texture], frame: Frame,
) -> None:  # fmt: skip
    """Grains, classes of boundaries and the crack's path of each polycrystal. Collective.

    Args:
        results: Takes it.
        study: The study.
        context: Its run.
        problem: Its problem.
        state: The last state.
        textures: The grains, by body.
        frame: The units.
    """
    from continuum.post.crack_path import crack_path

    for body, texture in textures.items():
        path = crack_path(problem, state, body)
        if not context.is_root:
            continue
        prefix = "" if len(textures) == 1 else f"{body}_"
        _report_numbers(results, prefix, texture, path, frame)
        _report_classes(results, study, body, texture, path, frame)
        _report_boundaries(results, prefix, list(study.interfaces), texture, path, frame)
        if study.dimension == 2:
            file = f"{prefix}crack_path.png"
            _draw(study, body, texture, path, context.folder / file)
            said = "Grains, coloured by the crystal direction along x; boundaries by their class; black: the crack."
            results.pictures.append(Picture(file, "Path of the crack", said))


def crack_areas(problem: "CohesiveProblem", state: object, textures: dict[str, Texture]) -> dict[str, float]:
    """Broken boundaries, m² or m per thickness, by the name under which they are reported. Collective."""
    from continuum.post.crack_path import crack_path

    found = {}
    for body in textures:
        path = crack_path(problem, state, body)
        found[("" if len(textures) == 1 else f"{body}_") + "crack_area"] = _broken(path)
    return found


def _broken(path: "CrackPath") -> float:
    return float(path.areas[path.broken].sum())


def _report_numbers(results: Results, prefix: str, texture: Texture, path: "CrackPath", frame: Frame) -> None:
    crack = _broken(path)
    results.add(f"{prefix}grains", len(texture.orientations), "", "number of grains")
    results.add(f"{prefix}grain_boundaries", len(texture.pairs), "", "number of boundaries between two grains")
    results.add(f"{prefix}boundary_area", float(path.areas.sum()), frame.area, f"all boundaries{_measure(frame)}")
    results.add(f"{prefix}crack_area", crack, frame.area, f"broken boundaries{_measure(frame)}", headline=True)


def _measure(frame: Frame) -> str:
    return ": their length" if frame.per else ": their area"


def _report_classes(
    results: Results, study: SpecimenStudy, body: str, texture: Texture, path: "CrackPath", frame: Frame
) -> None:
    """The table of the classes."""
    names = list(study.interfaces)
    whole = path.by_interface(path.areas, len(names))
    crack = path.by_interface(path.areas * path.broken, len(names))
    rows = []
    for number, name in enumerate(names):
        rule = study.interfaces[name].grains
        if rule is None or rule.body != body:
            continue
        count = texture.names.count(name)
        shares = [values[number] / (values.sum() or 1.0) for values in (whole, crack)]
        area = Amount(float(whole[number]), frame.area)
        rows.append((name, count, area, Amount(float(shares[0]), ""), Amount(float(shares[1]), "")))
    columns = ("class", "boundaries", "length" if frame.per else "area", "share of all", "share of the crack")
    said = "Each boundary has the law of the first class whose conditions its misorientation fits."
    results.tables.append(Table(f"Boundaries of {body!r}", columns, tuple(rows), said))


def _report_boundaries(
    results: Results, prefix: str, classes: list[str], texture: Texture, path: "CrackPath", frame: Frame
) -> None:
    """The curves of the boundaries and of the grains; classes have their numbers in the order of the input."""
    numbers = {name: number for number, name in enumerate(name for name in classes if name in texture.names)}
    told = ", ".join(f"{number} {name}" for name, number in numbers.items())
    results.add_curve(
        f"{prefix}boundaries", f"boundaries between two grains; class: {told}",
        grain=("", texture.pairs[:, 0] + 1), other_grain=("", texture.pairs[:, 1] + 1),
        misorientation=("rad", texture.angles), **{f"axis_{i + 1}": ("", texture.axes[:, i]) for i in range(3)},
        of_class=("", [numbers[name] for name in texture.names]), area=(frame.area, path.by_boundary(path.areas)),
        broken=(frame.area, path.by_boundary(path.areas * path.broken)),
    )  # fmt: skip
    at, axes = path.broken, "xyz"[: path.centres.shape[1]]
    if at.any():
        results.add_curve(
            f"{prefix}crack_path", "facets that broke", **{axis: ("m", path.centres[at, i]) for i, axis in enumerate(axes)},
            area=(frame.area, path.areas[at]), grain=("", path.grains[at, 0] + 1), other_grain=("", path.grains[at, 1] + 1),
        )  # fmt: skip
    entries = {f"g{i + 1}{j + 1}": ("", texture.orientations[:, i, j]) for i in range(3) for j in range(3)}
    what = "orientations of the grains: rows are the mesh's axes in the crystal's"
    results.add_curve(f"{prefix}grains", what, grain=("", np.arange(len(texture.orientations)) + 1), **entries)


def _draw(study: SpecimenStudy, body: str, texture: Texture, path: "CrackPath", file: Path) -> None:
    """Grains, boundaries and crack of a plane polycrystal."""
    from continuum.mesh.file import read_file

    draw_crack(
        read_file(study.mesh_file, study.cell_groups), study.grain_groups[body], texture, path, file, study.mesh_unit
    )


def draw_crack(
    mesh: "FileMesh", groups: tuple[str, ...], texture: Texture, path: "CrackPath", file: Path, unit: str = "nm"
) -> None:
    """Draw the grains of a plane polycrystal, the classes of their boundaries, and the crack.

    Args:
        mesh: As in its file.
        groups: Of its grains.
        texture: Their orientations and boundaries.
        path: Which of these broke.
        file: The PNG to write.
        unit: Of the file's coordinates.
    """
    from matplotlib.collections import LineCollection, PolyCollection

    from multiscale.runtime.drawing import COLOURS, picture

    corners = 4 if mesh.cell.startswith("quad") else 3
    along = np.stack([-path.normals[:, 1], path.normals[:, 0]], axis=1) * path.areas[:, None] / 2
    segments = np.stack([path.centres - along, path.centres + along], axis=1) / SI_FACTORS["length"][unit]
    pairs = {tuple(pair): name for pair, name in zip(texture.pairs.tolist(), texture.names, strict=True)}
    names = np.array([pairs[tuple(pair)] for pair in path.grains.tolist()])
    with picture(file, (5.6, 5.0)) as figure:
        axes = figure.subplots()
        for group, orientation in zip(groups, texture.orientations, strict=True):
            colour = _colour(orientation[0])
            cells = PolyCollection(
                mesh.points[mesh.cells[group][:, :corners]], facecolor=colour, edgecolor=colour, linewidth=0.4
            )
            axes.add_collection(cells)
        for number, name in enumerate(dict.fromkeys(texture.names)):
            lines = LineCollection(
                segments[names == name], colors=COLOURS[number % len(COLOURS)], linewidths=1.0, label=name
            )
            axes.add_collection(lines)
        axes.add_collection(LineCollection(segments[path.broken], colors="black", linewidths=3.0, label="crack"))
        axes.set_aspect("equal")
        axes.autoscale_view()
        axes.set(xlabel=f"x ({unit})", ylabel=f"y ({unit})")
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=4)


def _colour(direction: FloatArray) -> tuple[float, float, float]:
    """Red near ⟨100⟩, green near ⟨110⟩, blue near ⟨111⟩, as in a map of inverse pole figures; paled."""
    least, middle, most = np.sort(np.abs(direction))
    hue = np.array([most - middle, np.sqrt(2) * (middle - least), np.sqrt(3) * least])
    red, green, blue = _PALE + (1 - _PALE) * hue / hue.max()
    return float(red), float(green), float(blue)
