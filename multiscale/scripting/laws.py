"""Cohesive laws from atoms, for scripts."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ValidationError

from coupling.contracts import Potential, Progress
from coupling.errors import InputError
from multiscale.inputs.faults import sentence
from multiscale.inputs.law_options import LawOptions
from multiscale.scripting.crystals import BulkCrystal, CleavagePlane, JoinedCrystals
from multiscale.scripting.given import Given, context
from multiscale.scripting.grain_boundaries import JoinedGrains

if TYPE_CHECKING:
    from coupling.laws.law import Law
    from multiscale.stages.derived_law import DerivedLaw


def derived_law(
    potential: Potential,
    interface: CleavagePlane | JoinedCrystals | JoinedGrains,
    *,
    path: Literal["rigid", "relaxed"] = "relaxed",
    mode: Literal["normal", "mixed"] = "normal",
    gap: Literal["in law", "in bulk"] = "in law",
    openings: int = 40,
    largest_opening: str = "5 Å",
    seed: int = 0,
    progress: Progress | None = None,
    **options: Any,
) -> "DerivedLaw":
    """The law of an interface with what it was derived from: samples, naive elongation, consistency.

    Args:
        potential: The potential.
        interface: A plane in which a crystal parts, one crystal on another, or a grain boundary.
        path: Rigid halves, or all atoms relaxed with the bulk taken away at equal traction.
        mode: Opening alone, or opening and slip.
        gap: Who owns the layer spacing across the interface: the law, or the finite elements.
        openings: Sampled openings.
        largest_opening: With its unit; beyond the potential's range.
        seed: Of all random numbers.
        progress: Called with the progress of the work.
        **options: Further keys of the law stage, as in an input file: temperature="300 K", slip={"tolerance": 0.02}, …

    Raises:
        InputError: the options do not go together, or potential and crystals do not make a law.
        NotConverged: some equilibrium was not found.
    """
    from multiscale.stages.law import derive_law

    given: dict[str, Any] = {
        "path": path,
        "mode": mode,
        "gap": gap,
        "openings": {"max": largest_opening, "points": openings},
        **options,
    }
    if isinstance(interface, JoinedCrystals):
        given["matching"] = {
            "strained": interface.strained, "largest_strain": interface.largest_strain, "largest_area": interface.largest_area,
        }  # fmt: skip
    places: dict[str, tuple[BulkCrystal, Any]]
    if isinstance(interface, JoinedGrains):
        places = {"grain_boundary": (interface.crystal, interface.choice)}
    elif isinstance(interface, JoinedCrystals):
        places = {
            side: (one.crystal, one.cut) for side, one in (("upper", interface.upper), ("lower", interface.lower))
        }
    else:
        places = {"plane": (interface.crystal, interface.cut)}
    for crystal, _ in places.values():
        if crystal.potential.fingerprint != potential.fingerprint:
            raise InputError(
                f"The crystal {crystal.choice.label} is in equilibrium with another potential; make it with this one."
            )
    try:
        options_of_law = LawOptions.model_validate(given | {place: choice for place, (_, choice) in places.items()})
    except ValidationError as error:
        raise InputError(sentence(error, given)) from error
    known = interface.record if isinstance(interface, JoinedGrains) else None
    with TemporaryDirectory() as folder:
        return derive_law(options_of_law, Given(potential), context(Path(folder), progress), seed, boundary=known)


def cohesive_law(
    potential: Potential, interface: CleavagePlane | JoinedCrystals | JoinedGrains, **options: Any
) -> "Law":
    """The cohesive law of an interface from atoms; `law.count` says what was taken away. Options as in `derived_law`."""
    return derived_law(potential, interface, **options).law
