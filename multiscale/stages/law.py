"""The law stage: options and a potential in; a cohesive law that says what it counts, and its samples, out."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from coupling.errors import InputError
from coupling.interface.error_bars import with_error_bars
from coupling.records import pack, unpack
from multiscale.inputs.law_options import NO_BARS_WITH_SOLUTE, LawOptions
from multiscale.inputs.potential import PotentialChoice
from multiscale.runtime.addresses import request
from multiscale.runtime.context import RunContext
from multiscale.runtime.crystals import CrystalRecord
from multiscale.runtime.resumable import resumable
from multiscale.stages.bars import OF_LAW, barred_law
from multiscale.stages.crystal import crystal_record
from multiscale.stages.derived_law import DerivedLaw
from multiscale.stages.grain_boundary import BoundaryRecord, boundary_record
from multiscale.stages.law_atoms import LawAtoms, law_atoms
from multiscale.stages.law_of_samples import law_of_samples
from multiscale.stages.law_with_solute import law_with_solute
from multiscale.stages.models import Models
from multiscale.stages.precheck import prechecked

if TYPE_CHECKING:
    from atomistic.trust.bars import Bar


def derive_law(
    options: LawOptions,
    models: Models,
    context: RunContext,
    seed: int,
    *,
    potential: PotentialChoice | None = None,
    error_bars: bool = True,
    boundary: BoundaryRecord | None = None,
) -> DerivedLaw:
    """The law of an interface, with error bars where the potential has samples.

    Args:
        options: Of the law stage; its crystals are given.
        models: The study's potentials.
        context: The run.
        seed: Of all random numbers.
        potential: The block's own potential; None is the study's.
        error_bars: Whether to derive the law of each sample, too.
        boundary: The grain boundary of the options where it is known; else it is searched.

    Raises:
        InputError: potential and crystals do not make a law.
        NotConverged: some equilibrium was not found.
    """
    if error_bars and models.count and potential is None and options.solute is not None:
        raise InputError(f"{NO_BARS_WITH_SOLUTE[0].upper()}{NO_BARS_WITH_SOLUTE[1:]}")
    cautions = prechecked(options, models, context, potential)
    derived = replace(
        _derived(options, models, context, seed, potential, "atomistic samples", boundary), cautions=cautions
    )
    if not (error_bars and models.count and potential is None):
        return derived
    sampled = models.each_sample(
        lambda _: _derived(options, models, context, seed, potential, "samples of the potential")
    )
    members = [one.law for one in sampled]
    law = with_error_bars(derived.law, members)
    bars: tuple[Bar, ...] = ()
    if (held := models.held_out()) is not None:
        stds = {name: float(np.std([getattr(one, name) for one in members], ddof=1)) for name in OF_LAW}
        law, bars = barred_law(law, stds, held)
    return replace(derived, law=law, sampled_crystals=tuple(one.crystals for one in sampled), bars=bars)


def slip_caution(name: str) -> str:
    """What a potential's card says that it is not for: slip depends on faults that universal models get wrong."""
    from atomistic.potentials.cards import card

    try:
        said = card(name).not_for
    except InputError:  # a file or a class: it has no card
        said = "anything not checked: run check_potential and the properties"
    return f"A law of slip stands on the potential's stacking faults. {name} is not for {said}."


def _derived(
    options: LawOptions, models: Models, context: RunContext, seed: int, potential: PotentialChoice | None, what: str,
    boundary: BoundaryRecord | None = None,
) -> DerivedLaw:  # fmt: skip
    crystals = {
        place: crystal_record(
            crystal, models, context, potential=potential, temperature=options.temperature, statistics=options.thermal.statistics
        )
        for place, crystal in options.crystals.items()
    }  # fmt: skip
    if options.grain_boundary is not None and boundary is None:
        boundary = boundary_record(
            options.grain_boundary,
            crystals["grain_boundary"],
            models,
            context,
            potential=potential,
            temperature=options.temperature,
        )
    if options.solute is not None:
        return law_with_solute(options, crystals, models, context, potential, boundary)
    atoms = _atoms(options, crystals, models, context, seed, potential, what, boundary)
    return replace(law_of_samples(options, atoms, crystals, models, potential), boundary=boundary)


def _atoms(
    options: LawOptions, crystals: dict[str, CrystalRecord], models: Models, context: RunContext, seed: int,
    potential: PotentialChoice | None, what: str, boundary: BoundaryRecord | None,
) -> LawAtoms:  # fmt: skip
    """The samples, from the cache where they are known."""
    moving = options.temperature is not None and options.thermal.method == "mean force"
    key = request(
        "cohesive law",
        options,
        exclude={"gap", "beyond", "check_fault"},
        potentials=[models(potential)],
        seed=seed if moving else None,
    )

    def work() -> dict[str, object]:
        folder = context.cache.folder / "unfinished" / key.address
        with resumable(models(potential), folder, context.log.info) as remembering:
            return pack(law_atoms(options, crystals, remembering, seed, context, boundary))

    return unpack(LawAtoms, context.cached(what, key, work))
