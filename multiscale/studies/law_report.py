"""What a law from atoms shows beyond its curve: the tractions it was checked by, the naive and the static law, matched crystals."""

from pathlib import Path

import numpy as np

from coupling.errors import InputError
from coupling.exchange.export import FORMS, export
from coupling.exchange.storage import save_law
from coupling.interface.branches import Switch
from coupling.interface.error_bars import spread
from coupling.interface.rigid_path import interface_ledger
from coupling.interface.shape import shape_findings
from coupling.laws.law import Law
from coupling.laws.mixed import MixedModeLaw
from coupling.ledger import LedgerRow
from coupling.units import ANGSTROM, EV_A2, EV_A3
from multiscale.inputs.law_options import LawOptions
from multiscale.runtime.handed_on import law_name
from multiscale.runtime.numbers import number_text
from multiscale.runtime.records import Amount, Plot, PlotSeries, Table
from multiscale.runtime.results import Results
from multiscale.stages.derived_law import DerivedLaw, naive_columns
from multiscale.stages.law import slip_caution
from multiscale.stages.precheck import precheck_finding
from multiscale.studies.boundary_report import report_boundary
from multiscale.studies.law_findings import AGREE, law_checks, law_findings

_FILES = {"csv": "law_export.csv", "abaqus": "law_abaqus.inp", "moose": "law_moose.i", "akantu": "law_akantu.dat"}


def report_derived(results: Results, options: LawOptions, derived: DerivedLaw, key: str = "") -> None:
    """Numbers, curves and notes of a law's derivation; `key` stands before their names where there are several laws."""
    atoms = derived.atoms
    results.findings += law_findings(options, derived, key.removesuffix("_"))
    results.checks += law_checks(options, derived, key.removesuffix("_"))
    results.findings += map(precheck_finding, derived.cautions)
    if atoms.refinements:
        results.add(
            f"{key}grid_error",
            atoms.refinements[-1].error,
            "",
            "estimated energy error of the grid over the work",
            headline=True,
        )
    if isinstance(derived.law, MixedModeLaw) and derived.law.count.plus is not None:
        results.notes.append(slip_caution(derived.law.count.plus.material.rpartition(", ")[2]))
    against = (
        "dψ/dδ against the virial in tension"
        if atoms.slab is not None
        else "energies against forces and virial in tension"
    )
    results.findings += shape_findings(derived.samples, key.rstrip("_"))
    results.add(f"{key}law_consistency", derived.law_consistency, "", f"{against}, over the peak")
    numbers = derived_numbers(derived, key)
    for place in derived.crystals:
        which = "" if len(derived.crystals) == 1 else f", {place}"
        of = _lattice(derived, key, place)
        results.add(of, numbers[of], "m", f"lattice parameter of the potential{which}")
    if atoms.slab is not None:
        results.add(
            f"{key}traction_route_difference",
            derived.route_difference,
            "",
            "virial against the forces on one half, over the peak",
        )
        results.notes.append(_trusted(derived.law_consistency, derived.route_difference))
        elongation, traction = naive_columns(derived)
        results.add_curve(
            f"{key}naive",
            "the slab's total elongation: bulk not taken away",
            elongation=("m", elongation),
            traction=("Pa", traction),
        )
        _beyond(results, derived, key)
    if atoms.grid is not None and atoms.grid.bridged is not None:
        _bridged(results, derived, key)
    if options.temperature is not None:
        _warm(results, options, derived, key)
    if "plane" not in derived.crystals:
        _pair(results, derived, key)
    if derived.boundary is not None:
        report_boundary(results, derived.boundary, key)
    _at_the_peak(results, derived.law, key)


def derived_numbers(derived: DerivedLaw, key: str = "") -> dict[str, float]:
    """Lattice parameters and the energy of the bulk that was taken away, SI, by the names under which they are reported."""
    found = {
        _lattice(derived, key, place): crystal.lattice_parameter * ANGSTROM for place, crystal in derived.crystals.items()
    }  # fmt: skip
    return found | {f"{key}bulk_energy_taken_away": taken_away(derived.law)}


def taken_away(law: Law) -> float:
    """Elastic energy of the bulk that was taken away, at the peak traction, J/m²."""
    return float(sum(side.energy_at_peak for side in law.count.sides if side is not None))


def _lattice(derived: DerivedLaw, key: str, place: str) -> str:
    return f"{key}lattice_parameter" + ("" if len(derived.crystals) == 1 else f"_{place}")


def tension(law: Law) -> tuple[float, float]:
    """The tractions that a diagram of a law shows, Pa: not how hard atoms resist being pressed together."""
    return -0.2 * law.peak_traction, 1.15 * law.peak_traction


