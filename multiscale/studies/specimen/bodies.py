"""The bodies and interfaces of a specimen from its input: typed constants, crystals and laws from atoms, grains given once."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from continuum.materials.moduli import Moduli
from continuum.materials.registry import material_model
from coupling.contracts import FloatArray
from coupling.elasticity import grain_rotation, isotropic_stiffness, rotate_stiffness, strain_voigt
from coupling.errors import InputError
from coupling.laws.law import Law
from multiscale.inputs.crystal import CutCrystal
from multiscale.inputs.law import AtomsOptions
from multiscale.inputs.law_options import LawOptions
from multiscale.inputs.material import CrystalMaterial, MaterialInput, OwnMaterial
from multiscale.runtime.context import RunContext
from multiscale.stages.crystal import CrystalRecord, crystal_record
from multiscale.stages.derived_law import DerivedLaw, turned
from multiscale.stages.law import derive_law
from multiscale.stages.models import Models
from multiscale.studies.specimen.schema import SpecimenStudy

if TYPE_CHECKING:
    from continuum.materials import Material as Solid
    from continuum.mesh.specimen_mesh import SpecimenMesh

_FLAT = np.radians(10)  # normals of an interface from atoms may spread by so much
_ALONG = 1e-3  # rad: a direction of the mesh counts as that of the crystal
_SAME_STIFFNESS = 0.05  # of the largest entry: two descriptions of one grain agree
_LARGEST_INDEX = 12
_ISOTROPIC = np.array([1.0, 1, 1, 0, 0, 0])  # Voigt


@dataclass(frozen=True)
class SpecimenParts:
    """The laws and materials of a specimen.

    Attributes:
        laws: The law of one plane, by interface.
        materials: By body, in the mesh's axes.
        derived: What atoms gave, by interface.
        crystals: The crystals of bodies that are such.
    """

    laws: dict[str, Law]
    materials: "dict[str, Solid]"
    derived: dict[str, DerivedLaw]
    crystals: dict[str, CrystalRecord]


def specimen_parts(study: SpecimenStudy, mesh: "SpecimenMesh", models: Models, context: RunContext) -> SpecimenParts:
    """Laws and materials of a study; collective.

    Raises:
        InputError: crystals, grains, laws and mesh do not fit together.
        NotConverged: some equilibrium of atoms was not found.
    """
    crystals = {name: _crystal(item, models, context) for name, item in study.crystal_bodies.items()}
    grains = {
        name: grain_rotation(item.grain.x, item.grain.y)
        for name, item in study.crystal_bodies.items()
        if item.grain is not None
    }
    laws: dict[str, Law] = {}
    derived: dict[str, DerivedLaw] = {}
    misfits: dict[str, FloatArray] = {}
    for name, interface in study.interfaces.items():
        if name not in study.atoms_laws:
            law = interface.stored_law()
            assert law is not None  # only laws of atoms are known later
            laws[name] = law
            continue
        frame = _frame(study, name, mesh)
        made = _derived(study, name, frame, crystals, grains, models, context)
        turn = _turn(study, name, made, frame, grains)
        derived[name] = turned(made, turn)
        laws[name] = derived[name].law
        _hand_over(study, name, derived[name], frame, crystals, grains, misfits)
    materials = {
        name: _material(item, name, crystals, grains, misfits, models, context) for name, item in study.bodies.items()
    }
    return SpecimenParts(laws, materials, derived, crystals)


def _crystal(item: CrystalMaterial, models: Models, context: RunContext) -> CrystalRecord:
    return crystal_record(
        item.crystal,
        models,
        context,
        potential=item.potential,
        temperature=item.temperature,
        third_order=material_model(item.strain).needs == "third order",
    )


def _frame(study: SpecimenStudy, name: str, mesh: "SpecimenMesh") -> FloatArray:
    """Rows tangential 1, tangential 2 and normal of an interface, in mesh axes."""
    from continuum.cohesive.interface import mean_frame

    interface = study.interfaces[name]
    frame, spread = mean_frame(mesh, *interface.sides(name), interface.tangential)
    if spread > _FLAT:
        raise InputError(
            f"interfaces.{name}: its normals differ by {np.degrees(spread):.0f}° from their mean, and a law from atoms belongs to "
            "one crystal plane; divide the interface, or name a law by file."
        )
    return frame


def _derived(
    study: SpecimenStudy, name: str, frame: FloatArray, crystals: dict[str, CrystalRecord], grains: dict[str, FloatArray],
    models: Models, context: RunContext,
) -> DerivedLaw:  # fmt: skip
    """The law stage of an interface; its crystals are those of the bodies where none are given."""
    atoms = study.atoms_laws[name].atoms
    options: LawOptions = _cut_bodies(study, name, atoms, frame, crystals, grains) if atoms.from_bodies else atoms
    for body, place in zip(study.interfaces[name].sides(name)[1:], ("upper", "lower"), strict=True):
        if body in grains:
            cut = options.crystals.get(place) or options.crystals["plane"]
            conventional = crystal_record(cut, models, context, potential=atoms.potential).conventional
            normal = np.linalg.solve(conventional, np.array(cut.miller, dtype=float))
            _check_parallel(name, body, (frame @ grains[body])[2], normal / np.linalg.norm(normal))
    plain = LawOptions.model_construct(**{field: getattr(options, field) for field in LawOptions.model_fields})
    return derive_law(plain, models, context, study.seed, potential=atoms.potential, error_bars=False)


def _cut_bodies(
    study: SpecimenStudy,
    name: str,
    atoms: AtomsOptions,
    frame: FloatArray,
    crystals: dict[str, CrystalRecord],
    grains: dict[str, FloatArray],
) -> LawOptions:
    """The options with the crystals of the two bodies, cut along the interface."""
    _, plus, minus = study.interfaces[name].sides(name)
    bodies = {body: study.crystal_bodies[body] for body in (plus, minus or "")}
    cut = {}
    for body, item in bodies.items():
        if body not in grains:
            raise InputError(
                f"interfaces.{name}: the body {body!r} has no grain, so it is not known which of its planes the interface is; "
                "give bodies." + body + ".grain, or upper and lower with their planes."
            )
        normal, along = (_indices(name, body, v, crystals[body].conventional, plane) for v, plane in
                         (((frame @ grains[body])[2], True), ((frame @ grains[body])[0], False)))  # fmt: skip
        choice = {field: getattr(item.crystal, field) for field in type(item.crystal).model_fields}
        cut[body] = CutCrystal.model_construct(**choice, miller=normal, x=along, layers=atoms.layers, termination=None)
    if bodies[plus].crystal.same != bodies[minus or ""].crystal.same:
        chosen = {"upper": cut[plus], "lower": cut[minus or ""]}
    elif np.abs(grains[plus] - grains[minus or ""]).max() < _ALONG:
        chosen = {"plane": cut[plus]}
    else:
        raise InputError(
            f"interfaces.{name}: {plus!r} and {minus!r} are one crystal in two orientations, which is a grain boundary; "
            "give upper and lower with their planes."
        )
    return atoms.model_copy(update=chosen)


def _indices(
    name: str, body: str, direction: FloatArray, conventional: FloatArray, plane: bool
) -> tuple[int, int, int]:
    """Small integers of a Cartesian crystal direction: (hkl) of the plane normal to it, or [uvw]."""
    basis = conventional.T if not plane else np.linalg.inv(conventional)
    values = np.linalg.solve(basis, direction)
    values = values / np.abs(values).max()
    for factor in range(1, _LARGEST_INDEX + 1):
        whole = np.round(values * factor)
        back = basis @ whole
        if np.linalg.norm(np.cross(back / np.linalg.norm(back), direction)) < _ALONG:
            first, second, third = (int(v) for v in whole)
            return first, second, third
    what = "normal to the interface" if plane else "along its first tangent"
    raise InputError(
        f"interfaces.{name}: the direction {what} has no indices up to {_LARGEST_INDEX} in the crystal of {body!r}; turn the grain, "
        "or give plane, or upper and lower."
    )


def _check_parallel(name: str, body: str, wanted: FloatArray, normal: FloatArray) -> None:
    """Raise `InputError` unless the interface's normal, in the crystal of a body, is that of the law's plane."""
    if wanted @ normal < np.cos(_ALONG):
        raise InputError(
            f"interfaces.{name}: the plane of the law is normal to {np.round(normal, 3).tolist()} in the crystal of {body!r}, and "
            f"the interface, by bodies.{body}.grain, to {np.round(wanted, 3).tolist()}; they must be parallel."
        )


def _turn(study: SpecimenStudy, name: str, made: DerivedLaw, frame: FloatArray, grains: dict[str, FloatArray]) -> float:
    """Angle, rad, about the normal from the law's first tangent to the mesh's, as a body's grain says it; else 0."""
    _, plus, minus = study.interfaces[name].sides(name)
    for body, side in ((minus, made.atoms.sides[1]), (plus, made.atoms.sides[0])):
        if body is None or body not in grains:
            continue
        wanted = frame @ grains[body]  # rows: the mesh interface's axes in the crystal
        return float(np.arctan2(wanted[0] @ side.axes[1], wanted[0] @ side.axes[0]))
    return 0.0


