"""What the dislocation study shows: crystal, core, line, barrier, kink pairs, flow stress; each number with its unit."""

from typing import TYPE_CHECKING, Any

import numpy as np

from coupling.units import ANGSTROM, BOLTZMANN_EV, EV, EV_A2, EV_A3
from coupling.upscale.disregistry import force_balance_separation
from coupling.upscale.flow import flow_stress_std
from coupling.upscale.line import LineEnergy
from multiscale.inputs.dislocation import DislocationStudy
from multiscale.results import Plot, Results, Series, Table

if TYPE_CHECKING:
    from multiscale.studies.dislocation import Estimate, Upscaled


_POOR = 0.03
"""Residual of Kocks' law over ΔH₀ from which the report says so."""


def isotropic(c11: float, c12: float, c44: float) -> tuple[float, float]:
    """Shear modulus and Poisson's ratio, Voigt-Reuss-Hill averages of a cubic crystal, in the unit of C."""
    voigt = (c11 - c12 + 3 * c44) / 5
    reuss = 5 * (c11 - c12) * c44 / (4 * c44 + 3 * (c11 - c12))
    shear, bulk = (voigt + reuss) / 2, (c11 + 2 * c12) / 3
    return shear, (3 * bulk - 2 * shear) / (2 * (3 * bulk + shear))


def crystal(results: Results, study: DislocationStudy, found: dict[str, Any]) -> None:
    """What the dislocation lies in."""
    for name, value in zip(("C11", "C12", "C44"), found["stiffness"], strict=True):
        results.add(name, float(value) / 1e9, "GPa", f"elastic constant {name}")
    results.add("burgers_vector", float(np.linalg.norm(found["burgers"])) * ANGSTROM, "m", "length b of the Burgers vector")
    results.add("glide_period", float(found["period"]) * ANGSTROM, "m", "distance of neighbouring Peierls valleys")
    if "fault" in found:
        results.add("stacking_fault", 1e3 * float(found["fault"]), "mJ/m^2", "intrinsic stacking fault energy")
        results.add("unstable_fault", 1e3 * float(found["unstable_fault"]), "mJ/m^2", "unstable stacking fault energy")
    if "atoms" in found:
        results.add("atoms", int(found["atoms"]), "", "atoms of the cylinder")
        results.add("free_atoms", int(found["free_atoms"]), "", f"of which free; the shell is {study.boundary}")


def core(results: Results, found: dict[str, Any], estimate: "Estimate | None") -> None:
    """The slip across the glide plane, and how far the partials are apart."""
    b = float(np.linalg.norm(found["burgers"]))
    along = found["burgers"][[0, 2]] / b
    lines = []
    if "core_x" in found:
        places = found["core_positions"]
        middle = float(np.mean(places))
        add_slip(results, "core", "slip in the atomistic core", found["core_x"] - middle, found["core_slip"] @ along / b)
        lines.append(Series("core", "x", "share", "atoms", "points"))
        what = "distance of the partials in the atomistic core" if len(places) > 1 else "0: this core is fitted as one"
        results.add("partial_separation", float(np.ptp(places)) * ANGSTROM, "m", what, headline=True)
        results.add("core_half_width", float(np.mean(found["core_widths"])) * ANGSTROM, "m", "half width of a partial's slip")
        if "polarity" in found:
            results.add("polarity", float(found["polarity"]), "", "spread of the bcc screw on three arms: 0 compact, 1 degenerate")
        results.add("core_misfit", float(found["core_misfit"]), "", "residual of the fit, root mean square over b")
    if estimate is not None:
        fitted = estimate.model.partials(estimate.core)
        x, share = estimate.core.rows - fitted.centre, estimate.core.slip @ along / b
        near = np.abs(x) < (np.abs(found["core_x"]).max() if "core_x" in found else 15 * b)
        add_slip(results, "pn_core", "slip in the Peierls-Nabarro model", x[near], share[near])
        lines.append(Series("pn_core", "x", "share", "Peierls-Nabarro", "line"))
        results.add("pn_separation", fitted.separation * ANGSTROM, "m", "distance of the partials, Peierls-Nabarro")
        if float(found.get("fault", 0.0)) > 0 and len(found["partials"]) > 1:
            first, second = found["partials"][:, [0, 2]]
            balance = force_balance_separation(estimate.model.prefactor, first, second, float(found["fault"]) / EV_A2)
            results.add("elastic_separation", balance * ANGSTROM, "m", "distance at which elasticity balances the fault")
    caption = "From b (slipped) to nothing; the core moves to the right under a positive stress."
    if lines:
        results.plots.append(Plot("Core", "x along the glide direction", "Å", "slip over b", "", tuple(lines), caption))


