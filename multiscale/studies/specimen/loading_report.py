"""What every loading of a specimen shows: loads and energies against the opening, growth, profiles, a picture."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from coupling.contracts import FloatArray
from coupling.laws.law import Law
from multiscale.runtime.records import Amount, LineStyle, Picture, Plot, PlotSeries, RunFile, Table, View
from multiscale.runtime.results import Results
from multiscale.studies.specimen.film import FILE, Film
from multiscale.studies.specimen.findings import LoadingFindings

if TYPE_CHECKING:
    from continuum.post.output import Snapshot
    from continuum.solver.record import Loading

_ROUNDING = 1e-9  # of the work (friction: of what was dissipated): a smaller energy is not shown
_POINTS = 600


@dataclass(frozen=True)
class Frame:
    """Units of an analysis, and how its axes are shown.

    Attributes:
        force: Unit of a load.
        energy: Unit of an energy.
        area: Unit of an area.
        per: What follows a quantity's name: " per thickness", or nothing.
        shown: Unit of openings in plots.
        controlled: What the load parameter is: a displacement, or a multiple of tractions.
    """

    force: str = "N/m"
    energy: str = "J/m"
    area: str = "m"
    per: str = " per thickness"
    shown: str = "nm"
    controlled: str = "opening"

    @classmethod
    def of(cls, kind: str, shown: str, controlled: str) -> "Frame":
        """The frame of a kind of analysis."""
        if kind in ("plane strain", "plane stress"):
            return cls(shown=shown, controlled=controlled)
        return cls("N", "J", "m^2", "", shown, controlled)


def report_law_curve(results: Results, name: str, law: Law, first: float) -> None:
    """The curve of a law without slip, from the opening `first` in m to the final one."""
    opening = np.linspace(first, law.final_opening, _POINTS)
    energy, traction, _ = law.normal(opening)
    results.add_curve(
        name, "cohesive law, interpolated", opening=("m", opening), traction=("Pa", traction), energy=("J/m^2", energy)
    )


def report_growth(
    results: Results, record: "Loading", frame: Frame, found: LoadingFindings, work_of_separation: float | None
) -> None:
    """G_c from the energy balance, peak load, balance, growth; the law's work is None where several laws act."""
    add, last, growth = results.add, record.steps[-1], found.growth
    if growth is None:
        results.notes.append(f"G_c could not be taken from this loading: {found.unsteady}")
    else:
        released = growth.energy_release_rate
        what = "critical energy release rate G_c from the finite-element energy balance"
        add("gc_from_fe", released, "J/m^2", what, headline=True)
        what = (
            f"by how much G_c may be wrong: process zone and slope between the states {growth.first} and {growth.last}"
        )
        add("gc_from_fe_spread", growth.spread, "J/m^2", what)
        if last.energies.bulk_loss:
            what = "toughness: what the loads bring per area of growth, the bodies' dissipation with it"
            add("toughness", growth.toughness, "J/m^2", what, headline=True)
            add("toughening", growth.toughness / released, "", "toughness over what the interface takes", headline=True)
        if work_of_separation is not None:
            difference = abs(released / work_of_separation - 1)
            add(
                "gc_relative_error",
                difference,
                "",
                "relative difference of G_c from the work of separation",
                headline=True,
            )
    add(
        "energy_balance_relative_error",
        found.balance_error,
        "",
        "relative difference of external work from stored plus dissipated energy",
        headline=True,
    )
    if frame.controlled == "opening":
        add("peak_load", record.column("force").max(), frame.force, f"peak load{frame.per}", headline=True)
    else:
        add("peak_load_factor", record.column("load").max(), "", "largest multiple of the tractions", headline=True)
    thickness = " (area per thickness)" if frame.per else ""
    add("swept_area", last.broken_area, frame.area, f"crack growth{thickness}")
    what = "element edges" if frame.per else "facets"
    add("process_zone_facets", int(record.column("zone_facets").max()), "", f"{what} in the process zone")


def report_loading(results: Results, record: "Loading", frame: Frame) -> None:
    """The curve of all states, the load against the opening and where the work went."""
    parts = {
        "elastic": np.array([s.energies.elastic for s in record.steps]),
        "interface_stored": np.array([s.energies.stored for s in record.steps]),
        "dissipated": np.array([s.energies.dissipated for s in record.steps]),
    }
    viscous = np.array([s.energies.viscous for s in record.steps])
    if viscous.any():
        parts["viscous"] = viscous
    for name in ("plastic", "relaxed"):
        lost = np.array([sum(getattr(s.energies, name).values()) for s in record.steps])
        if lost.any():
            parts[name] = lost
    if frame.controlled == "opening":
        axes = {"opening": ("m", record.column("load")), "load": (frame.force, record.column("force"))}
        x, y, shown = (
            ("opening", "load-point opening", frame.shown),
            ("load", f"load{frame.per}", frame.force),
            "load-point opening",
        )
    else:
        unit = frame.energy
        axes = {"load_factor": ("", record.column("load")), "displaced": (unit, record.column("displaced"))}
        x, y = (
            ("displaced", "work of the tractions at multiple 1", unit),
            ("load_factor", "multiple of the tractions", ""),
        )
        shown = x[1]
    results.add_curve(
        "load_displacement", "equilibrium states of the loading", **axes,
        crack_growth=(frame.area, record.column("broken_area")), external_work=(frame.energy, record.column("work")),
        **{name: (frame.energy, values) for name, values in parts.items()},
    )  # fmt: skip
    results.plots.append(
        Plot("Load and displacement", x[1], x[2], y[1], y[2], (PlotSeries("load_displacement", x[0], y[0], "", "line and points"),),
             "Every point is a converged equilibrium state.")
    )  # fmt: skip
    series: list[tuple[str, str, LineStyle]] = [
        ("external_work", "external work", "points"), ("elastic", "elastic, bodies", "line"),
        ("dissipated", "dissipated, interface", "line"), ("interface_stored", "stored, interface", "dashed"),
    ]  # fmt: skip
    more: list[tuple[str, str, LineStyle]] = [
        ("viscous", "viscous regularisation", "dashed"),
        ("plastic", "dissipated, plastic bodies", "line"),
        ("relaxed", "dissipated, viscous bodies", "line"),
    ]
    series += [one for one in more if one[0] in parts]
    results.plots.append(
        Plot("Where the work went", shown, x[2], f"energy{frame.per}", frame.energy,
             tuple(PlotSeries("load_displacement", x[0], name, label, style) for name, label, style in series))
    )  # fmt: skip


