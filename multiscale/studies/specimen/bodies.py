"""The bodies and interfaces of a specimen from its input: typed constants, crystals and laws from atoms or runs, grains given once."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from continuum.materials.registry import material_model
from coupling.contracts import FloatArray
from coupling.elasticity import grain_rotation, strain_voigt
from coupling.errors import InputError
from coupling.laws.law import Law
from coupling.orientations import symmetry_rotations
from multiscale.inputs.crystal import CutCrystal
from multiscale.inputs.grain_boundary import GrainBoundaryInput
from multiscale.inputs.law import AtomsOptions
from multiscale.inputs.law_options import LawOptions
from multiscale.inputs.material import CrystalMaterial
from multiscale.runtime.context import RunContext
from multiscale.runtime.crystals import CrystalRecord
from multiscale.stages.crystal import crystal_record
from multiscale.stages.derived_law import DerivedLaw, turned, turned_law
from multiscale.stages.law import derive_law
from multiscale.stages.models import Models
from multiscale.stages.warm_crystal import warm_record
from multiscale.studies.specimen.grains import Texture, texture_of
from multiscale.studies.specimen.orientation import CrystalSide, equivalent, indices, not_parallel, turn
from multiscale.studies.specimen.schema import SpecimenStudy
from multiscale.studies.specimen.solids import polycrystal, solid, typed_moduli

if TYPE_CHECKING:
    from continuum.materials import BodyMaterial
    from continuum.mesh.specimen_mesh import SpecimenMesh

_FLAT = np.radians(10)  # normals of an interface from atoms may spread by so much


@dataclass(frozen=True)
class SpecimenParts:
    """The laws and materials of a specimen.

    Attributes:
        laws: The law of one plane, by interface.
        materials: By body, in the mesh's axes.
        derived: What atoms gave, by interface.
        crystals: The crystals of bodies that are such.
        textures: The grains of polycrystals and what lies between them, by body.
        boundaries: The facets of this rank that are boundaries of grains, by interface.
        families: What is sampled, each as of `Models.family`: it varies together, and independently of the others.
    """

    laws: dict[str, Law]
    materials: "dict[str, BodyMaterial]"
    derived: dict[str, DerivedLaw]
    crystals: dict[str, CrystalRecord]
    families: tuple[tuple[str, ...], ...] = ()
    textures: dict[str, Texture] = field(default_factory=dict)
    boundaries: dict[str, NDArray[np.int32]] = field(default_factory=dict)


def specimen_parts(study: SpecimenStudy, mesh: "SpecimenMesh", models: Models, context: RunContext) -> SpecimenParts:
    """Laws and materials of a study; collective.

    Raises:
        InputError: crystals, grains, laws and mesh do not fit together.
        NotConverged: some equilibrium of atoms was not found.
    """
    crystals = {name: _crystal(item, study.seed, models, context) for name, item in study.crystal_bodies.items()}
    families = [models.own_family()]
    for name in study.run_bodies:
        crystals[name], family = _crystal_of_run(study, name, models)
        families.append(family)
    grains = {
        name: grain_rotation(item.grain.x, item.grain.y)
        for name, item in (study.crystal_bodies | study.run_bodies).items()
        if item.grain is not None
    }
    laws: dict[str, Law] = {}
    derived: dict[str, DerivedLaw] = {}
    misfits: dict[str, FloatArray] = {}
    for name, interface in study.interfaces.items():
        law = interface.stored_law(name)
        frame = _frame(study, name, mesh) if interface.grains is None else None
        if law is None:
            if frame is None and interface.grains is None:
                raise InputError(
                    f"interfaces.{name}: its normals differ by more than {np.degrees(_FLAT):.0f}° from their mean, and a law from "
                    "atoms belongs to one crystal plane; divide the interface, or name a law by file."
                )
            made = _derived(study, name, frame, crystals, grains, models, context)
            derived[name] = (
                made
                if frame is None
                else turned(made, turn(name, _known_sides(study, name, made.law, frame, crystals, grains)))
            )
            law = derived[name].law
        else:
            families.append(family := _family(law, name))
            law = models.drawn(law, law.members, family)
            if frame is not None:
                law = turned_law(law, turn(name, _known_sides(study, name, law, frame, crystals, grains)))
        laws[name] = law
        if frame is not None:
            _hand_over(study, name, law, frame, crystals, grains, misfits)
    materials = {
        name: solid(study, name, crystals, grains, misfits, models, context)
        for name in study.bodies if name not in study.polycrystals
    }  # fmt: skip
    textures: dict[str, Texture] = {}
    classes = {name: one.grains for name, one in study.interfaces.items() if one.grains is not None}
    boundaries: dict[str, NDArray[np.int32]] = {}
    for name, each in study.polycrystals.items():
        rotations = each.rotations(name, len(study.grain_groups[name]), study.seed)
        own = (
            crystals[name].rotations
            if name in crystals
            else symmetry_rotations(typed_moduli(study.bodies[name]).stiffness_voigt)
        )
        textures[name], facets = texture_of(classes, name, mesh, rotations, own)
        boundaries |= facets
        materials[name] = polycrystal(study, name, rotations, crystals, models, context)
    known = tuple(family for family in dict.fromkeys(families) if family)
    return SpecimenParts(laws, materials, derived, crystals, known, textures, boundaries)


def _family(law: Law, name: str) -> tuple[str, ...]:
    """Of a law's members: the fingerprints of their potentials; where these are not known it varies alone."""
    known = [next((side.fingerprint for side in one.count.sides if side), "") for one in law.members]
    return tuple(known) if all(known) else tuple(f"{name} {k}" for k in range(len(known)))