def add_slip(results: Results, name: str, description: str, x: np.ndarray, share: np.ndarray) -> None:
    """A disregistry curve, x in Å."""
    results.add_curve(name, description, x=("m", x * ANGSTROM), share=("", share))


def line(results: Results, energy: LineEnergy) -> None:
    """Energy and tension by character."""
    angle = np.linspace(0, 90, 46)
    e, t = energy.energy(np.radians(angle)), energy.tension(np.radians(angle))
    results.add_curve("line", "line energy and tension by character", angle=("°", angle), energy=("eV/Å", e), tension=("eV/Å", t))
    drawn = (Series("line", "angle", "energy", "energy"), Series("line", "angle", "tension", "tension", "dashed"))
    caption = f"0° is screw, 90° edge; anisotropic, with ln(R/r₀) = {energy.log_ratio:g}, which elasticity does not give."
    results.plots.append(Plot("Line energy", "character", "°", "per length", "eV/Å", drawn, caption))


def turns_back(found: dict[str, Any]) -> bool:
    """Whether the line moves backwards somewhere on its path, so that the energy is no function of its position."""
    return bool(np.any(np.diff(found["barrier_x"]) <= 0))


def line_positions(found: dict[str, Any]) -> np.ndarray:
    """Positions (n,) along the barrier, Å: of the line, or where it turns back, shares of the path's length."""
    x = found["barrier_x"]
    return np.linspace(0.0, float(found["period"]), len(x)) if turns_back(found) else x - x[0]


def barrier(results: Results, found: dict[str, Any], estimate: "Estimate | None") -> None:
    """The Peierls barrier and the Peierls stress, by all routes there are."""
    b, lines, rows = float(np.linalg.norm(found["burgers"])), [], []
    if "barrier_x" in found:
        place = line_positions(found) * ANGSTROM
        results.add_curve("barrier", "Peierls barrier", x=("m", place), energy=("meV/Å", 1e3 * found["barrier_energy"]))
        lines.append(Series("barrier", "x", "energy", "nudged elastic band"))
        if not turns_back(found):
            results.add_curve("images", "its images", x=("m", found["image_x"] * ANGSTROM), energy=("meV/Å", 1e3 * found["image_energy"]))
            lines.append(Series("images", "x", "energy", "its images", "points"))
        results.add("peierls_barrier", 1e3 * float(found["barrier_height"]), "meV", "Peierls barrier per b of line", headline=True)
        results.add("barrier_humps", int(found["barrier_humps"]), "", "humps of the barrier between two valleys")
        rows.append(("steepest slope of the ascent over b", float(found["barrier_stress"]) / 1e6, ""))
    if estimate is not None:
        path = estimate.path
        x = np.mod(path.position - path.position[np.argmin(path.energy)], float(found["period"]))
        order = np.argsort(x)
        results.add_curve("pn_barrier", "barrier of the Peierls-Nabarro model", x=("m", x[order] * ANGSTROM),
                          energy=("meV/Å", 1e3 * path.energy[order]))  # fmt: skip
        lines.append(Series("pn_barrier", "x", "energy", "Peierls-Nabarro", "dashed"))
        results.add("pn_barrier", 1e3 * path.barrier * b, "meV", "Peierls barrier per b, Peierls-Nabarro")
        results.add("pn_peierls_stress", float(estimate.stress.mean()) * EV_A3, "Pa", "Peierls stress, Peierls-Nabarro",
                    uncertainty=2.5 * estimate.model.resolution * EV_A3)  # fmt: skip
        rows.append(("Peierls-Nabarro, loaded", float(estimate.stress.mean()) * EV_A3 / 1e6, "a cheap estimate"))
    if "jump_stress" in found:
        plus, minus = (float(s) for s in found["jump_stress"])
        error = float(found["jump_error"].max())
        results.add("peierls_stress", (plus + minus) / 2, "Pa", "Peierls stress, sheared until the core jumps",
                    uncertainty=float(np.hypot(error, (plus - minus) / 2)), headline=True)  # fmt: skip
        rows += [("sheared until the core jumps, to the right", plus / 1e6, f"± {error / 1e6:.2g}"), ("to the left", minus / 1e6, "")]
        if "barrier_stress" in found:
            difference = abs(float(found["barrier_stress"]) / plus - 1)
            results.add("route_difference", difference, "", "barrier's slope against loading, relative")
    if lines:
        caption = "Energy of the straight line per length between two valleys; the ends are neighbouring valleys."
        results.plots.append(Plot("Peierls barrier", "x of the line", "Å", "energy per length", "meV/Å", tuple(lines), caption))
    if rows:
        results.tables.append(Table("Peierls stress", ("route", "MPa", "remark"), tuple(rows)))


