"""What atoms did, frame by frame, and its file: extended XYZ that ASE and OVITO open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from numpy.typing import NDArray

from coupling.contracts import FloatArray
from coupling.files import write_text

IntArray = NDArray[np.int64]
Columns = Mapping[str, NDArray[Any]]

_OF_A_FRAME = 400  # bytes of a frame's heading
_OF_AN_ATOM = 105  # bytes of element, position and force
_OF_A_NUMBER = 17


@dataclass(frozen=True)
class Frames:
    """Configurations of the same atoms.

    Attributes:
        numbers: (N,) atomic numbers.
        positions: (n, N, 3) Å.
        cells: (n, 3, 3) Å, rows are lattice vectors.
        pbc: (3,) 1 where periodic, else 0.
        forces: (n, N, 3) eV/Å.
        energies: (n,) eV; None where the forces have none.
        info: (n,) what is said of each frame, by a name that ends in its unit, such as `opening_A`.
        arrays: (n, N) what is said of each atom, by name.
    """

    numbers: IntArray
    positions: FloatArray
    cells: FloatArray
    pbc: IntArray
    forces: FloatArray
    energies: FloatArray | None = None
    info: Columns = field(default_factory=dict)
    arrays: Columns = field(default_factory=dict)

    @classmethod
    def of(cls, structures: Sequence[Atoms], info: Columns | None = None, arrays: Columns | None = None) -> "Frames":
        """The frames of structures of the same atoms that carry their results (`with_results`).

        Args:
            structures: n structures, one or more.
            info: See `Frames`.
            arrays: See `Frames`; a column (N,) is that of every frame.
        """
        first, shape = structures[0], (len(structures), len(structures[0]))
        results = [one.calc.results for one in structures]
        return cls(
            first.numbers.astype(np.int64),
            np.array([one.positions for one in structures]),
            np.array([one.cell.array for one in structures]),
            first.pbc.astype(np.int64),
            np.array([one["forces"] for one in results]),
            np.array([one["energy"] for one in results]) if all("energy" in one for one in results) else None,
            {name: np.asarray(column) for name, column in (info or {}).items()},
            {name: np.broadcast_to(column, shape).copy() for name, column in (arrays or {}).items()},
        )

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def structures(self) -> list[Atoms]:
        """n structures with their results, `info` and `arrays`, as ASE's atoms."""
        made = []
        for k, positions in enumerate(self.positions):
            atoms = Atoms(self.numbers, positions, cell=self.cells[k], pbc=self.pbc.astype(bool))
            for name, column in self.arrays.items():
                atoms.set_array(name, column[k])
            atoms.info = {name: column[k].item() for name, column in self.info.items()}
            made.append(with_results(atoms, None if self.energies is None else float(self.energies[k]), self.forces[k]))
        return made

    @property
    def size(self) -> int:
        """Estimate of the bytes that they take in a file."""
        of_an_atom = _OF_AN_ATOM + _OF_A_NUMBER * len(self.arrays)
        return len(self) * (_OF_A_FRAME + of_an_atom * len(self.numbers))


def with_results(atoms: Atoms, energy: float | None, forces: FloatArray) -> Atoms:
    """The same atoms, which now carry their energy (eV; None where the forces have none) and forces (N, 3), eV/Å.

    They are lost where the atoms move, and a copy of the atoms is one without.
    """
    results = {"forces": forces} if energy is None else {"energy": energy, "forces": forces}
    atoms.calc = SinglePointCalculator(atoms, **results)
    return atoms


def write_frames(path: Path, parts: Sequence[Frames]) -> None:
    """Write frames, one part after another, as extended XYZ: ASE's `energy`, `forces`, and all that they say.

    Args:
        path: The file, which is whole or not there.
        parts: The frames; each part has its own atoms.
    """
    from ase.io import write

    text = StringIO()
    write(text, [atoms for part in parts for atoms in part.structures], format="extxyz", parallel=False)
    write_text(path, text.getvalue())