def _hand_over(
    study: SpecimenStudy, name: str, made: DerivedLaw, frame: FloatArray, crystals: dict[str, CrystalRecord],
    grains: dict[str, FloatArray], misfits: dict[str, FloatArray],
) -> None:  # fmt: skip
    """Give the bodies the grains and the misfit strains that the joined crystals have."""
    interface = study.interfaces[name]
    _, plus, minus = interface.sides(name)
    for body, side in ((plus, made.atoms.sides[0]), (minus, made.atoms.sides[1])):
        if body is None or body not in crystals:
            continue
        grain = frame.T @ side.axes
        if body in grains:
            stiffness = crystals[body].stiffness_voigt
            ours, theirs = (rotate_stiffness(stiffness, g) for g in (grain, grains[body]))
            if np.abs(ours - theirs).max() > _SAME_STIFFNESS * np.abs(stiffness).max():
                raise InputError(
                    f"interfaces.{name}: the law joins {body!r} with the crystal directions {np.round(grain[0], 3).tolist()} along the "
                    f"mesh's x and {np.round(grain[1], 3).tolist()} along y, and bodies.{body}.grain differs from that; leave it out."
                )
        grains.setdefault(body, grain)
        if interface.misfit == "carried" and np.abs(side.strain).max() > 0:
            e = side.strain
            tensor = frame.T @ np.array([[e[0], e[2], 0.0], [e[2], e[1], 0.0], [0.0, 0.0, 0.0]]) @ frame
            misfits[body] = -strain_voigt(tensor)


