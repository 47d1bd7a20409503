"""Cohesive laws from atoms, for scripts."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ValidationError

from coupling.contracts import Potential, Progress
from coupling.errors import InputError
from multiscale.inputs.faults import sentence
from multiscale.inputs.law_options import LawOptions
from multiscale.scripting.crystals import CleavagePlane, JoinedCrystals
from multiscale.scripting.given import Given, context

if TYPE_CHECKING:
    from coupling.laws.law import Law
    from multiscale.stages.derived_law import DerivedLaw


def derived_law(
    potential: Potential,
    interface: CleavagePlane | JoinedCrystals,
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
        interface: A plane in which a crystal parts, or one crystal on another.
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
    planes = (
        {"upper": interface.upper, "lower": interface.lower}
        if isinstance(interface, JoinedCrystals)
        else {"plane": interface}
    )
    for plane in planes.values():
        if plane.crystal.potential.fingerprint != potential.fingerprint:
            raise InputError(
                f"The crystal {plane.crystal.choice.label} is in equilibrium with another potential; make it with this one."
            )
    try:
        checked = LawOptions.model_validate(given)
    except ValidationError as error:
        raise InputError(sentence(error)) from error
    chosen = checked.model_copy(update={place: plane.cut for place, plane in planes.items()})
    with TemporaryDirectory() as folder:
        return derive_law(chosen, Given(potential), context(Path(folder), progress), seed)


def cohesive_law(potential: Potential, interface: CleavagePlane | JoinedCrystals, **options: Any) -> "Law":
    """The cohesive law of an interface from atoms; `law.count` says what was taken away. Options as in `derived_law`."""
    return derived_law(potential, interface, **options).law
