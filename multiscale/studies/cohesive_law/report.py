"""What a cohesive law shows in a report: its landmarks, curves and fits, and its γ-surface."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from coupling.contracts import FloatArray
from coupling.interface.error_bars import landmark_std, spread
from coupling.interface.fit import Fit
from coupling.laws.law import Law
from coupling.laws.mixed import MixedModeLaw
from coupling.units import ANGSTROM
from multiscale.runtime.records import Picture, Plot, PlotSeries, Table
from multiscale.runtime.results import Results
from multiscale.studies.law_report import tension

if TYPE_CHECKING:
    from atomistic.decohesion.mixed_path import Refinement

_POINTS = 600
_MAP = 24


def report_law(results: Results, law: Law, fits: Sequence[Fit]) -> None:
    """Landmarks with their error bars, the curve with its samples, and the closed forms fitted to it.

    Args:
        results: Takes it.
        law: The law.
        fits: Closed forms that were fitted to it, the nearest first; none where it is initially rigid.
    """
    add = results.add
    for name, unit, what in (
        ("work_of_separation", "J/m^2", "work of separation"),
        ("peak_traction", "Pa", "peak traction"),
        ("opening_at_peak", "m", "opening at the peak"),
    ):
        add(name, getattr(law, name), unit, what, uncertainty=landmark_std(law, name), headline=True)
    results.summary = _summary(law)
    samples: Any = law.zero_slip if isinstance(law, MixedModeLaw) else law
    if law.initially_rigid:
        add(
            "initial_traction",
            float(law.normal(np.zeros(1))[1][0]),
            "Pa",
            "traction at which the closed faces begin to part",
            uncertainty=spread(law, lambda one: float(one.normal(np.zeros(1))[1][0])),
        )
        results.notes.append(
            "The gap is in the bulk: the law is initially rigid. The elements carry all spacings, the interface's own among "
            "them, and must hold the faces together (a multiplier, tied nodes) until the traction reaches the initial one; "
            "a solver without constraints takes law.on_spring(k)."
        )
    else:
        add(
            "initial_stiffness",
            float(law.normal(np.zeros(1))[2][0]),
            "Pa/m",
            "normal stiffness of the closed interface",
            uncertainty=spread(law, lambda one: float(one.normal(np.zeros(1))[2][0])),
        )
        results.notes.append(
            "The gap is in the law: it has the stiffness of one layer spacing, which the mesh must not carry again."
        )
    sampled = samples.sampled or samples is not law
    opening = np.linspace(samples.opening[0] if sampled else 0.0, law.final_opening, _POINTS)
    energy, traction, _ = law.normal(opening)
    columns: dict[str, Any] = {"traction": ("Pa", traction), "energy": ("J/m^2", energy)}
    atoms = [PlotSeries("samples", "opening", "traction", "atoms", "points")] if sampled else []
    lines = [PlotSeries("law", "opening", "traction", "law"), *atoms]
    if fits:
        lines += _fits(results, fits, opening, columns)
    results.add_curve("law", "the law and its closed-form fits", opening=("m", opening), **columns)
    lines += _samples(results, samples) if sampled else []
    lines += _limit(results, law)
    caption = "Points are atomistic samples; dashed lines are closed forms with the same work and peak, or one standard deviation."
    limits = tension(law)
    results.plots.append(Plot("Traction", "opening", "Å", "traction", "GPa", tuple(lines), caption, limits=limits))
    energies = (
        PlotSeries("law", "opening", "energy", "law"),
        *(PlotSeries("samples", "opening", "energy", "atoms", "points") for _ in atoms),
    )
    results.plots.append(Plot("Energy per area", "opening", "Å", "energy per area", "J/m^2", energies))
    if "naive" in results.curves and sampled:
        both = (PlotSeries("samples", "opening", "traction", "excess", "line and points"),
                PlotSeries("naive", "elongation", "traction", "naive: slab's elongation", "line and points"))  # fmt: skip
        results.plots.append(Plot("What the subtraction buys", "opening", "Å", "traction", "GPa", both,
                                  "The naive curve depends on the slab's thickness and turns back; the excess does not.",
                                  limits=limits))  # fmt: skip
    results.notes.append(
        "law.json can be used without atoms (coupling.exchange.storage.load_law); law_*.* are blocks for other codes."
    )


def _summary(law: Law) -> str:
    """What parts, at which traction."""
    if law.count.equilibrium_traction is None:
        return "The interface parts at a traction of {peak_traction}, {opening_at_peak} open, and takes {work_of_separation} in all."
    highest = f"{law.count.equilibrium_traction / 1e9:.4g} GPa"
    return f"The crystal parts before the interface, at a traction of {highest}; the law takes {{work_of_separation}} in all."


def _limit(results: Results, law: Law) -> list[PlotSeries]:
    """The highest traction in equilibrium, where the law does not end by itself."""
    highest = law.count.equilibrium_traction
    if highest is None:
        return []
    reached = np.array([law.count.equilibrium_until or 0.0, law.final_opening])
    results.add_curve(
        "limit", "highest traction in equilibrium", opening=("m", reached), traction=("Pa", np.full(2, highest))
    )
    return [PlotSeries("limit", "opening", "traction", "no equilibrium beyond: the crystal parts", "dashed")]


def _samples(results: Results, law: Any) -> list[PlotSeries]:
    """The samples with their standard deviations; the lines that show these."""
    columns: dict[str, Any] = {"traction": ("Pa", law.traction), "energy": ("J/m^2", law.energy)}
    spread, lines = getattr(law, "traction_std", None), []
    if spread is not None:
        columns |= {
            "traction_std": ("Pa", spread),
            "upper": ("Pa", law.traction + spread),
            "lower": ("Pa", law.traction - spread),
        }
        lines = [
            PlotSeries("samples", "opening", name, label, "dashed")
            for name, label in (("upper", "± one standard deviation"), ("lower", ""))
        ]
    if getattr(law, "energy_std", None) is not None:
        columns["energy_std"] = ("J/m^2", law.energy_std)
    results.add_curve("samples", "atomistic samples", opening=("m", law.opening), **columns)
    return lines


def _fits(results: Results, fits: Sequence[Fit], opening: FloatArray, columns: dict[str, Any]) -> list[PlotSeries]:
    """The closed forms, as columns and as lines."""
    rows, lines = [], []
    for found in fits:
        rows.append((found.error.kind, found.error.traction, found.error.energy))
        column = found.error.kind.replace("-", "_")
        columns[column] = ("Pa", found.law.normal(opening)[1])
        lines.append(PlotSeries("law", "opening", column, found.error.kind, "dashed"))
    head = ("form", "traction error over peak", "energy error over work")
    results.tables.append(Table("Closed-form fits", head, tuple(rows)))
    return lines


def report_mixed(
    results: Results, law: MixedModeLaw, history: "Sequence[Refinement]", folder: Path, is_root: bool
) -> None:
    """The γ-surface, the shear along both periods, and how the grid was refined."""
    fractions = np.linspace(0.0, 1.0, _MAP + 1)
    first, second = np.meshgrid(fractions, fractions, indexing="ij")
    places = np.column_stack([first.ravel(), second.ravel()])
    slips = places @ law.lattice
    surface = law.gamma_surface(slips).reshape(first.shape)
    results.add(
        "gamma_surface_highest", surface.max(), "J/m^2", "highest point of the γ-surface, gap relaxed", headline=True,
        uncertainty=spread(law, lambda one: _highest(one, places)),
    )  # fmt: skip
    columns = {f"along_{k + 1}": law.gamma_surface(fractions[:, None] * law.lattice[k]) for k in (0, 1)}
    results.add_curve(
        "gamma",
        "γ-surface along the two periods, gap relaxed",
        slip=("", fractions),
        **{k: ("J/m^2", v) for k, v in columns.items()},
    )
    lines = tuple(PlotSeries("gamma", "slip", name, f"period {name[-1]}", "line") for name in columns)
    results.plots.append(Plot("Slip in contact", "slip over the period", "", "energy per area", "J/m^2", lines))
    results.summary += " Sliding in contact costs up to {gamma_surface_highest}."
    rows = tuple(
        (h.evaluations, h.openings, f"{h.divisions} × {h.divisions}", h.opening_error, h.slip_error) for h in history
    )
    head = ("structures", "openings", "slips", "error from openings", "error from slips")
    results.tables.append(
        Table("Refinement of the grid", head, rows, "Estimated energy errors over the work of separation.")
    )
    if is_root:
        _draw(slips.reshape(*first.shape, 2), surface, folder / "gamma_surface.png")
    results.pictures.append(
        Picture(
            "gamma_surface.png",
            "γ-surface",
            "Energy of the slipped faces at the gap without traction, over one period.",
        )
    )


def _highest(law: Any, places: FloatArray) -> float:
    """Of the γ-surface of a law of opening and slip, at parts of its own periods."""
    return float(law.gamma_surface(places @ law.lattice).max())


def _draw(slips: FloatArray, surface: FloatArray, path: Path) -> None:
    from multiscale.runtime.drawing import picture

    with picture(path, (5.0, 3.6)) as figure:
        axes = figure.subplots()
        shown = axes.contourf(slips[..., 0] / ANGSTROM, slips[..., 1] / ANGSTROM, surface, levels=24, cmap="viridis")
        axes.set_aspect("equal")
        axes.set(xlabel="slip along x (Å)", ylabel="slip along y (Å)")
        figure.colorbar(shown, ax=axes, label="energy per area (J/m²)")