def _at_the_peak(results: Results, law: Law, key: str) -> None:
    """What was taken away, at the law's peak traction."""
    count, peak, total = law.count, law.peak_traction, taken_away(law)
    rows = tuple(
        (f"−{side.layers:.6g} layers of {side.material}", name, Amount(side.spacing, "m"), Amount(side.stiffness_voigt[2, 2], "Pa"),
         Amount(side.energy_at_peak, "J/m^2"), Amount(side.elastic_energy(peak), "J/m^2"))
        for name, side in (("plus", count.plus), ("minus", count.minus)) if side is not None
    )  # fmt: skip
    results.add(
        f"{key}bulk_energy_taken_away",
        total,
        "J/m^2",
        "elastic energy of the bulk that was taken away, at the peak traction",
        uncertainty=spread(law, taken_away),
        headline=bool(total),
    )
    caption = (
        "The halves were moved rigidly, so that the layers of slab and reference hold nothing and cancel exactly."
        if count.held_rigid
        else (
            "At the peak traction the slab holds this energy besides that of the law; finite elements hold it instead. The closed "
            f"spacing is in the {law.gap[3:]}."
        )
    )
    head = ("taken away", "side", "spacing", "C33", "energy taken away", "linear elastic")
    results.tables.append(Table("Bulk taken away at the peak traction", head, rows, caption))


def _warm(results: Results, options: LawOptions, derived: DerivedLaw, key: str) -> None:
    """The static law beside the one at the temperature."""
    static = derived.static
    results.add_curve(
        f"{key}static", "the law without temperature, at the same in-plane cell",
        opening=("m", static.opening * ANGSTROM), traction=("Pa", static.traction * EV_A3), energy=("J/m^2", static.energy * EV_A2),
    )  # fmt: skip
    results.add(f"{key}temperature", options.temperature, "K", "temperature of the law", headline=True)
    how = f"quasi-harmonic, {options.thermal.statistics}"
    if derived.atoms.time_step is not None:
        how = f"mean forces of constrained dynamics, time step {derived.atoms.time_step * 1e15:.2g} fs"
    law = f"{key}law" if f"{key}law" in results.curves else "law"
    results.plots.append(
        Plot("Temperature", "opening", "Å", "traction", "GPa",
             (PlotSeries(law, "opening", "traction", f"{options.temperature:g} K"),
              PlotSeries(f"{key}static", "opening", "traction", "static", "dashed")),
             "Both from their own closed interface; the in-plane cell is that of the temperature.", limits=tension(derived.law))
    )  # fmt: skip
    results.notes.append(
        f"Law at {options.temperature:g} K: {how}. The in-plane cell is held at the crystal's quasi-harmonic lattice parameter "
        "at that temperature, and the bulk is taken away at the same traction; the energy is the excess Helmholtz free energy."
    )


def _beyond(results: Results, derived: DerivedLaw, key: str) -> None:
    """Report where a crystal would part before the interface does, which gaps were lost, and how wide the opening is."""
    slab, count = derived.atoms.slab, derived.law.count
    left_out = np.array(slab.beyond_strength)
    results.add(
        f"{key}openings_beyond_strength", len(left_out), "", "openings without equilibrium: a crystal would part first"
    )
    lost = [one.in_words(slab.tolerance) for one in slab.left_out if not one.parts]
    if lost:
        results.notes.append(f"WARNING: gaps without a state, across which the law is interpolated: {'; '.join(lost)}.")
    results.notes += [_switched(switch) for switch in slab.switches]
    _width(results, derived, key)
    if count.equilibrium_traction is not None and len(left_out):
        results.add(
            f"{key}highest_equilibrium_traction",
            count.equilibrium_traction,
            "Pa",
            "highest traction in equilibrium; the crystal parts beyond it",
            headline=True,
        )
        results.notes.append(
            f"WARNING: {len(left_out)} gaps from {left_out.min():.3g} to {left_out.max():.3g} Å have no equilibrium; {count.beyond}."
        )


def _switched(switch: Switch) -> str:
    """Where a law goes over from one branch to another, and what stands there."""
    before, after, mean = (value * EV_A3 / 1e9 for value in (switch.before, switch.after, switch.mean))
    if switch.consistent:
        return (
            f"Two equilibria have one energy at an opening of {switch.opening:.3g} Å: there the law goes over to the more open "
            f"one, and its traction falls from {before:.4g} to {after:.4g} GPa."
        )
    return (
        f"No equilibrium was found between tractions of {before:.4g} and {after:.4g} GPa at an opening of {switch.opening:.3g} Å: "
        f"the law has the {mean:.4g} GPa there that the energies ask for."
    )