def kinks(results: Results, found: "Upscaled") -> None:
    """The kink pair's enthalpy and the Kocks parameters."""
    pair, fit = found.pair, found.kocks
    stress = pair.peierls_stress * np.linspace(0, 1, 51)
    results.add_curve("kink_pair", "enthalpy of a kink pair", stress=("Pa", stress * EV_A3), enthalpy=("eV", pair.enthalpy(stress)),
                      kocks=("eV", fit(stress)))  # fmt: skip
    drawn = (Series("kink_pair", "stress", "enthalpy", "line tension"), Series("kink_pair", "stress", "kocks", "Kocks", "dashed"))
    caption = f"From the barrier of the {found.source}; ΔH = ΔH₀ [1 − (τ/τ_P)^p]^q with p = {fit.p:.3g}, q = {fit.q:.3g}."
    results.plots.append(Plot("Kink pair", "resolved shear stress", "MPa", "enthalpy", "eV", drawn, caption))
    results.add("kink_pair_enthalpy", fit.enthalpy, "eV", "enthalpy ΔH₀ of a kink pair without stress",
                uncertainty=found.std["activation_enthalpy"] / EV, headline=True)  # fmt: skip
    results.add("kocks_p", fit.p, "", "exponent p of Kocks' law (theory: 0 to 1)")
    results.add("kocks_q", fit.q, "", "exponent q of Kocks' law (theory: 1 to 2; 1.25 near τ_P)")
    results.add("kocks_misfit", fit.misfit, "", "residual of Kocks' law over ΔH₀, root mean square")
    results.add("line_tension", pair.tension * EV / ANGSTROM, "J/m", "line tension Γ of the kink pair")
    results.add("kink_width", pair.width() * ANGSTROM, "m", "width of a kink")


