"""Embedded-atom potentials from tabulated files, evaluated as LAMMPS does."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from ase import Atoms
from ase.stress import voigt_6_to_full_3x3_stress

from atomistic.potentials.answers import finite
from atomistic.potentials.compiled import embedded_sums
from atomistic.potentials.devices import require_cpu
from atomistic.potentials.eam_files import kind_of, read_tables
from atomistic.potentials.embedded_atom import EmbeddedAtom
from atomistic.potentials.embedded_hessian import embedded_hessian
from atomistic.potentials.embedded_sums import EmbeddedSums
from atomistic.potentials.entry import PotentialEntry
from atomistic.potentials.fingerprint import file_hash, fingerprint
from atomistic.potentials.inputs import checked, has_volume, place_of, refuse_overlap
from atomistic.potentials.metering import Meter
from coupling.capabilities import CrystalLaw, WeightedSites, require_asked
from coupling.contracts import Capabilities, Cost, Evaluation, FloatArray, Structure
from coupling.errors import InputError

if TYPE_CHECKING:
    from ase.calculators.calculator import Calculator

ENTRIES = tuple(
    PotentialEntry(
        suffix, "eam", "An embedded-atom file in the form of this suffix",
        "atomistic.potentials.eam:load", ("matscipy",), place=90,
    )
    for suffix in ("*.eam.alloy", "*.eam.fs", "*.eam", "*.alloy", "*.setfl", "*.fs")
)  # fmt: skip


@dataclass
class EmbeddedAtomPotential:
    """Embedded atoms; see `coupling.contracts.Potential`.

    Attributes:
        name: As listed by `multiscale potentials`.
        elements: Atomic numbers that its file has.
        fingerprint: Hash of all that determines its numbers, and of what computes them ("compiled" or "numpy").
        functions: F, ρ and φ.
        sums: What computes.
    """

    name: str
    elements: frozenset[int]
    fingerprint: str
    functions: EmbeddedAtom
    sums: EmbeddedSums

    @property
    def cutoff(self) -> float:
        """Of ρ and φ, Å."""
        return self.functions.cutoff

    @property
    def capabilities(self) -> Capabilities:
        """What it offers besides energies and forces."""
        return Capabilities(
            self.cutoff, stress=True, site_energies=True, weighted_sites=True, differentiable_strain=True, hessian=True
        )

    def evaluate(
        self, structures: Sequence[Structure], *, site_energies: bool = False, features: bool = False
    ) -> Evaluation:
        """Evaluate all structures; see `coupling.contracts.Potential`.

        Raises:
            InputError: a structure cannot be evaluated, or features are asked for.
            NotFinite: an energy or a force is not a number.
        """
        require_asked(self, site_energies, features)
        atoms = checked(structures, self.elements, self.name, overlap=False)
        with Meter() as meter:
            rows = self.sums.whole(atoms)
        for index, row in enumerate(rows):
            refuse_overlap(*row.nearest, place_of(index, len(atoms)))
        found = Evaluation(
            energies=np.array([row.energy for row in rows]),
            forces=tuple(row.forces for row in rows),
            stresses=np.array([_stress(one, row.virial) for one, row in zip(atoms, rows, strict=True)]),
            cost=Cost(len(atoms), sum(map(len, atoms)), len(atoms), meter.seconds, meter.peak_memory_bytes),
            site_energies=tuple(row.sites for row in rows) if site_energies else None,
        )
        return finite(found, atoms, self.name)

    def as_ase(self) -> "Calculator":
        """An ASE calculator of this potential, for other tools."""
        from atomistic.potentials.as_ase import PotentialCalculator

        return PotentialCalculator(self)

    def weighted_sites(self, structure: Structure, weights: FloatArray) -> WeightedSites:
        """Σ w_i e_i of a structure at any positions; see `coupling.capabilities.SitePotential`."""
        (atoms,) = checked([structure], self.elements, self.name)
        return self.sums.sites(atoms, weights)

    def crystal_law(self, crystal: Structure) -> CrystalLaw:
        """A periodic cell of one atom as a function of F; see `coupling.capabilities.StrainPotential`."""
        (atoms,) = checked([crystal], self.elements, self.name)
        return self.sums.crystal(atoms)

    def hessian(self, structure: Structure) -> FloatArray:
        """(3N, 3N) second derivatives by the positions; see `coupling.capabilities.HessianPotential`."""
        (atoms,) = checked([structure], self.elements, self.name)
        return embedded_hessian(self.functions, atoms)


def _stress(atoms: Atoms, virial: FloatArray) -> FloatArray:
    """(3, 3) eV/Å³; no numbers where there is no volume."""
    if not has_volume(atoms):
        return np.full((3, 3), np.nan)
    return voigt_6_to_full_3x3_stress(virial) / atoms.get_volume()


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
    functions = EmbeddedAtom(tables)
    sums = embedded_sums(functions)
    return EmbeddedAtomPotential(
        name=name,
        elements=frozenset(tables.numbers),
        fingerprint=fingerprint("eam", file_hash(Path(name)), {"kind": kind, "sums": sums.kind}, sums.libraries),
        functions=functions,
        sums=sums,
    )
