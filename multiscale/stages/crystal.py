"""The crystal stage: a crystal and a potential in; lattice, stiffness, third-order constants, expansion out.

Laws and bodies take their crystals from here, so that both mean the same one.
"""

from typing import TYPE_CHECKING

from coupling.contracts import Potential
from coupling.records import pack, unpack
from multiscale.inputs.crystal import CrystalInput
from multiscale.inputs.potential import PotentialChoice
from multiscale.runtime.addresses import request
from multiscale.runtime.context import RunContext
from multiscale.runtime.crystals import CrystalRecord
from multiscale.stages.models import Models

if TYPE_CHECKING:
    from ase import Atoms


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
