"""A crystal at a temperature by molecular dynamics: lattice, expansion, isothermal elastic constants, with block errors."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from coupling.contracts import FloatArray, Potential
from coupling.records import pack, unpack
from multiscale.inputs.crystal import CrystalInput
from multiscale.inputs.dynamics import DynamicsInput
from multiscale.inputs.potential import PotentialChoice
from multiscale.runtime.addresses import request
from multiscale.runtime.context import RunContext
from multiscale.runtime.crystals import CrystalRecord
from multiscale.stages.crystal import crystal_record
from multiscale.stages.models import Models

if TYPE_CHECKING:
    from ase import Atoms


@dataclass(frozen=True)
class WarmRecord:
    """What dynamics say of a crystal at a temperature.

    Attributes:
        crystal: Its lattice and isothermal elastic constants.
        lattice_std: Relative standard error of its lengths.
        stiffness_std: (6, 6) Pa.
        bulk_modulus: B_T, Pa.
        bulk_modulus_std: Pa.
        compressibility: κ_T of the volume's fluctuations, 1/Pa.
        compressibility_std: 1/Pa.
        expansion: α of fluctuations, 1/K.
        expansion_std: 1/K.
        atoms: Of the cell that moved.
    """

    crystal: CrystalRecord
    lattice_std: float
    stiffness_std: FloatArray
    bulk_modulus: float
    bulk_modulus_std: float
    compressibility: float
    compressibility_std: float
    expansion: float
    expansion_std: float
    atoms: int


def warm_record(
    choice: CrystalInput,
    models: Models,
    context: RunContext,
    temperature: float,
    dynamics: DynamicsInput,
    seed: int,
    *,
    potential: PotentialChoice | None = None,
) -> WarmRecord:
    """The crystal of a choice at a temperature, from the cache where it is known.

    Args:
        choice: By name or by file; cubic.
        models: The study's potentials.
        context: The run.
        temperature: K.
        dynamics: Cell and length.
        seed: Of velocities and noise.
        potential: The block's own potential; None is the study's.

    Raises:
        InputError: there is no such crystal, it is not cubic, or the potential gives no stresses.
        NotConverged: it did not relax, or broke down.
    """
    static = crystal_record(choice, models, context, potential=potential)
    key = request(
        "warm crystal", choice, include=CrystalInput.model_fields, potentials=[models(potential)], temperature=temperature,
        dynamics=dynamics, seed=seed,
    )  # fmt: skip

    def work() -> dict[str, object]:
        loaded = models(potential)
        assert loaded is not None  # rank 0 works, and has it
        context.log.info("%s at %g K by dynamics", choice.label, temperature)
        return pack(_computed(loaded, static, temperature, dynamics, seed, context))

    return unpack(WarmRecord, context.cached("warm crystals", key, work))


def _computed(
    potential: Potential, static: CrystalRecord, temperature: float, dynamics: DynamicsInput, seed: int, context: RunContext
) -> WarmRecord:  # fmt: skip
    from atomistic.decohesion.finite_temperature import require_cubic
    from atomistic.thermal import Sampling, stiffness_by_strain, warm_crystal

    require_cubic(static.atoms)
    sampling = Sampling(_repeats(static.atoms, dynamics.atoms), dynamics.replicas, dynamics.steps, seed=seed)
    sampling = sampling.stepped(potential, static.atoms)
    warm = warm_crystal(potential, static.atoms, temperature, sampling, progress=context.progress)
    found = stiffness_by_strain(potential, warm.atoms, temperature, sampling, cubic=True, progress=context.progress)
    stretch = warm.stretch.value
    crystal = CrystalRecord(
        static.numbers, static.positions * stretch, static.cell * stretch, static.conventional * stretch,
        found.stiffness_voigt, temperature=temperature,
    )  # fmt: skip
    return WarmRecord(
        crystal, warm.stretch.error / stretch, found.std_voigt, found.bulk_modulus.value, found.bulk_modulus.error,
        warm.compressibility.value, warm.compressibility.error, warm.expansion.value, warm.expansion.error,
        len(static.numbers) * int(np.prod(sampling.repeats)),
    )  # fmt: skip


def _repeats(cell: "Atoms", wanted: int) -> tuple[int, int, int]:
    count = int(np.ceil((wanted / len(cell)) ** (1 / 3) - 1e-9))
    return (count, count, count)
