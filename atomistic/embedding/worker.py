"""The process in which an ASE calculator runs: its crash, its memory and its printing stay there.

Run as `python -m atomistic.embedding.worker READ WRITE` with two inherited file descriptors.
"""

import pickle
import sys
from typing import Any, BinaryIO

import numpy as np
from ase import Atoms

from atomistic.potentials.ase_calculator import calculator_class, check_read
from coupling.errors import own_words
from coupling.identity.addresses import is_finite


def build(calculator: str, options: dict[str, Any]) -> Any:
    """The ASE calculator "module:Class" with its options."""
    made = calculator_class(calculator)
    check_read(calculator, made, options)
    return made(**options)


def compute(calculator: Any, atoms: Atoms, charges: np.ndarray | None, places: np.ndarray | None) -> dict[str, Any]:
    """Energy, forces, stress where there is one, and forces on the point charges where there are some."""
    if charges is not None:
        calculator.set_point_charges(charges, places)
    atoms.calc = calculator
    energy, forces = float(atoms.get_potential_energy()), np.array(atoms.get_forces(), dtype=float)
    stress = _stress(calculator, atoms)
    pulls = None if charges is None else calculator.charge_forces
    if not is_finite(energy, forces, stress, pulls):
        raise ArithmeticError("the energy, a force or the stress is not a number")
    return {"energy": energy, "forces": forces, "stress": stress, "charge_forces": pulls}


def _stress(calculator: Any, atoms: Atoms) -> np.ndarray | None:
    """The stress, eV/Å³; None where the code has none for this cell or this mode."""
    if not atoms.pbc.any() or atoms.cell.rank < 3 or "stress" not in calculator.implemented_properties:
        return None
    try:
        return np.array(atoms.get_stress(voigt=False), dtype=float)
    except (NotImplementedError, AttributeError):  # GPAW announces stress for its modes without one too
        return None


def serve(read: BinaryIO, write: BinaryIO) -> None:
    """Answer requests until the pipe closes; an error is an answer too."""
    held: dict[str, Any] = {}
    while True:
        try:
            request = pickle.load(read)
        except EOFError:
            return
        key = repr((request["calculator"], request["options"]))
        try:
            if key not in held:
                held = {key: build(request["calculator"], request["options"])}
        except (Exception, SystemExit) as error:
            answer: dict[str, Any] = {"unbuilt": own_words(error)}
        else:
            try:
                answer = compute(held[key], Atoms(**request["atoms"]), request["charges"], request["places"])
            except (Exception, SystemExit) as error:
                held.clear()
                answer = {"failed": own_words(error)}
        pickle.dump(answer, write)
        write.flush()


if __name__ == "__main__":
    with open(int(sys.argv[1]), "rb") as reading, open(int(sys.argv[2]), "wb") as writing:
        serve(reading, writing)
