"""The dislocation study: from a potential to a core, a barrier, τ(T, strain rate) and the next scale's files."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from coupling.contracts import FloatArray
from coupling.errors import InputError, NotConverged
from coupling.ledger import Ledger, Term
from coupling.storage import write_atomically
from coupling.units import ANGSTROM, EV, EV_A3
from coupling.upscale.blocks import LATTICES, to_damask, to_opendis
from coupling.upscale.core import Core, PeierlsPath
from coupling.upscale.export import DislocationParameters, Value, save
from coupling.upscale.flow import GlideLaw
from coupling.upscale.kinks import KinkPair, Kocks, PeierlsBarrier, kocks
from coupling.upscale.line import LineEnergy
from coupling.upscale.peierls_nabarro import PeierlsNabarro
from coupling.upscale.periodic import GammaSurface
from multiscale.cache import code_fingerprint
from multiscale.inputs.dislocation import DislocationStudy
from multiscale.results import Results
from multiscale.runs import RunContext
from multiscale.studies import dislocation_report as report

PARAMETERS, DAMASK, OPENDIS = "dislocation.yaml", "damask_phase.yaml", "opendis_mobility.py"
_PATH_POINTS = 32


@dataclass(frozen=True)
class Estimate:
    """The Peierls-Nabarro model's answers; eV and Å.

    Attributes:
        model: The model.
        core: At rest.
        path: Over one period.
        stress: Peierls stress, both signs, (2,).
    """

    model: PeierlsNabarro
    core: Core
    path: PeierlsPath
    stress: FloatArray


@dataclass(frozen=True)
class Upscaled:
    """From a barrier to a glide law.

    Attributes:
        source: What the barrier comes from.
        pair: Kink pairs, eV and Å.
        kocks: Their fit, eV and eV/Å³.
        law: SI.
        std: Standard deviations of the law's parameters.
    """

    source: str
    pair: KinkPair
    kocks: Kocks
    law: GlideLaw
    std: dict[str, float]


def run(study: DislocationStudy, context: RunContext) -> Results:
    """Run the study; see `DislocationStudy` for its input.

    Raises:
        InputError: the crystal cannot hold the dislocation, or its stacking fault is meaningless and the
            input does not ask to go on.
        NotConverged: a core, a path or a load does not come to rest.
    """
    results = Results("dislocation", study.title)
    with context.stage("atomistic"):
        found = _atomistic(study, context)
    with context.stage("peierls-nabarro"):
        estimate = context.on_root(lambda: _estimate(study, found))
    line = LineEnergy(found["characters"], float(np.linalg.norm(found["burgers"])), study.line.log_ratio)
    report.crystal(results, study, found)
    report.core(results, found, estimate)
    report.line(results, line)
    upscaled = _upscaled(study, found, estimate, line)
    report.barrier(results, found, estimate)
    if upscaled is not None:
        report.kinks(results, upscaled)
        report.flow(results, study, upscaled)
        parameters = _parameters(study, found, line, upscaled, results)
        context.on_root(lambda: _write(study, parameters, context))
    results.ledger = list(_ledger(study, found, upscaled).rows())
    results.notes += report.notes(study, found, estimate, upscaled)
    return results


def _atomistic(study: DislocationStudy, context: RunContext) -> dict[str, Any]:
    from multiscale.studies.dislocation_atoms import compute

    loaded: list[Any] = []

    def request() -> dict[str, Any]:
        from atomistic import load_potential

        loaded.append(load_potential(study.potential.name, **study.potential.options))
        chosen = {"species", "structure", "system", "radius", "boundary", "results", "check_fault", "images", "divisions", "force"}
        return {"calculation": "dislocation", "code": code_fingerprint(), "potential": loaded[0].fingerprint,
                "study": study.model_dump(mode="json", include=chosen)}  # fmt: skip

    key = context.on_root(request)
    found = context.cached("dislocation", key, lambda: _stored(compute(study, loaded[0], context.progress)))
    found["warnings"] = json.loads(str(found["warnings"]))
    for warning in found["warnings"]:
        context.log.warning("%s", warning)
    return found


def _stored(found: dict[str, Any]) -> dict[str, Any]:
    """As the cache keeps it: no None."""
    return {k: json.dumps(v) if k == "warnings" else v for k, v in found.items() if v is not None}


def _estimate(study: DislocationStudy, found: dict[str, Any]) -> Estimate | None:
    if "slip_energy" not in found:
        return None
    plane = [0, 2]
    model = PeierlsNabarro(
        GammaSurface(found["slip_lattice"], found["slip_energy"]), _symmetric(found["prefactor"][np.ix_(plane, plane)]),
        found["burgers"][plane], float(found["period"]), study.rows,
    )  # fmt: skip
    core = model.relax()
    stress = np.array([model.peierls_stress(sign=sign) for sign in (1, -1)])
    return Estimate(model, core, model.path(_PATH_POINTS, core), stress)


def _symmetric(tensor: FloatArray) -> FloatArray:
    return (tensor + tensor.T) / 2


def _upscaled(study: DislocationStudy, found: dict[str, Any], estimate: Estimate | None, line: LineEnergy) -> Upscaled | None:
    """Kink pairs of the atomistic barrier, or else of the Peierls-Nabarro model's."""
    if not study.upscaled:
        return None
    burgers, period = float(np.linalg.norm(found["burgers"])), float(found["period"])
    if "barrier_x" in found:
        source, x = "nudged elastic band", report.line_positions(found)
        barrier = PeierlsBarrier.sampled(x * period / x[-1], found["barrier_energy"], period)
    elif estimate is not None:
        source, place = "Peierls-Nabarro model", estimate.path.position
        inside = np.linspace(place[0], place[0] + min(period, np.ptp(place)), 65)
        barrier = PeierlsBarrier.sampled(inside * period / np.ptp(inside), np.interp(inside, place, estimate.path.energy), period)
    else:
        raise NotConverged(f"There is no barrier to make kink pairs of: {found['missing_barrier']}")
    character = np.arccos(np.clip(abs(found["burgers"][2]) / burgers, 0, 1))
    pair = KinkPair(barrier, _tension(line, character), burgers)
    fitted = kocks(pair)
    stress, spread = _peierls_stress(found, estimate, fitted)
    chosen = study.microstructure
    law = GlideLaw(
        fitted.enthalpy * EV, stress, fitted.p, fitted.q, burgers * ANGSTROM, period * ANGSTROM, chosen.segment_length,
        chosen.attempt_frequency, chosen.drag, chosen.mobile_density,
    )  # fmt: skip
    enthalpy_std = 0.5 * study.line.relative_std * law.activation_enthalpy
    return Upscaled(source, pair, fitted, law, {"activation_enthalpy": enthalpy_std, "peierls_stress": spread})