def report_energies(results: Results, record: "Loading", frame: Frame, owner: str, friction: float = 0.0) -> None:
    """The table of the energies at the end; `owner` is who counts the interfaces."""
    first, last = record.steps[0].energies.total, record.steps[-1]
    rows = [(f"FE, body {name}", "elastic energy", energy) for name, energy in last.energies.bodies.items()]
    for what, lost in (("plastic flow", last.energies.plastic), ("viscosity", last.energies.relaxed)):
        rows += [(f"FE, body {name}", f"dissipated: {what}", energy) for name, energy in lost.items()]
    rows += [
        (owner, "stored in the interface", last.energies.stored),
        (owner, "dissipated: new surfaces", last.energies.dissipated - friction),
    ]
    if friction > _ROUNDING * last.energies.dissipated:
        rows.append(("friction", "dissipated: closed faces that slid", friction))
    if last.energies.viscous:
        rows.append(("viscosity", "dissipated: regularisation", last.energies.viscous))
    rows.append(("sum", "of all energies", last.energies.total))
    preloaded = bool(abs(first) > _ROUNDING * np.abs(record.column("work")).max())
    if preloaded:
        rows.append(("sum", "before the loading", first))
    rows.append(("loads", "external work", last.work))
    start = " after the sum before the loading is subtracted" if preloaded else ""
    results.tables.append(
        Table("Energies at the end", ("owner", "what", "energy"),
              tuple((who, what, Amount(float(energy), frame.energy)) for who, what, energy in rows),
              f"{'Per metre of thickness. ' if frame.per else ''}The sum{start} must equal the external work.")
    )  # fmt: skip


def report_profiles(results: Results, profiles: Mapping[str, tuple[FloatArray, FloatArray, FloatArray]]) -> None:
    """Jump and traction along each interface at the end, in 2D sorted along x."""
    for name, (points, jump, traction) in profiles.items():
        order = np.argsort(points[:, 0])
        columns = {axis: ("m", points[order, i]) for i, axis in enumerate("xyz"[: points.shape[1]])}
        columns |= {"opening": ("m", jump[order, 0]), "slip": ("m", jump[order, 1])}
        if points.shape[1] == 3:
            columns["slip_2"] = ("m", jump[order, 2])
        columns |= {"traction": ("Pa", traction[order, 0]), "shear": ("Pa", traction[order, 1])}
        if points.shape[1] == 3:
            columns["shear_2"] = ("Pa", traction[order, 2])
        results.add_curve(f"profile_{name}", f"interface {name!r} at the end", **columns)


def report_picture(
    results: Results,
    folder: Path,
    snapshot: "Mapping[str, Snapshot]",
    profiles: Mapping[str, tuple[FloatArray, FloatArray, FloatArray]],
    unit: str = "nm",
    stress_unit: str = "GPa",
    magnified: float = 1.0,
) -> None:
    """The deformed plane specimen and its crack tip, where the traction is largest."""
    from multiscale.studies.specimen.picture import draw_specimen

    points, _, traction = next(one for one in profiles.values() if len(one[0]))  # a class of boundaries may have none
    tip = points[np.argmax(traction[:, 0])]
    draw_specimen(snapshot, tip, folder / "deformed.png", unit, stress_unit, magnified)
    said = "True displacements, not magnified" if magnified == 1 else f"Displacements magnified {magnified:g} times"
    colour = "normal to the crack plane" if magnified == 1 else "along y"
    results.pictures.append(
        Picture("deformed.png", "Deformed specimen",
                f"{said}; colour: stress {colour}. Below: the crack tip.")
    )  # fmt: skip


def report_film(results: Results, folder: Path, film: Film, frame: Frame, magnified: float = 1.0) -> None:
    """The states of the loading, for a view that is turned and runs.

    Args:
        results: Takes it.
        folder: The run's folder, which takes the file.
        film: The states.
        frame: The units.
        magnified: Factor on the displacements.
    """
    film.write(folder / FILE, magnified)
    results.files.append(RunFile(FILE, "deformed bodies and their stress along y in the states that the report shows"))
    said = "True displacements" if magnified == 1 else f"Displacements magnified {magnified:g} times"
    unit = "m" if frame.controlled == "opening" else ""
    title = "The crack, state after state" if len(film.loads) > 1 else "The specimen at the end"
    caption = f"{said}; colours end where 2 % of all stresses lie beyond."
    results.views.append(View(FILE, title, caption, "stress along y", "Pa", frame.controlled, unit))
