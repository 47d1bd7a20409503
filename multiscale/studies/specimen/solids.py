"""The materials of a specimen's bodies: typed constants, crystals in the orientation of their grain, polycrystals."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from continuum.materials.moduli import Moduli
from continuum.materials.registry import material_model
from coupling.contracts import FloatArray
from coupling.elasticity import grain_rotation, hill_averages, isotropic_stiffness
from coupling.errors import InputError
from multiscale.inputs.material import CrystalMaterial, MaterialInput, OwnMaterial, RunMaterial
from multiscale.runtime.context import RunContext
from multiscale.runtime.crystals import CrystalRecord
from multiscale.runtime.handed_on import stored_crystal
from multiscale.stages.crystal import crystal_record
from multiscale.stages.models import Models
from multiscale.stages.warm_crystal import warm_record
from multiscale.studies.specimen.memory_input import glide_of
from multiscale.studies.specimen.schema import SpecimenStudy

if TYPE_CHECKING:
    from continuum.materials import BodyMaterial

_ISOTROPIC = np.array([1.0, 1, 1, 0, 0, 0])  # Voigt


def solid(
    study: SpecimenStudy, name: str, crystals: dict[str, CrystalRecord], grains: dict[str, FloatArray],
    misfits: dict[str, FloatArray], models: Models, context: RunContext,
) -> "BodyMaterial":  # fmt: skip
    """The `continuum.materials` material of a body of one orientation, in the mesh's axes.

    Args:
        study: The study.
        name: The body's name.
        crystals: The crystals of bodies that are such.
        grains: Their orientations, rows the mesh's axes in the crystal's.
        misfits: (6,) stress-free strains of those that were strained to match another.
        models: The study's potentials.
        context: Its run.

    Raises:
        InputError: the strain that it carries is none of its material's.
    """
    item = study.bodies[name]
    if not isinstance(item, CrystalMaterial | RunMaterial):
        return typed_material(item)
    moduli = _moduli(item, name, crystals[name], misfits, study.seed, models, context)
    return _of(item, replace(moduli, rotation=grains.get(name, np.eye(3))))


def polycrystal(
    study: SpecimenStudy, name: str, rotations: FloatArray, crystals: dict[str, CrystalRecord], models: Models,
    context: RunContext,
) -> "BodyMaterial":  # fmt: skip
    """The material of a polycrystal: that of its crystal, in the orientation of each grain."""
    from continuum.materials.polycrystalline import Polycrystalline

    item = study.bodies[name]
    assert not isinstance(item, OwnMaterial)  # which has no grains
    typed = isinstance(item, MaterialInput)
    moduli = typed_moduli(item) if typed else _moduli(item, name, crystals[name], {}, study.seed, models, context)
    return Polycrystalline(tuple(_of(item, replace(moduli, rotation=one)) for one in rotations))


def _moduli(
    item: CrystalMaterial | RunMaterial, name: str, crystal: CrystalRecord, misfits: dict[str, FloatArray], seed: int,
    models: Models, context: RunContext,
) -> Moduli:  # fmt: skip
    """The constants of a crystal in its own axes, with its strain without stress."""
    model = material_model(item.strain)
    if not model.free_strain and name in misfits:
        raise InputError(
            f"bodies.{name}: the strain of the joined crystals ({np.abs(misfits[name]).max():.2%}) is carried as a stress-free strain, "
            f"which strain: {item.strain} does not have; take strain: small, or misfit: relaxed on the interface."
        )
    free = None
    if model.free_strain:
        free = misfits.get(name, np.zeros(6)) + _expansion(item, crystal, seed, models, context) * _ISOTROPIC
    return Moduli(crystal.stiffness_voigt, third_voigt=crystal.third_voigt, free_strain_voigt=free)


def _expansion(
    item: CrystalMaterial | RunMaterial, crystal: CrystalRecord, seed: int, models: Models, context: RunContext
) -> float:
    """Thermal strain of a crystal from where it is free of stress to its temperature."""
    at = item.stress_free_at
    if at is None:
        return 0.0
    if isinstance(item, RunMaterial):
        free = stored_crystal(item.run, None, "", at).crystal
    elif item.dynamics is not None:
        free = warm_record(item.crystal, models, context, at, item.dynamics, seed, potential=item.potential).crystal
    else:
        free = crystal_record(item.crystal, models, context, potential=item.potential, temperature=at)
    return crystal.lattice_parameter / free.lattice_parameter - 1.0


def typed_material(item: MaterialInput | OwnMaterial) -> "BodyMaterial":
    """The `continuum.materials` material of typed constants.

    Raises:
        InputError: its constants are not those of a stable solid.
    """
    if isinstance(item, OwnMaterial):
        return material_model(item.strain).material(**item.constants)
    if isinstance(item, MaterialInput) and item.relaxation is not None and item.poisson is not None:
        free = np.zeros(6) if (strain := _heated(item)) is None else strain
        return item.relaxation.material(item.young, item.poisson, tuple(free.tolist()))
    return _of(item, typed_moduli(item))


def _of(item: MaterialInput | CrystalMaterial | RunMaterial, moduli: Moduli) -> "BodyMaterial":
    """The material of these constants, elastic or with the memory that the input gives it."""
    free = tuple(moduli.free_strain.tolist())
    if item.slip is not None:
        from continuum.inelastic import SlippingCrystal, SlipSystems

        systems = SlipSystems.of(item.slip.family)
        turned = systems if moduli.rotation is None else systems.turned(moduli.rotation)
        return SlippingCrystal(
            moduli.turned, turned, item.slip.hardening, item.slip.rate, item.slip.sensitivity, free_strain=free
        )
    shear, poisson = hill_averages(moduli.stiffness_voigt)
    young = 2 * shear * (1 + poisson)
    if item.flow is not None:
        from continuum.inelastic import Plastic

        glide = None if item.flow.run is None else glide_of(item.flow.run)
        return Plastic(
            young, poisson, item.flow.flow(young, shear, glide), item.flow.kinematic or 0.0, free_strain=free
        )
    return material_model(item.strain).material.from_moduli(moduli)


def typed_moduli(item: MaterialInput) -> Moduli:
    """Typed constants in the orientation of the body's grain, if it has one."""
    stiffness = isotropic_stiffness(item.young, item.poisson) if item.stiffness is None else item.stiffness.voigt
    turn = None if item.grain is None else grain_rotation(item.grain.x, item.grain.y)
    return Moduli(stiffness, item.young, item.poisson, rotation=turn, free_strain_voigt=_heated(item))


def _heated(item: MaterialInput) -> FloatArray | None:
    """(6,) thermal strain of typed constants."""
    return None if item.expansion is None else item.expansion * item.temperature_difference * _ISOTROPIC