def _tension(line: LineEnergy, character: float) -> float:
    tension = float(line.tension(character)[0])
    if not tension > 0:
        raise InputError(
            f"The line tension at this character is {tension:.3g} eV/Å: a straight line zigzags, and has no kink pairs."
        )
    return tension


def _peierls_stress(found: dict[str, Any], estimate: Estimate | None, fitted: Kocks) -> tuple[float, float]:
    """τ_P in Pa from the best route there is; half of what routes and signs differ by, with the increment."""
    if "jump_stress" not in found:
        slope = float(found["barrier_stress"]) if "barrier_stress" in found else fitted.peierls_stress * EV_A3
        return slope, 0.5 * abs(slope - float(estimate.stress.mean()) * EV_A3) if estimate is not None else 0.0
    jump = float(found["jump_stress"].mean())
    other = float(found["barrier_stress"]) if "barrier_stress" in found else jump
    signs = 0.5 * float(np.ptp(found["jump_stress"]))
    return jump, float(np.linalg.norm([0.5 * (jump - other), signs, found["jump_error"].max()]))


def _parameters(
    study: DislocationStudy, found: dict[str, Any], line: LineEnergy, upscaled: Upscaled, results: Results
) -> DislocationParameters:
    c11, c12, c44 = (float(value) for value in found["stiffness"])
    shear, poisson = report.isotropic(c11, c12, c44)
    angles = np.linspace(0.0, np.pi / 2, 19)
    table = {"angle": angles, "prefactor": line.prefactor(angles) * EV_A3,
             "energy": line.energy(angles) * EV / ANGSTROM, "tension": line.tension(angles) * EV / ANGSTROM}  # fmt: skip
    told = {key: Value(float(q.value), q.unit, q.uncertainty) for key, q in results.quantities.items() if q.unit}
    return DislocationParameters(
        study.species, study.structure, study.system, upscaled.law, upscaled.std, {"C_11": c11, "C_12": c12, "C_44": c44},
        shear, poisson, told, {key: [float(v) for v in column] for key, column in table.items()},
        {"potential": study.potential.model_dump(mode="json")["name"], "potential_fingerprint": found["fingerprint"],
         "code": code_fingerprint(), "barrier": upscaled.source},
        [*found["warnings"], "properties: as in the study's report; K, energy and tension of the line hold its ln(R/r0)"],
    )  # fmt: skip


def _write(study: DislocationStudy, parameters: DislocationParameters, context: RunContext) -> None:
    save(parameters, context.folder / PARAMETERS)
    if study.structure in LATTICES:
        write_atomically(context.folder / DAMASK, to_damask(parameters))
        rate = study.strain_rates[len(study.strain_rates) // 2]
        write_atomically(context.folder / OPENDIS, to_opendis(parameters, study.temperatures, rate))


def _ledger(study: DislocationStudy, found: dict[str, Any], upscaled: Upscaled | None) -> Ledger:
    """Who owns which part of the resistance and of the energy: each is counted once."""
    owned = {
        "atoms around the line": "potential" if "atoms" in found else "γ-surface, K",
        "strain of the crystal beyond them": "elasticity",
        "lattice friction at 0 K": "potential" if "jump_stress" in found else "γ-surface, K",
        "waiting for kink pairs": "line tension" if upscaled is not None else "next scale",
        "drag on the moving line": "placeholder" if upscaled is None or upscaled.law.drag_is_placeholder else "user",
        "other dislocations, solutes, grains": "next scale",
    }
    sites = list(owned)
    return Ledger([Term(owner, site, 1, np.eye(len(sites))[k]) for k, (site, owner) in enumerate(owned.items())], sites)
