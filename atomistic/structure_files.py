"""Structures from files: whatever a file says about the atoms is passed on, or the file is refused; nothing is dropped."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.data import atomic_masses

from coupling.contracts import FloatArray
from coupling.errors import InputError

_XYZ = (".xyz", ".extxyz")
_CHARGES = ("charge", "total_charge", "net_charge")
"""Names of the total charge in files."""
_ATOM_CHARGES = ("initial_charges", "charges", "charge", "formal_charges", "partial_charges", "q")
"""Names of a column of the atoms' charges."""
_MOMENTS = ("initial_magmoms", "magmoms", "magmom", "magnetic_moments", "spins", "spin")
"""Names of a column of magnetic moments."""
_SPINS = {"spin": 0, "multiplicity": 1, "spin_multiplicity": 1}
"""Names of the spin in files, and its value without unpaired electrons."""
_WHOLE = 1e-6  # e: a total charge is a whole number to this
_CLOSE = 0.01  # of an occupancy


@dataclass(frozen=True)
class FileStructure:
    """One structure as its file says it.

    Attributes:
        atoms: Elements, positions, cell, periodicity, and masses where the file has them; nothing else.
        charge: Total charge, e; None where the file does not say.
        charges: (N,) charges of the atoms, e; None where the file does not say.
        moving: Whether the file has velocities.
    """

    atoms: Atoms
    charge: int | None = None
    charges: FloatArray | None = None
    moving: bool = False

    @property
    def isotopes(self) -> bool:
        """Whether a mass is not that of its element."""
        own = atomic_masses[self.atoms.numbers]
        return self.atoms.has("masses") and not np.allclose(self.atoms.get_masses(), own, rtol=1e-3)


def read_structure(path: Path | str) -> FileStructure:
    """The one structure of a file.

    Args:
        path: Any file that ASE reads.

    Raises:
        InputError: it cannot be read, holds several structures, or says something that no calculation here uses.
    """
    images = read_images(path)
    if len(images) > 1:
        raise InputError(
            f"{Path(path).name} holds {len(images)} structures, and one is needed; write the one that is meant into a "
            "file of its own, such as by ase.io.write(NEW, ase.io.read(OLD, index=0))."
        )
    return stated(images[0], Path(path).name)


def read_images(path: Path | str) -> list[Atoms]:
    """All structures of a file, as ASE reads them; at least one.

    Raises:
        InputError: there is no such file, it cannot be read, or holds none.
    """
    from ase.io import read

    path = Path(path)
    if not path.is_file():
        raise InputError(f"There is no structure file {path.name!r} where it was looked for, in {path.parent}.")
    try:
        images = read(path, index=":", format="extxyz" if path.suffix.lower() in _XYZ else None, parallel=False)
    except Exception as error:  # ASE's readers fail in any way they like
        reason = " ".join(f"{type(error).__name__}: {error}".split()).rstrip(".:")
        raise InputError(f"{path.name} cannot be read as a structure ({reason}).") from error
    if not images or not all(isinstance(one, Atoms) and len(one) for one in images):
        raise InputError(f"{path.name} holds no structure of atoms.")
    return images


def stated(atoms: Atoms, name: str) -> FileStructure:
    """What one structure of a file says.

    Args:
        atoms: As ASE read them.
        name: What the structure is called in messages.

    Raises:
        InputError: a coordinate is not finite, or it says something that no calculation here uses.
    """
    for what, array in (("position", atoms.positions), ("cell vector", atoms.cell.array)):
        if not np.isfinite(array).all():
            row = int(np.argmin(np.isfinite(array).all(axis=1)))
            raise InputError(f"{name}: {what} {row} is {array[row].tolist()}, which is not finite; correct the file.")
    if np.any(atoms.numbers < 1):
        raise InputError(f"{name} holds a site that is not an element (X); replace it by an element.")
    _refuse_disorder(atoms, name)
    if atoms.constraints:
        raise InputError(
            f"{name} holds some atoms fixed, and all atoms move here; take the constraints out of the file."
        )
    _refuse_spin(atoms, name)
    bare = Atoms(atoms.numbers, atoms.positions, cell=atoms.cell.array, pbc=atoms.pbc)
    if atoms.has("masses"):
        bare.set_masses(atoms.get_masses())
    charges = _atom_charges(atoms, name)
    moving = atoms.has("momenta") and bool(np.any(atoms.arrays["momenta"]))
    return FileStructure(bare, _total(atoms, charges, name), charges, moving)


