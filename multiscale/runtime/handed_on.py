"""What a finished run hands on: laws of interfaces and crystals, each with its samples, diffusion, dislocations."""

from pathlib import Path

from coupling.errors import InputError
from coupling.file_names import file_name
from multiscale.runtime.crystals import SampledCrystal, at_temperature, chosen, load_crystals
from multiscale.runtime.folders import marked
from multiscale.runtime.results import FILE, Results

CRYSTALS, DIFFUSION, DISLOCATIONS = "crystals.json", "diffusion.json", "dislocation.yaml"
_LAW = "law{}.json"


def law_name(suffix: str = "") -> str:
    """The file of a law; of several, each has its interface's name as suffix."""
    return _LAW.format(file_name(f"_{suffix}") if suffix else "")


def handed_on(folder: Path) -> list[Path]:
    """The files of a run that a later one may take; empty where there are none."""
    names = (_LAW.format("*"), CRYSTALS, DIFFUSION, DISLOCATIONS)
    return [file for name in names for file in sorted(folder.glob(name))] if (folder / FILE).is_file() else []


def kept_files(folder: Path) -> list[Path]:
    """The files of a run that a later one keeps a copy of, so that it can be run again without the first."""
    return [folder / FILE, *handed_on(folder)]


def check_finished(folder: Path) -> None:
    """Raise `InputError` unless a folder holds a finished run that passes its own checks."""
    state = (marked(folder, "run") or {}).get("state") if folder.is_dir() else None
    if folder.name.endswith(".failed") or state == "failed":
        raise InputError(f"The run {folder} failed; run its study again, and take what it finds then.")
    if folder.name.endswith(".partial"):
        raise InputError(f"The run {folder} is unfinished; let it end, or run its study again.")
    if not folder.is_dir():
        for ending, what in ((".partial", "is unfinished"), (".failed", "failed")):
            if folder.with_name(folder.name + ending).is_dir():
                raise InputError(f"The run {folder} {what} ({folder.name}{ending}); run its study again.")
        raise InputError(f"There is no run {folder}; give the folder that `multiscale run` wrote.")
    Results.check(folder)


def law_file(folder: Path, interface: str | None = None, default: str = "") -> Path:
    """The law of a finished run.

    Args:
        folder: The run's.
        interface: Whose law, of several; None is that of the default name, or the only one.
        default: The name of the interface that takes it.

    Raises:
        InputError: the run is not finished, or has no such law.
    """
    check_finished(folder)
    found = {path.stem.removeprefix("law").removeprefix("_"): path for path in folder.glob(_LAW.format("*"))}
    if not found:
        raise InputError(f"The run {folder} has no law; a run of a cohesive_law, fracture or specimen study has one.")
    if list(found) == [""] and interface is None:
        return found[""]
    try:
        return found[chosen(found, interface and file_name(interface), file_name(default), "interface")]
    except InputError as error:
        raise InputError(f"The run {folder} has laws of {len(found)} interfaces. {error}") from None


def stored_crystal(folder: Path, wanted: str | None, default: str, temperature: float | None = None) -> SampledCrystal:
    """A crystal of a finished run: by its name, or the run's only one at a temperature.

    Args:
        folder: The run's.
        wanted: Its name; None is the default one, or the only one.
        default: The name of the body that takes it.
        temperature: K; None: as the run has it.

    Raises:
        InputError: the run is not finished, or has no such crystal, or not at the temperature.
    """
    crystals = load_crystals(crystals_file(folder))
    if temperature is not None:
        return at_temperature(crystals.values(), temperature)
    return crystals[chosen(crystals, wanted, default, "crystal")]


def crystals_file(folder: Path) -> Path:
    """The crystals of a finished run.

    Raises:
        InputError: the run is not finished, or has no crystals.
    """
    check_finished(folder)
    if not (folder / CRYSTALS).is_file():
        raise InputError(
            f"The run {folder} has no {CRYSTALS}: no crystal of it comes from a potential, or an older version wrote it; "
            "run its study again, or give the body's constants."
        )
    return folder / CRYSTALS


def diffusion_file(folder: Path) -> Path:
    """The diffusion coefficients of a finished run.

    Raises:
        InputError: the run is not finished, or has none.
    """
    check_finished(folder)
    if not (folder / DIFFUSION).is_file():
        raise InputError(f"The run {folder} has no {DIFFUSION}; a run of a rates study with an interstitial has one.")
    return folder / DIFFUSION


def dislocations_file(folder: Path) -> Path:
    """The parameters of a finished dislocation run.

    Raises:
        InputError: the run is not finished, or of another study.
    """
    check_finished(folder)
    if not (folder / DISLOCATIONS).is_file():
        raise InputError(f"The run {folder} has no {DISLOCATIONS}; a run of the dislocation study has it.")
    return folder / DISLOCATIONS
