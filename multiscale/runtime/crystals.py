"""Crystals at their equilibrium, and the file by which a run hands them on to later ones.

The file is one JSON object: "crystals" by name, each with its "samples", the same crystal with each sample of the run's
potential, of which its error bars are the spread. Numbers have their unit in the key; "checksum" is the hash of all else.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from coupling.contracts import FloatArray
from coupling.errors import InputError, unknown_choice
from coupling.files import sealed, unsealed, write_text

if TYPE_CHECKING:
    from ase import Atoms

FORMAT, VERSION = "multiscale-coupling crystals", 1
_UNITS = {
    "numbers": "1", "positions": "Å", "cell": "Å", "conventional": "Å", "stiffness_voigt": "Pa", "third_voigt": "Pa",
    "temperature": "K",
}  # fmt: skip


@dataclass(frozen=True)
class CrystalRecord:
    """A crystal at its equilibrium, or at the lattice of a temperature; its Cartesian axes are the crystal's.

    Attributes:
        numbers: (N,) atomic numbers of the cell.
        positions: (N, 3) Å.
        cell: (3, 3) Å, rows are lattice vectors.
        conventional: (3, 3) Å, the cell that Miller indices refer to.
        stiffness_voigt: (6, 6) Pa, order xx yy zz yz xz xy, engineering shear.
        third_voigt: (6, 6, 6) Pa, where asked for.
        temperature: K, of a run that found the crystal at several; None elsewhere.
    """

    numbers: np.ndarray
    positions: FloatArray
    cell: FloatArray
    conventional: FloatArray
    stiffness_voigt: FloatArray
    third_voigt: FloatArray | None = None
    temperature: float | None = None

    @property
    def atoms(self) -> "Atoms":
        """The cell as atoms."""
        from ase import Atoms

        return Atoms(self.numbers, self.positions, cell=self.cell, pbc=True)

    @property
    def formula(self) -> str:
        """Its empirical formula."""
        return str(self.atoms.get_chemical_formula(empirical=True))

    @property
    def rotations(self) -> FloatArray:
        """(k, 3, 3) rotations that leave it as it is."""
        from atomistic.symmetry import proper_rotations

        return proper_rotations(self.atoms)

    @property
    def lattice_parameter(self) -> float:
        """Length of the first conventional vector, Å."""
        return float(np.linalg.norm(self.conventional[0]))


@dataclass(frozen=True)
class SampledCrystal:
    """A crystal, and the same with each sample of its potential, of which its error bars are the spread.

    Attributes:
        crystal: What is reported.
        samples: Empty without error bars.
        family: Fingerprints of the samples' potentials, by which what varies with it is known.
    """

    crystal: CrystalRecord
    samples: tuple[CrystalRecord, ...] = ()
    family: tuple[str, ...] = ()


def save_crystals(crystals: Mapping[str, SampledCrystal], path: Path) -> None:
    """Write crystals by name; the file appears complete or not at all."""
    plain = {
        name: _plain(one.crystal) | {
            "samples": [{"potential": potential} | _plain(sample)
                        for potential, sample in zip(one.family, one.samples, strict=True)]
        }
        for name, one in crystals.items()
    }  # fmt: skip
    record = {"format": FORMAT, "version": VERSION, "crystals": plain}
    write_text(path, json.dumps(sealed(record), indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def load_crystals(path: Path) -> dict[str, SampledCrystal]:
    """Read what `save_crystals` wrote.

    Raises:
        InputError: the file is missing, damaged, or of another format or version.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        said = (record.get("format"), record.get("version"))
    except (OSError, ValueError, AttributeError) as error:
        raise InputError(f"The crystals {path} cannot be read ({error}); run the study again.") from None
    if said != (FORMAT, VERSION):
        raise InputError(
            f"{path} is not in version {VERSION} of the format {FORMAT!r}; run its study again with this version."
        )
    try:
        return {name: _sampled(one) for name, one in unsealed(record)["crystals"].items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{path} is damaged ({error}); run the study again.") from None


def chosen(names: Iterable[str], wanted: str | None, default: str, what: str) -> str:
    """One of several names: the wanted one, else the default one, else the only one.

    Raises:
        InputError: there is none of that name, or it is not said which.
    """
    known = list(names)
    if wanted is not None and wanted not in known:
        raise unknown_choice(what, wanted, known)
    if wanted is None and default not in known and len(known) != 1:
        raise InputError(f"There are several; say which {what} is meant: {', '.join(known)}.")
    return wanted if wanted is not None else default if default in known else known[0]


def at_temperature(crystals: Iterable[SampledCrystal], kelvin: float) -> SampledCrystal:
    """The crystal at a temperature, of those of a run at several: between two of them all is linear in the temperature.

    Raises:
        InputError: the run has none at temperatures, or none on both sides of this one.
    """
    known = {one.crystal.temperature: one for one in crystals if one.crystal.temperature is not None}
    below, above = (
        max((t for t in known if t <= kelvin), default=None),
        min((t for t in known if t >= kelvin), default=None),
    )
    if below is None or above is None:
        there = f"has it from {min(known):g} to {max(known):g} K" if known else "has no crystal at temperatures"
        raise InputError(
            f"{kelvin:g} K is not within what the run knows: it {there}; run a thermal study with temperatures on both sides."
        )
    if below == above:
        return known[below]
    share, low, high = (kelvin - below) / (above - below), known[below], known[above]
    samples = zip(low.samples, high.samples, strict=True)
    between = tuple(_between(one, other, share, kelvin) for one, other in samples)
    return SampledCrystal(_between(low.crystal, high.crystal, share, kelvin), between, low.family)


def _between(low: CrystalRecord, high: CrystalRecord, share: float, kelvin: float) -> CrystalRecord:
    def mixed(first: FloatArray, second: FloatArray) -> FloatArray:
        return (1 - share) * first + share * second

    return CrystalRecord(
        low.numbers, mixed(low.positions, high.positions), mixed(low.cell, high.cell), mixed(low.conventional, high.conventional),
        mixed(low.stiffness_voigt, high.stiffness_voigt), temperature=kelvin,
    )  # fmt: skip


def _plain(crystal: CrystalRecord) -> dict[str, Any]:
    values = {name: getattr(crystal, name) for name in _UNITS}
    return {_key(name): np.asarray(value).tolist() for name, value in values.items() if value is not None}


def _sampled(record: Mapping[str, Any]) -> SampledCrystal:
    samples = record["samples"]
    return SampledCrystal(
        _crystal(record), tuple(map(_crystal, samples)), tuple(str(one["potential"]) for one in samples)
    )


def _crystal(record: Mapping[str, Any]) -> CrystalRecord:
    arrays = {name: np.array(record[_key(name)]) for name in _UNITS if _key(name) in record}
    kelvin = arrays.pop("temperature", None)
    return CrystalRecord(**arrays, temperature=None if kelvin is None else float(kelvin))


def _key(name: str) -> str:
    return f"{name} [{_UNITS[name]}]"