def _material(
    item: MaterialInput | CrystalMaterial | OwnMaterial, name: str, crystals: dict[str, CrystalRecord], grains: dict[str, FloatArray],
    misfits: dict[str, FloatArray], models: Models, context: RunContext,
) -> "Solid":  # fmt: skip
    if not isinstance(item, CrystalMaterial):
        return typed_material(item)
    crystal, grain, model = crystals[name], grains.get(name, np.eye(3)), material_model(item.strain)
    if not model.free_strain and name in misfits:
        raise InputError(
            f"bodies.{name}: the strain of the joined crystals ({np.abs(misfits[name]).max():.2%}) is carried as a stress-free strain, "
            f"which strain: {item.strain} does not have; take strain: small, or misfit: relaxed on the interface."
        )
    free = None
    if model.free_strain:
        free = misfits.get(name, np.zeros(6)) + _expansion(item, crystal, models, context) * _ISOTROPIC
    moduli = Moduli(crystal.stiffness_voigt, third_voigt=crystal.third_voigt, rotation=grain, free_strain_voigt=free)
    return model.material.from_moduli(moduli)


def _expansion(item: CrystalMaterial, crystal: CrystalRecord, models: Models, context: RunContext) -> float:
    """Thermal strain of a crystal from where it is free of stress to its temperature."""
    if item.stress_free_at is None:
        return 0.0
    free = crystal_record(item.crystal, models, context, potential=item.potential, temperature=item.stress_free_at)
    return crystal.lattice_parameter / free.lattice_parameter - 1.0


def typed_material(item: MaterialInput | OwnMaterial) -> "Solid":
    """The `continuum.materials` material of typed constants.

    Raises:
        InputError: its constants are not those of a stable solid.
    """
    model = material_model(item.strain)
    if isinstance(item, OwnMaterial):
        return model.material(**item.constants)
    stiffness = isotropic_stiffness(item.young, item.poisson) if item.stiffness is None else item.stiffness.voigt
    turn = None if item.grain is None else grain_rotation(item.grain.x, item.grain.y)
    free = None if item.expansion is None else item.expansion * item.temperature_difference * _ISOTROPIC
    return model.material.from_moduli(
        Moduli(stiffness, item.young, item.poisson, rotation=turn, free_strain_voigt=free)
    )