def _width(results: Results, derived: DerivedLaw, key: str) -> None:
    """How far the opening reaches into the slab, and whether the slab is thick enough for it."""
    slab, thickness = derived.atoms.slab, derived.atoms.thickness
    if slab.localisation is not None:
        results.add(
            f"{key}localisation_length", slab.localisation * ANGSTROM, "m",
            "how far an opening reaches into the crystal beside it, at most",
        )  # fmt: skip
    if thickness is None:
        return
    if not thickness.chosen:
        more = f"by how much {thickness.layers[-1]} layers in place of {thickness.layers[0]} move the law near its peak, over the peak"
        results.add(f"{key}thickness_error", thickness.moved[-1], "", more)
        return
    results.add(
        f"{key}layers", thickness.layers[-1], "", "layers of the slab, chosen so that the law no longer changes"
    )
    results.add(
        f"{key}thickness_error", thickness.moved[-1], "", "by how much the last layers moved the law, over the peak"
    )
    if not thickness.converged:
        results.notes.append(
            f"WARNING: the law still moved by {thickness.moved[-1]:.2g} of the peak from {thickness.layers[-2]} to "
            f"{thickness.layers[-1]} layers, more than the {thickness.tolerance:g} allowed."
        )


def _bridged(results: Results, derived: DerivedLaw, key: str) -> None:
    """Report at which jumps the slab in series has no equilibrium, and what replaces it there."""
    grid = derived.atoms.grid
    left_out = grid.bridged
    results.add(f"{key}jumps_without_equilibrium", len(left_out), "", f"of the grid's {grid.energy.size} jumps")
    if not len(left_out):
        return
    results.add_curve(
        f"{key}without_equilibrium", "jumps without equilibrium, bridged", opening=("m", left_out[:, 0] * ANGSTROM),
        slip_1=("m", left_out[:, 1] * ANGSTROM), slip_2=("m", left_out[:, 2] * ANGSTROM),
    )  # fmt: skip
    results.notes.append(
        f"{len(left_out)} of {grid.energy.size} jumps, at openings of {left_out[:, 0].min():.3g} to {left_out[:, 0].max():.3g} Å, have no "
        "equilibrium: there the interface asks for more traction than a crystal bears, which would part or slip as a whole first. "
        "The law is that of rigid halves there, with what relaxation changes interpolated from the jumps around."
    )


def _pair(results: Results, derived: DerivedLaw, key: str) -> None:
    """What joins two crystals: strain and gap."""
    strain = next((side.strain for side in derived.atoms.sides if np.any(side.strain)), np.zeros(3))
    for name, value in zip(("xx", "yy", "xy"), strain, strict=True):
        results.add(f"{key}strain_{name}", float(value), "", f"in-plane strain {name} of the strained crystal")
    results.add(f"{key}interface_area", derived.atoms.area * ANGSTROM**2, "m^2", "common cell of the two crystals")
    results.add(f"{key}closed_gap", derived.atoms.closed_gap * ANGSTROM, "m", "distance of the facing planes, closed")


def _trusted(by_energy: float, by_forces: float) -> str:
    """Which of the three tractions (dψ/dδ, virial, forces on one half) the law uses, and why."""
    said = (
        f"Tractions: dψ/dδ and the virial differ by {number_text(by_energy, 2)} of the peak, the virial and the forces on one "
        f"half by {number_text(by_forces, 2)} of the peak; "
    )
    if max(by_energy, by_forces) <= AGREE:
        return said + "all three agree, and the law takes the virial's."
    if by_energy <= AGREE:
        return said + (
            "the virial's, confirmed by the energies, is trusted: the half slab, cut free for the third route, is "
            "thinner than the range of the potential; more layers bring the third closer."
        )
    return (
        said
        + "WARNING: energies and virial disagree. Refine the openings; if it stays, the potential's virial is wrong on slabs."
    )


def law_ledger(derived: DerivedLaw) -> list[LedgerRow]:
    """Who counts which layer spacing of the slab."""
    return list(interface_ledger(derived.samples, gap=derived.law.gap).rows())


def write_law(results: Results, law: Law, folder: Path, name: str = "") -> None:
    """The law itself, and input blocks of other codes; a format that cannot hold it is left out and named.

    Args:
        results: Takes the note of what is left out.
        law: The law.
        folder: The run's.
        name: Of its interface, where there are several laws.
    """
    save_law(law, folder / law_name(name))
    stem = law_name(name).removesuffix(".json")
    for form in FORMS:
        try:
            export(law, folder / _FILES[form].replace("law_", f"{stem}_", 1), form)
        except InputError as reason:
            results.notes.append(f"No {form} block was written: {reason}")