def flow(results: Results, study: DislocationStudy, found: "Upscaled") -> None:
    """τ(T, strain rate) with error bars."""
    temperature, rates = np.array(study.temperatures), np.array(study.strain_rates)
    relative = {key: value / getattr(found.law, key) for key, value in found.std.items()}
    stress = found.law.flow_stress(temperature[:, None], rates)
    std = flow_stress_std(found.law, relative, temperature[:, None], rates, seed=study.seed)
    columns, drawn = {}, []
    for k, rate in enumerate(rates):
        columns |= {f"rate_{k}": ("Pa", stress[:, k]), f"rate_{k}_std": ("Pa", std[:, k])}
        drawn.append(Series("flow_stress", "temperature", f"rate_{k}", f"{rate:g}/s", "line and points"))
    results.add_curve("flow_stress", "lattice friction by temperature; columns by strain rate", temperature=("K", temperature), **columns)
    caption = "Resolved shear stress at which the lattice lets dislocations pass; error bars are in the table and the curve's file."
    results.plots.append(Plot("Flow stress", "temperature", "K", "stress", "MPa", tuple(drawn), caption))
    head = ("temperature, K", *(f"τ at {rate:g}/s, MPa" for rate in rates))
    rows = tuple(
        (float(t), *(f"{s / 1e6:.4g} ± {e / 1e6:.2g}" for s, e in zip(row, errors, strict=True)))
        for t, row, errors in zip(temperature, stress, std, strict=True)
    )
    results.tables.append(Table("Flow stress", head, rows, "± is one standard deviation."))
    hot = found.law.athermal_temperature(float(rates[len(rates) // 2]))
    results.add("athermal_temperature", hot, "K", f"above it kink pairs cost no stress at {rates[len(rates) // 2]:g}/s")


def notes(study: DislocationStudy, found: dict[str, Any], estimate: "Estimate | None", upscaled: "Upscaled | None") -> list[str]:
    """What a reader must know to use the numbers."""
    told = [f"WARNING: {warning} The input asked to go on." for warning in found["warnings"]]
    if "missing_barrier" in found:
        told.append(f"There is no atomistic barrier: {found['missing_barrier']}")
    if "missing_stress" in found:
        told.append(f"There is no atomistic Peierls stress by loading: {found['missing_stress']}")
    if "barrier_x" in found and turns_back(found):
        told.append(
            "On its path the line turns back: its energy is no function of its position. The barrier is drawn, and kink pairs "
            "are made, with shares of the path's length as positions."
        )
    if "polarity" in found:
        compact = "compact" if int(found["compact"]) else "degenerate"
        told.append(f"The core of this potential is {compact}; density-functional theory gives bcc screws compact ones.")
        if "barrier_humps" in found:
            shape = "one hump" if int(found["barrier_humps"]) == 1 else f"{int(found['barrier_humps'])} humps"
            told.append(f"Its barrier has {shape}; density-functional theory gives bcc screws one.")
    if estimate is not None:
        virial = estimate.core.misfit / estimate.model.line_factor
        told.append(
            "The Peierls-Nabarro estimate counts the elastic strain between the two planes twice, in the γ-surface and in K; "
            f"it is the cheap estimate beside the atoms. Its misfit energy is {virial:.3g} of b·K·b/4π (1 for wide cores)."
        )
    if upscaled is not None:
        law = upscaled.law
        if upscaled.kocks.misfit > _POOR or not (upscaled.kocks.p <= 1 <= upscaled.kocks.q <= 2):
            told.append("Kocks' law fits this barrier poorly, or with exponents outside theory's: look at the kink pair's diagram.")
        if upscaled.pair.barrier.humps > 1:
            told.append("ΔH drops at the stress that pulls the dip between the humps below the valley: from there the first hump counts alone.")
        told.append(
            f"ΔH₀ grows as the square root of the line tension, which holds ln(R/r₀) = {study.line.log_ratio:g}: "
            f"a choice with a standard deviation of {study.line.relative_std:.0%}, carried to the flow stress."
        )
        told.append(
            f"Not from the potential: segment length {law.segment_length * 1e6:g} µm, mobile density {law.mobile_density:g} /m², "
            f"attempt frequency {law.attempt_frequency:g} /s, drag {law.drag:g} Pa s"
            + (" (a PLACEHOLDER)." if law.drag_is_placeholder else ".")
        )
        if law.activation_enthalpy / EV < 20 * BOLTZMANN_EV * min(study.temperatures):
            told.append("The barrier is so low that thermal activation hardly limits glide: the drag, a placeholder, decides.")
        told.append("Files for the next scale: dislocation.yaml (documented), damask_phase.yaml, opendis_mobility.py.")
    return told
