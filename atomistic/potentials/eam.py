"""Embedded-atom potentials from tabulated files, evaluated as LAMMPS does."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes

from atomistic.potentials.crystal_laws import EmbeddedLaw
from atomistic.potentials.devices import require_cpu
from atomistic.potentials.eam_files import kind_of, read_tables
from atomistic.potentials.embedded_atom import EmbeddedAtom, IntArray
from atomistic.potentials.entry import PotentialEntry
from atomistic.potentials.fingerprint import file_hash, fingerprint
from atomistic.potentials.inputs import checked
from atomistic.potentials.neighbours import neighbour_pairs
from atomistic.potentials.serial import SerialPotential
from atomistic.potentials.site_sums import EmbeddedSites
from atomistic.properties.elastic import VOIGT_PAIRS
from coupling.contracts import Capabilities, FloatArray, Structure
from coupling.errors import InputError

ENTRIES = tuple(
    PotentialEntry(
        suffix, "eam", "An embedded-atom file in the form of this suffix",
        "atomistic.potentials.eam:load", ("matscipy",), place=90,
    )
    for suffix in ("*.eam.alloy", "*.eam.fs", "*.eam", "*.alloy", "*.setfl", "*.fs")
)  # fmt: skip


class EmbeddedAtomCalculator(Calculator):
    """Energy, forces and stress of embedded atoms for ASE, in eV and Å.

    Args:
        functions: The potential's.
    """

    implemented_properties: ClassVar[list[str]] = ["energy", "free_energy", "forces", "stress"]

    def __init__(self, functions: EmbeddedAtom) -> None:
        super().__init__()
        self.functions = functions

    def calculate(self, atoms: Atoms | None = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        """Fill `results`: eV, eV/Å, eV/Å³ (Voigt order xx yy zz yz xz xy); the cell must have a volume."""
        super().calculate(atoms, properties, system_changes)
        i, j, vectors = neighbour_pairs(self.atoms, self.functions.cutoff)
        distance = np.sqrt(np.einsum("pc,pc->p", vectors, vectors))
        energy, tension = self._energy_and_tension(self.functions.kinds(self.atoms.numbers), i, j, distance)
        pull = (tension / distance)[:, None] * vectors
        count = len(self.atoms)
        virial = np.array([vectors[:, a] @ pull[:, b] for a, b in VOIGT_PAIRS]) / 2
        self.results = {
            "energy": energy, "free_energy": energy, "stress": virial / self.atoms.get_volume(),
            "forces": np.stack([np.bincount(i, weights=pull[:, k], minlength=count) for k in range(3)], axis=1),
        }  # fmt: skip

    def _energy_and_tension(
        self, kinds: IntArray, i: IntArray, j: IntArray, distance: FloatArray
    ) -> tuple[float, FloatArray]:
        """eV, and dE/dr (p,) of pairs listed either way, eV/Å."""
        functions, alike = self.functions, np.ptp(kinds) == 0
        density, slope = functions.density(kinds[i], kinds[j], distance)
        back = slope if alike else functions.density(kinds[j], kinds[i], distance)[1]
        pair, pair_slope = functions.repulsion(kinds[i], kinds[j], distance)
        embedding, answer = functions.embedding(kinds, np.bincount(i, weights=density, minlength=len(kinds)))
        return float(embedding.sum() + pair.sum() / 2), answer[i] * slope + answer[j] * back + pair_slope


@dataclass
class EmbeddedAtomPotential(SerialPotential):
    """Embedded atoms: their calculator, and what their functions give in closed form."""

    calculator: EmbeddedAtomCalculator

    @property
    def capabilities(self) -> Capabilities:
        """What it offers besides energies and forces."""
        return replace(super().capabilities, weighted_sites=True, differentiable_strain=True)

    @property
    def functions(self) -> EmbeddedAtom:
        """F, ρ and φ."""
        return self.calculator.functions

    def weighted_sites(self, structure: Structure, weights: FloatArray) -> EmbeddedSites:
        """Σ w_i e_i of a structure at any positions; see `coupling.capabilities.SitePotential`."""
        (atoms,) = checked([structure], self.elements, self.name)
        return EmbeddedSites(self.functions, atoms, weights)

    def crystal_law(self, crystal: Structure) -> EmbeddedLaw:
        """A periodic cell of one atom as a function of F; see `coupling.capabilities.StrainPotential`."""
        (atoms,) = checked([crystal], self.elements, self.name)
        return EmbeddedLaw(self.functions, atoms)


def load(name: str, device: str, dtype: str | None) -> EmbeddedAtomPotential:
    """An embedded-atom potential in one of LAMMPS's file formats (funcfl, setfl, Finnis-Sinclair).

    Args:
        name: Path of a file whose suffix tells its format, in any case: `.eam` (funcfl), `.alloy` or `.setfl` (setfl),
            `.fs` (Finnis-Sinclair); `.eam` may stand before the latter three.
        device: "auto" or "cpu".
        dtype: None or "float64".

    Raises:
        InputError: the file is not in the format of its suffix.
    """
    require_cpu(device, name)
    if dtype == "float32":
        raise InputError(f"Potential {name!r} computes in float64 alone; leave dtype out.")
    kind = kind_of(name)
    try:
        tables = read_tables(Path(name), kind)
    except (OSError, ValueError) as error:
        raise InputError(
            f"File {name!r} cannot be read as {kind}: {error}; correct it, or give it the suffix of its own format "
            "(.eam, .eam.alloy, .eam.fs)."
        ) from error
    return EmbeddedAtomPotential(
        name=name,
        elements=frozenset(tables.numbers),
        cutoff=tables.cutoff,
        fingerprint=fingerprint("eam", file_hash(Path(name)), {"kind": kind}, ("matscipy", "numpy")),
        calculator=EmbeddedAtomCalculator(EmbeddedAtom(tables)),
        needs_cell=True,
        interaction_range=tables.cutoff,
    )