def _crystal_of_run(study: SpecimenStudy, name: str, models: Models) -> tuple[CrystalRecord, tuple[str, ...]]:
    """The crystal of a body from an earlier run, and what it varies with."""
    found = study.stored_crystal(name)
    return models.drawn(found.crystal, found.samples, found.family), found.family


def _crystal(item: CrystalMaterial, seed: int, models: Models, context: RunContext) -> CrystalRecord:
    if item.dynamics is not None and item.temperature is not None:
        found = warm_record(
            item.crystal, models, context, item.temperature, item.dynamics, seed, potential=item.potential
        )
        return found.crystal
    return crystal_record(
        item.crystal,
        models,
        context,
        potential=item.potential,
        temperature=item.temperature,
        third_order=material_model(item.strain).needs == "third order",
    )


def _frame(study: SpecimenStudy, name: str, mesh: "SpecimenMesh") -> FloatArray | None:
    """Rows tangential 1, tangential 2 and normal of an interface, in mesh axes; None where it is curved."""
    from continuum.cohesive.interface import mean_frame

    interface = study.interfaces[name]
    frame, spread = mean_frame(mesh, *interface.sides(name), interface.tangential)
    return frame if spread <= _FLAT else None


def _derived(
    study: SpecimenStudy, name: str, frame: FloatArray, crystals: dict[str, CrystalRecord], grains: dict[str, FloatArray],
    models: Models, context: RunContext,
) -> DerivedLaw:  # fmt: skip
    """The law stage of an interface; its crystals are those of the bodies where none are given."""
    atoms = study.atoms_laws[name].atoms
    options: LawOptions = _cut_bodies(study, name, atoms, frame, crystals, grains) if atoms.from_bodies else atoms
    for body, place in zip(study.interfaces[name].sides(name)[1:], ("upper", "lower"), strict=True):
        if body in crystals:
            cut = options.cut(place)
            crystal = crystal_record(cut, models, context, potential=atoms.potential)
            _check_formula(name, body, crystals[body], crystal.formula)
            if body in grains:
                normal = np.linalg.solve(crystal.conventional, np.array(cut.miller, dtype=float))
                own = np.array([np.zeros(3), np.zeros(3), normal / np.linalg.norm(normal)])
                side = CrystalSide(body, frame @ grains[body], own, crystals[body].rotations)
                if not side.turns():
                    raise not_parallel(name, side)
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
        normal, along = (indices(name, body, v, crystals[body].conventional, plane) for v, plane in
                         (((frame @ grains[body])[2], True), ((frame @ grains[body])[0], False)))  # fmt: skip
        choice = {field: getattr(item.crystal, field) for field in type(item.crystal).model_fields}
        cut[body] = CutCrystal.model_construct(**choice, miller=normal, x=along, layers=atoms.layers, termination=None)
    if bodies[plus].crystal.same != bodies[minus or ""].crystal.same:
        chosen = {"upper": cut[plus], "lower": cut[minus or ""]}
    elif equivalent(grains[plus], grains[minus or ""], crystals[plus].rotations):
        chosen = {"plane": cut[plus]}
    else:
        return atoms.model_copy(update={"grain_boundary": GrainBoundaryInput.between(cut[plus], cut[minus or ""])})
    return atoms.model_copy(update=chosen)


def _known_sides(
    study: SpecimenStudy, name: str, law: Law, frame: FloatArray, crystals: dict[str, CrystalRecord], grains: dict[str, FloatArray]
) -> list[CrystalSide]:  # fmt: skip
    """The sides on which the axes of the law's crystal and the body's grain are both known."""
    found = []
    for body, side in zip(study.interfaces[name].sides(name)[1:], law.count.sides, strict=True):
        if body is None or body not in crystals or side is None or side.axes is None:
            continue
        _check_formula(name, body, crystals[body], side.formula)
        if body in grains:
            found.append(CrystalSide(body, frame @ grains[body], side.axes, crystals[body].rotations))
    return found


def _check_formula(name: str, body: str, crystal: CrystalRecord, formula: str) -> None:
    """Raise `InputError` unless the law's side is of the body's species."""
    if formula != crystal.formula:
        raise InputError(
            f"interfaces.{name}: the law is of {formula} on the side of {body!r}, and bodies.{body} is of {crystal.formula}; exchange "
            "plus and minus, or upper and lower of the law, or name the crystal that the law was derived for."
        )


def _hand_over(
    study: SpecimenStudy, name: str, law: Law, frame: FloatArray, crystals: dict[str, CrystalRecord],
    grains: dict[str, FloatArray], misfits: dict[str, FloatArray],
) -> None:  # fmt: skip
    """Give the bodies the grains and the misfit strains that the joined crystals have."""
    interface = study.interfaces[name]
    for body, side in zip(interface.sides(name)[1:], law.count.sides, strict=True):
        if body is None or body not in crystals or side is None or side.axes is None:
            continue
        grains.setdefault(body, frame.T @ side.axes)
        if interface.misfit == "carried" and np.abs(side.strain).max() > 0:
            e = side.strain
            tensor = frame.T @ np.array([[e[0], e[2], 0.0], [e[2], e[1], 0.0], [0.0, 0.0, 0.0]]) @ frame
            misfits[body] = -strain_voigt(tensor)
