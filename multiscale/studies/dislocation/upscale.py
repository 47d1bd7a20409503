"""From the atomistic results for a dislocation to kink pairs, a glide law and τ(T, strain rate)."""

import numpy as np

from coupling.contracts import FloatArray
from coupling.errors import InputError, NotConverged
from coupling.units import ANGSTROM, BOLTZMANN_EV, EV, EV_A2, EV_A3
from coupling.upscale.disregistry import force_balance_separation
from coupling.upscale.flow import GlideLaw, flow_stress_std
from coupling.upscale.kinks import KinkPair, Kocks, PeierlsBarrier, kocks
from coupling.upscale.line import LineEnergy
from coupling.upscale.peierls_nabarro import PeierlsNabarro
from coupling.upscale.periodic import GammaSurface
from multiscale.studies.dislocation.findings import FlowTable, KinkTable, LineTable, PeierlsNabarroEstimate, Upscaled
from multiscale.studies.dislocation.records import DislocationAtoms
from multiscale.studies.dislocation.schema import DislocationStudy

_PATH_POINTS = 32
_HELD_ENDS = 2.5
"""Multiple of the model's resolution by which a Peierls stress may be off."""
POOR = 0.03
"""Residual of Kocks' law over ΔH₀ from which the report says so."""
_LOW = 20.0
"""ΔH₀ in kT under which thermal activation hardly limits glide."""


def estimated(atoms: DislocationAtoms, rows: int) -> PeierlsNabarroEstimate | None:
    """The Peierls-Nabarro model on the atoms' γ-surface; None where there is none.

    Args:
        atoms: What atoms say.
        rows: Atomic rows of the model.

    Raises:
        InputError: γ-surface and K do not make a dislocation.
        NotConverged: a core does not relax.
    """
    from atomistic.dislocation.slip_plane import plane_prefactor

    if atoms.slip_plane is None:
        return None
    surface = GammaSurface(atoms.slip_plane.periods, atoms.slip_plane.energy)
    model = PeierlsNabarro(surface, plane_prefactor(atoms.prefactor), atoms.burgers[[0, 2]], atoms.period, rows)
    core = model.relax()
    stress = np.array([model.peierls_stress(sign=sign) for sign in (1, -1)])
    path, fitted = model.path(_PATH_POINTS, core), model.partials(core)
    return PeierlsNabarroEstimate(
        rows=core.rows - fitted.centre,
        share=atoms.share(core.slip),
        separation=fitted.separation,
        elastic_separation=elastic_separation(atoms, model.prefactor),
        virial=core.interplanar / model.line_factor,
        position=path.position,
        energy=path.energy,
        barrier=path.barrier,
        stress=float(stress.mean()),
        stress_error=_HELD_ENDS * model.resolution,
    )


def elastic_separation(atoms: DislocationAtoms, prefactor: FloatArray) -> float | None:
    """Distance in Å at which elasticity balances the stacking fault; None without partials, or a fault that holds them.

    Args:
        atoms: What atoms say.
        prefactor: (2, 2) K in the slip plane, eV/Å³.
    """
    if atoms.fault is None or not atoms.fault > 0 or len(atoms.partials) < 2:
        return None
    first, second = atoms.partials[:, [0, 2]]
    return force_balance_separation(prefactor, first, second, atoms.fault / EV_A2)


def line_table(line: LineEnergy) -> LineTable:
    """Energy and tension from screw to edge."""
    angle = np.linspace(0, 90, 46)
    return LineTable(angle, line.energy(np.radians(angle)), line.tension(np.radians(angle)), line.log_ratio)


