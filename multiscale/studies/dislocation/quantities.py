"""The dislocation study's numbers by name, with units: for its report and for the file of the next scale alike."""

from coupling.units import ANGSTROM, EV, EV_A3
from multiscale.runtime.records import Quantity
from multiscale.studies.dislocation.findings import DislocationFindings, PeierlsNabarroEstimate, Upscaled
from multiscale.studies.dislocation.records import DislocationAtoms


def quantities(findings: DislocationFindings, boundary: str) -> dict[str, Quantity]:
    """All numbers.

    Args:
        findings: What was found.
        boundary: How the shell around the atoms behaves, for the words.
    """
    atoms, estimate, upscaled = findings.atoms, findings.estimate, findings.upscaled
    found = _crystal(atoms, boundary) | _core(atoms, estimate) | _barrier(atoms, estimate) | _glide(atoms)
    return found if upscaled is None else found | _kinks(upscaled)


def _crystal(atoms: DislocationAtoms, boundary: str) -> dict[str, Quantity]:
    found = {
        name: Quantity(value, "Pa", f"elastic constant {name}")
        for name, value in (("C11", atoms.c11), ("C12", atoms.c12), ("C44", atoms.c44))
    }
    found["burgers_vector"] = Quantity(atoms.burgers_length * ANGSTROM, "m", "length b of the Burgers vector")
    found["glide_period"] = Quantity(atoms.period * ANGSTROM, "m", "distance of neighbouring Peierls valleys")
    if atoms.fault is not None and atoms.unstable_fault is not None:
        found["stacking_fault"] = Quantity(atoms.fault, "J/m^2", "intrinsic stacking fault energy")
        found["unstable_fault"] = Quantity(atoms.unstable_fault, "J/m^2", "unstable stacking fault energy")
    if atoms.core is not None:
        found["atoms"] = Quantity(atoms.core.atoms, "", "atoms of the cylinder")
        found["free_atoms"] = Quantity(atoms.core.free_atoms, "", f"of which free; the shell is {boundary}")
    return found


def _core(atoms: DislocationAtoms, estimate: PeierlsNabarroEstimate | None) -> dict[str, Quantity]:
    found, core = {}, atoms.core
    if core is not None:
        split = len(core.positions) > 1
        what = "distance of the partials in the atomistic core" if split else "0: this core is fitted as one"
        found["partial_separation"] = Quantity(core.separation * ANGSTROM, "m", what, headline=True)
        found["core_half_width"] = Quantity(core.half_width * ANGSTROM, "m", "half width of a partial's slip")
        if core.polarity is not None:
            what = "spread of the bcc screw on three arms: 0 compact, 1 degenerate"
            found["polarity"] = Quantity(core.polarity, "", what)
        found["core_residual"] = Quantity(core.residual, "", "residual of the fit, root mean square over b")
    if estimate is not None:
        what = "distance of the partials, Peierls-Nabarro"
        found["pn_separation"] = Quantity(estimate.separation * ANGSTROM, "m", what)
        if estimate.elastic_separation is not None:
            what = "distance at which elasticity balances the fault"
            found["elastic_separation"] = Quantity(estimate.elastic_separation * ANGSTROM, "m", what)
    return found


def _barrier(atoms: DislocationAtoms, estimate: PeierlsNabarroEstimate | None) -> dict[str, Quantity]:
    found, barrier, jumps = {}, atoms.barrier, atoms.jumps
    if barrier is not None:
        found["peierls_barrier"] = Quantity(barrier.height, "eV", "Peierls barrier per b of line", headline=True)
        found["barrier_humps"] = Quantity(barrier.humps, "", "humps of the barrier between two valleys")
        if barrier.attempt_frequency is not None:
            what = "attempt frequency: Vineyard's of one period of straight line over the barrier"
            found["attempt_frequency"] = Quantity(barrier.attempt_frequency, "1/s", what)
    if estimate is not None:
        height = estimate.barrier * atoms.burgers_length
        found["pn_barrier"] = Quantity(height, "eV", "Peierls barrier per b, Peierls-Nabarro")
        found["pn_peierls_stress"] = Quantity(
            estimate.stress * EV_A3, "Pa", "Peierls stress, Peierls-Nabarro", estimate.stress_error * EV_A3
        )
    if jumps is not None:
        what = "Peierls stress, sheared until the core jumps"
        found["peierls_stress"] = Quantity(jumps.mean, "Pa", what, jumps.spread, headline=True)
    if atoms.route_difference is not None:
        what = "barrier's slope against loading, relative"
        found["route_difference"] = Quantity(atoms.route_difference, "", what)
    return found


def _glide(atoms: DislocationAtoms) -> dict[str, Quantity]:
    found: dict[str, Quantity] = {}
    if atoms.drag is None:
        return found
    for k, kelvin in enumerate(atoms.drag.temperature):
        what = f"drag on the gliding line at {kelvin:g} K, by stress-driven dynamics"
        value, std = float(atoms.drag.coefficient[k]), float(atoms.drag.std[k])
        found[f"drag_{kelvin:g}K"] = Quantity(value, "Pa s", what, std, headline=k == atoms.drag.nearest)
    found["drag_deviation"] = Quantity(
        float(atoms.drag.deviation.max()),
        "",
        "largest distance of a velocity from proportion to the stress, in standard errors",
    )
    return found


def _kinks(upscaled: Upscaled) -> dict[str, Quantity]:
    fit, kinks, flow = upscaled.kocks, upscaled.kinks, upscaled.flow
    what = "enthalpy ΔH₀ of a kink pair without stress"
    return {
        "kink_pair_enthalpy": Quantity(fit.enthalpy, "eV", what, upscaled.enthalpy_std / EV, headline=True),
        "kocks_p": Quantity(fit.p, "", "exponent p of Kocks' law (theory: 0 to 1)"),
        "kocks_q": Quantity(fit.q, "", "exponent q of Kocks' law (theory: 1 to 2; 1.25 near τ_P)"),
        "kocks_residual": Quantity(fit.residual, "", "residual of Kocks' law over ΔH₀, root mean square"),
        "line_tension": Quantity(kinks.tension * EV / ANGSTROM, "J/m", "line tension Γ of the kink pair"),
        "kink_width": Quantity(kinks.width * ANGSTROM, "m", "width of a kink"),
        "athermal_temperature": Quantity(
            flow.athermal_temperature, "K", f"above it kink pairs cost no stress at {flow.middle_rate:g}/s"
        ),
    }
