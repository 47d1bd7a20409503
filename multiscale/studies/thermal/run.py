"""The thermal study: a potential and a crystal in; its lattice and elastic constants at temperatures out."""

from typing import TYPE_CHECKING

import numpy as np

from coupling.records import pack, unpack
from multiscale.inputs.crystal import CrystalInput
from multiscale.runtime.addresses import request
from multiscale.runtime.context import RunContext
from multiscale.runtime.crystals import SampledCrystal, save_crystals
from multiscale.runtime.handed_on import CRYSTALS
from multiscale.runtime.results import Results
from multiscale.stages.models import Models
from multiscale.stages.warm_crystal import warm_record
from multiscale.studies.thermal.records import QuasiHarmonic
from multiscale.studies.thermal.report import report
from multiscale.studies.thermal.schema import ThermalStudy

if TYPE_CHECKING:
    from multiscale.runtime.crystals import CrystalRecord

_REPEATS = 3


def run(study: ThermalStudy, context: RunContext) -> Results:
    """Run the study; see `ThermalStudy` for its input.

    Raises:
        InputError: the crystal is not cubic, or the potential gives no stresses.
        NotConverged: it did not relax, or broke down.
    """
    results = Results("thermal", study.title)
    models = Models(context, study.potential, None, study.seed)
    with context.stage("atomistic"):
        warm = [
            warm_record(study.crystal, models, context, one, study.dynamics, study.seed) for one in study.temperatures
        ]
        compared = [_quasi_harmonic(study, one.crystal, models, context) for one in warm]
    report(results, study, warm, compared)
    crystals = {f"{one.crystal.temperature:g} K": SampledCrystal(one.crystal) for one in warm}
    context.on_root(lambda: save_crystals(crystals, context.folder / CRYSTALS))
    return results


def _quasi_harmonic(
    study: ThermalStudy, warm: "CrystalRecord", models: Models, context: RunContext
) -> QuasiHarmonic:  # fmt: skip
    """What the quasi-harmonic theory says, from the cache where it is known."""
    key = request(
        "quasi-harmonic crystal", study.crystal, include=CrystalInput.model_fields, potentials=[models()], repeats=_REPEATS,
        temperature=warm.temperature, cell=warm.cell,
    )  # fmt: skip

    def work() -> dict[str, object]:
        from atomistic.decohesion import heated
        from atomistic.thermal import quasi_harmonic_stiffness

        potential, temperature = models(), warm.temperature
        assert potential is not None and temperature is not None
        found = heated(potential, warm.atoms, temperature, statistics="classical", repeats=_REPEATS)
        stretch = float(np.cbrt(found.get_volume() / warm.atoms.get_volume()))
        stiffness = quasi_harmonic_stiffness(potential, found, temperature, repeats=_REPEATS)
        return pack(QuasiHarmonic(warm.lattice_parameter * stretch, stiffness))

    return unpack(QuasiHarmonic, context.cached("quasi-harmonic crystals", key, work))