def upscaled(
    study: DislocationStudy, atoms: DislocationAtoms, estimate: PeierlsNabarroEstimate | None, line: LineEnergy
) -> Upscaled | None:
    """Kink pairs of the atomistic barrier, or else of the Peierls-Nabarro model's; None where no barrier was asked for.

    Raises:
        InputError: the line tension or a parameter of the glide law is not positive.
        NotConverged: there is no barrier.
    """
    if not study.upscaled:
        return None
    b, (source, barrier) = atoms.burgers_length, _barrier(atoms, estimate)
    pair = KinkPair(barrier, _tension(line, float(np.arccos(np.clip(abs(atoms.burgers[2]) / b, 0, 1)))), b)
    fit = kocks(pair)
    stress, spread, from_what = _peierls_stress(atoms, estimate, fit)
    chosen, glide = study.microstructure, atoms.drag
    frequency = None if atoms.barrier is None else atoms.barrier.attempt_frequency
    law = GlideLaw(
        fit.enthalpy * EV, stress, fit.p, fit.q, b * ANGSTROM, atoms.period * ANGSTROM, chosen.segment_length,
        chosen.attempt_frequency if frequency is None else frequency,
        chosen.drag if glide is None else float(glide.coefficient[glide.nearest]), chosen.mobile_density,
    )  # fmt: skip
    enthalpy_std = 0.5 * study.line.relative_std * law.activation_enthalpy
    std = {"activation_enthalpy": enthalpy_std, "peierls_stress": spread}
    drag_std = None if glide is None else float(glide.std[glide.nearest])
    std |= {} if drag_std is None else {"drag": drag_std}
    return Upscaled(
        source, _kinks(pair, fit), fit, law, enthalpy_std, spread, _flow(study, law, std),
        stress_source=from_what,
        fit_is_poor=fit.residual > POOR or not (fit.p <= 1 <= fit.q <= 2),
        drag_std=drag_std,
        barrier_is_low=law.activation_enthalpy / EV < _LOW * BOLTZMANN_EV * min(study.temperatures),
    )  # fmt: skip


def _barrier(atoms: DislocationAtoms, estimate: PeierlsNabarroEstimate | None) -> tuple[str, PeierlsBarrier]:
    period = atoms.period
    if atoms.barrier is not None:
        x = atoms.barrier.positions(period)
        return "nudged elastic band", PeierlsBarrier.sampled(x * period / x[-1], atoms.barrier.energy, period)
    if estimate is None:
        raise NotConverged(f"There is no barrier to compute kink pairs from: {atoms.no_barrier}")
    place = estimate.position
    inside = np.linspace(place[0], place[0] + min(period, np.ptp(place)), 65)
    energy = np.interp(inside, place, estimate.energy)
    return "Peierls-Nabarro model", PeierlsBarrier.sampled(inside * period / np.ptp(inside), energy, period)


def _tension(line: LineEnergy, character: float) -> float:
    tension = float(line.tension(character)[0])
    if not tension > 0:
        raise InputError(
            f"The line tension at this character is {tension:.3g} eV/Å: a straight line zigzags, and has no kink pairs."
        )
    return tension


def _peierls_stress(
    atoms: DislocationAtoms, estimate: PeierlsNabarroEstimate | None, fit: Kocks
) -> tuple[float, float, str]:
    """τ_P in Pa from the best available method; half the difference of methods and signs, with the increment; the method."""
    if atoms.jumps is None:
        slope = fit.peierls_stress * EV_A3 if atoms.barrier is None else atoms.barrier.stress
        spread = 0.5 * abs(slope - estimate.stress * EV_A3) if estimate is not None else 0.0
        return slope, spread, "the barrier's Kocks fit" if atoms.barrier is None else "the barrier's steepest ascent"
    jump = atoms.jumps.mean
    other = jump if atoms.barrier is None else atoms.barrier.stress
    signs = 0.5 * float(np.ptp(atoms.jumps.stress))
    return (
        jump,
        float(np.linalg.norm([0.5 * (jump - other), signs, atoms.jumps.error.max()])),
        "atoms sheared until the core jumps",
    )


def _kinks(pair: KinkPair, fit: Kocks) -> KinkTable:
    stress = pair.peierls_stress * np.linspace(0, 1, 51)
    return KinkTable(stress, pair.enthalpy(stress), fit(stress), pair.tension, pair.width(), pair.barrier.humps)


def _flow(study: DislocationStudy, law: GlideLaw, std: dict[str, float]) -> FlowTable:
    """τ(T, strain rate) with error bars from the standard deviations of the law's parameters."""
    temperature: FloatArray = np.array(study.temperatures)
    rate: FloatArray = np.array(study.strain_rates)
    relative = {key: value / getattr(law, key) for key, value in std.items()}
    spread = flow_stress_std(law, relative, temperature[:, None], rate, seed=study.seed)
    middle = float(rate[len(rate) // 2])
    stress = law.flow_stress(temperature[:, None], rate)
    return FlowTable(temperature, rate, stress, spread, law.athermal_temperature(middle), middle)
