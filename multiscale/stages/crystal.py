"""The crystal stage: a crystal and a potential in; lattice, stiffness, third-order constants, expansion out.

Laws and bodies take their crystals from here, so that both mean the same one.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from coupling.contracts import FloatArray, Potential
from coupling.records import pack, unpack
from multiscale.inputs.crystal import CrystalInput
from multiscale.inputs.potential import PotentialChoice
from multiscale.runtime.addresses import request
from multiscale.runtime.context import RunContext
from multiscale.stages.models import Models

if TYPE_CHECKING:
    from ase import Atoms


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
    """

    numbers: np.ndarray
    positions: FloatArray
    cell: FloatArray
    conventional: FloatArray
    stiffness_voigt: FloatArray
    third_voigt: FloatArray | None = None

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


def crystal_record(
    choice: CrystalInput,
    models: Models,
    context: RunContext,
    *,
    potential: PotentialChoice | None = None,
    temperature: float | None = None,
    statistics: str = "quantum",
    third_order: bool = False,
    what: str = "crystals",
) -> CrystalRecord:
    """The crystal of a choice, from the cache where it is known.

    Args:
        choice: By name or by file.
        models: The study's potentials.
        context: The run.
        potential: The block's own potential; None is the study's.
        temperature: K; None is the static crystal.
        statistics: Of the vibrations at the temperature.
        third_order: Also the third-order constants.
        what: What it is called in the log.

    Raises:
        InputError: there is no such crystal, or it has no lattice at the temperature.
        NotConverged: it did not relax.
    """
    key = request(
        "crystal", choice, include=CrystalInput.model_fields, potentials=[models(potential)], temperature=temperature,
        statistics=None if temperature is None else statistics, third_order=third_order,
    )  # fmt: skip

    def work() -> dict[str, object]:
        loaded = models(potential)
        assert loaded is not None  # rank 0 works, and has it
        return pack(_computed(loaded, choice, temperature, statistics, third_order, context))

    return unpack(CrystalRecord, context.cached(what, key, work))


def _computed(
    potential: Potential,
    choice: CrystalInput,
    temperature: float | None,
    statistics: str,
    third_order: bool,
    context: RunContext,
) -> CrystalRecord:
    from atomistic.decohesion.slab import conventional_cell
    from atomistic.properties.elastic import elastic_constants
    from atomistic.properties.finite_strain import third_order_constants

    context.log.info("crystal and elastic constants of %s", choice.label)
    atoms = _relaxed(potential, choice, temperature, statistics, context)
    return CrystalRecord(
        numbers=atoms.numbers,
        positions=atoms.positions,
        cell=atoms.cell.array,
        conventional=conventional_cell(atoms) if choice.file is None else atoms.cell.array,
        stiffness_voigt=elastic_constants(potential, atoms).stiffness_voigt,
        third_voigt=third_order_constants(potential, atoms).tensor_voigt if third_order else None,
    )


def _relaxed(
    potential: Potential, choice: CrystalInput, temperature: float | None, statistics: str, context: RunContext
) -> "Atoms":
    """The crystal in equilibrium; at a temperature at the lattice parameter there."""
    from atomistic.decohesion.finite_temperature import heated
    from atomistic.decohesion.slab import read_crystal
    from atomistic.properties.bulk import equilibrium
    from atomistic.relax import Constraints, relax

    if choice.file is not None:
        crystal = read_crystal(choice.file)
        static = relax(
            potential, [crystal], Constraints(cell="full"), stress=5e6, progress=context.progress
        ).structures[0]
    else:
        static = equilibrium(potential, choice.species, choice.structure)
    if temperature is None:
        return static
    return heated(potential, static, temperature, statistics=statistics, progress=context.progress)