def _total(atoms: Atoms, charges: FloatArray | None, name: str) -> int | None:
    """The total charge that a file states, which agrees with those of its atoms."""
    said = {key: _number(atoms.info[key], f"{name}: {key}") for key in _keys(atoms.info, _CHARGES)}
    if charges is not None and np.any(charges):
        said["sum of the atoms' charges"] = float(charges.sum())
    for what, value in said.items():
        if not abs(value - round(value)) < _WHOLE:
            raise InputError(
                f"{name}: its {what} is {value:g} e, and a total charge is a whole number; correct the file."
            )
    if len({round(value) for value in said.values()}) > 1:
        told = ", ".join(f"{what} {value:g} e" for what, value in said.items())
        raise InputError(f"{name} contradicts itself: {told}; correct the file.")
    return round(next(iter(said.values()))) if said else None


def _columns(atoms: Atoms, known: tuple[str, ...]) -> dict[str, FloatArray]:
    """Columns of numbers, one an atom, under these names; ASE takes some for results of a calculator."""
    results = atoms.calc.results if atoms.calc is not None else {}
    return {
        str(key): np.asarray(columns[key], dtype=float)
        for columns in (atoms.arrays, results)
        for key in _keys(columns, known)
    }


def _atom_charges(atoms: Atoms, name: str) -> FloatArray | None:
    """(N,) e, under whatever name a file has them; None without."""
    found = _columns(atoms, _ATOM_CHARGES)
    for key, charges in found.items():
        if charges.shape != (len(atoms),) or not np.isfinite(charges).all():
            raise InputError(f"{name}: its column {key} is not one finite charge an atom; correct the file.")
    first = next(iter(found), None)
    for key, charges in found.items():
        if first is not None and not np.allclose(charges, found[first], atol=_WHOLE):
            raise InputError(f"{name} has two columns of charges that differ, {first} and {key}; leave one out.")
    return None if first is None else found[first]


def _refuse_disorder(atoms: Atoms, name: str) -> None:
    """Refuse sites that several elements share, or that are not always filled."""
    sites = atoms.info.get("occupancy") or {}
    for site in sites.values():
        shares = [_occupancy(share, f"{name}: the occupancy of {symbol}") for symbol, share in site.items()]
        if len(site) != 1 or abs(shares[0] - 1) > _CLOSE:
            told = ", ".join(f"{symbol} {share:g}" for symbol, share in zip(site, shares, strict=True))
            raise InputError(
                f"{name} has a site with the occupancy {told}; a structure of atoms has one atom on each site, so make "
                "an ordered supercell of it (such as by a special quasirandom structure)."
            )
    for key in _keys(atoms.arrays, ("occupancy", "occupancies", "occ")):
        if np.any(np.abs(np.asarray(atoms.arrays[key], dtype=float) - 1) > _CLOSE):
            raise InputError(f"{name} has occupancies other than 1; give a file with one atom on each site.")


def _occupancy(value: object, what: str) -> float:
    """A CIF's dot stands for the value that its dictionary gives where none is: 1."""
    return 1.0 if value == "." else _number(value, what)


def _refuse_spin(atoms: Atoms, name: str) -> None:
    if any(np.any(moments) for moments in _columns(atoms, _MOMENTS).values()):
        raise InputError(
            f"{name} has magnetic moments, and no potential here takes any; take that column out of the file."
        )
    for key in _keys(atoms.info, _SPINS):
        if _number(atoms.info[key], f"{name}: {key}") != _SPINS[key.lower()]:
            raise InputError(
                f"{name} says {key} {atoms.info[key]}; spin is an option of the quantum engine (pyscf: spin, xTB: "
                "multiplicity), so give it there and take it out of the file."
            )


def _keys(given: Any, known: Iterable[str]) -> list[str]:
    """Those keys that are known, in any case."""
    return [key for key in given if str(key).lower() in known]


def _number(value: object, what: str) -> float:
    try:
        return float(np.asarray(value, dtype=float).item())
    except (TypeError, ValueError) as error:
        raise InputError(f"{what} is {value!r}, which is not a number; correct the file.") from error
