"""Input of the specimen study: a mesh, materials, laws on interfaces, supports, loads; laws and materials from atoms too."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from continuum.materials.registry import material_model
from coupling.errors import InputError
from multiscale.inputs.base import Study
from multiscale.inputs.boundary import (
    LengthUnit,
    LoadInput,
    Support,
    check_in_plane,
    check_loaded,
    check_sides,
    groups_of,
)
from multiscale.inputs.checks import check_groups
from multiscale.inputs.fields import Name
from multiscale.inputs.law import AtomsLaw, LawOfRun
from multiscale.inputs.law_options import NO_BARS_WITH_SOLUTE
from multiscale.inputs.material import BodyInput, CrystalMaterial, RunMaterial
from multiscale.inputs.mesh import MeshInput, mesh_path
from multiscale.inputs.polycrystal import GrainsInput, check_classes
from multiscale.inputs.potential import Potential, PotentialChoice
from multiscale.inputs.trust import Trust
from multiscale.runtime.crystals import SampledCrystal
from multiscale.runtime.handed_on import stored_crystal
from multiscale.studies.specimen.far_field import check_far_field
from multiscale.studies.specimen.grains import grain_groups
from multiscale.studies.specimen.interface_input import InterfaceInput
from multiscale.studies.specimen.loading_input import JIntegral, LoadingInput, TractionInput
from multiscale.studies.specimen.memory_input import Memories
from multiscale.studies.specimen.transport_input import TransportInput

if TYPE_CHECKING:
    from continuum.model import Bond


class SpecimenStudy(Study):
    """From a mesh and its laws to a broken specimen; laws and materials may come from atoms."""

    study: Literal["specimen"]
    potential: Potential | None = Field(
        default=None, description="Potential of laws and bodies from atoms without one."
    )
    trust: Trust | None = Field(
        default=None, description="Error bars, from samples of the potential; everything is computed with each of them."
    )
    naive_law: bool = Field(default=False, description="Also load the specimen with the naive law, of the whole slab.")
    mesh: MeshInput = Field(
        description="A mesh with named groups: of Gmsh, Abaqus or Salome, or in a format that meshio reads; or specimen: NAME "
        "with its dimensions in mesh_unit."
    )
    mesh_unit: LengthUnit = Field(description="Unit of the mesh's coordinates.")
    kind: Literal["plane strain", "plane stress", "axisymmetric", "3D"] = Field(
        description="What the mesh is a section of, or 3D."
    )
    order: Literal[1, 2] = Field(default=1, description="Order of the displacement's elements.")
    bodies: dict[Name, BodyInput] = Field(min_length=1, description="Material of each body, by its group of cells.")
    interfaces: dict[Name, InterfaceInput] = Field(
        min_length=1,
        description="By group of facets, by its two bodies as plus|minus, or, of the grains of a polycrystal, by any name.",
    )
    supports: list[Support] = Field(default_factory=list)
    loads: list[LoadInput] = Field(default_factory=list, description="Prescribed displacements.")
    tractions: list[TractionInput] = Field(default_factory=list)
    loading: LoadingInput
    j_integral: JIntegral | None = None
    transport: TransportInput | None = Field(default=None, description="A solute that diffuses in loading.duration.")

    @property
    def mesh_file(self) -> Path:
        """The file of the mesh; that of a parametric specimen is written when it is first asked for."""
        return mesh_path(self.mesh)

    @property
    def dimension(self) -> int:
        """Dimension of the mesh, 2 or 3."""
        return 3 if self.kind == "3D" else 2

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for name, interface in self.interfaces.items():
            _, plus, minus = interface.sides(name)
            if interface.grains is None:
                check_sides(name, plus, minus, self.bodies)
            if interface.viscosity and self.loading.duration is None:
                raise InputError(f"interfaces.{name}: a viscous interface needs loading.duration.")
            interface.check_gap(name, self.dimension)
        classes = {name: interface.grains for name, interface in self.interfaces.items()}
        check_classes(classes, {name: self.polycrystals.get(name) for name in self.bodies})
        if self.transport is not None:
            self.transport.check_fits(self.bodies, self.interfaces, self.loading)
            if self.naive_law or self.trust is not None:
                raise InputError("transport: neither naive_law nor trust is offered beside a solute; leave them out.")
        elif not (any(one.viscosity or one.activated for one in self.interfaces.values()) or self.memories.timed):
            self.loading.refuse_given("interfaces and bodies without rates, where only the load counts", "duration")
        activated = any(interface.activated is not None for interface in self.interfaces.values())
        self.loading.check_activated(activated, self.transport is None and self.trust is None and not self.naive_law)
        beside = {"j_integral": self.j_integral, "transport": self.transport}
        self.memories.check_fits(self.kind, self.order, self.loading.duration, beside)
        self._check_atoms()
        if self.dimension == 2:
            check_in_plane(supports=self.supports, loads=self.loads, tractions=self.tractions)
        for name, material in self.bodies.items() if self.kind == "plane stress" else ():
            if not material_model(material.strain).plane_stress:
                raise InputError(
                    f"bodies.{name}: strain {material.strain!r} is not offered in plane stress; take plane strain or 3D."
                )
        self._check_loading()
        if self.j_integral is not None:
            self.j_integral.check_fits(self.kind, self.interfaces)
        return self

    @cached_property
    def memories(self) -> Memories:
        """The bodies that have a memory."""
        return Memories.of(self.bodies)

    @property
    def atoms_laws(self) -> dict[str, AtomsLaw]:
        """The laws that come from atoms, by interface."""
        return {name: item.law for name, item in self.interfaces.items() if isinstance(item.law, AtomsLaw)}

    @property
    def crystal_bodies(self) -> dict[str, CrystalMaterial]:
        """The bodies that are crystals of a potential of this study."""
        return {name: item for name, item in self.bodies.items() if isinstance(item, CrystalMaterial)}

    @property
    def run_bodies(self) -> dict[str, RunMaterial]:
        """The bodies that are crystals of an earlier run."""
        return {name: item for name, item in self.bodies.items() if isinstance(item, RunMaterial)}

    @property
    def polycrystals(self) -> dict[str, GrainsInput]:
        """The grains of the bodies that have such."""
        grains = {name: getattr(body, "grains", None) for name, body in self.bodies.items()}
        return {name: one for name, one in grains.items() if one is not None}

    @cached_property
    def grain_groups(self) -> dict[str, tuple[str, ...]]:
        """The groups of cells of each polycrystal; the mesh is read for them."""
        return grain_groups(self.mesh_file, self.polycrystals) if self.polycrystals else {}

    @property
    def cell_groups(self) -> list[str]:
        """The groups of cells of all bodies."""
        return [group for body in self.bodies for group in self.grain_groups.get(body, (body,))]

    def _check_atoms(self) -> None:
        own = [(f"interfaces.{name}.law.atoms", law.atoms.potential) for name, law in self.atoms_laws.items()]
        own += [(f"bodies.{name}", body.potential) for name, body in self.crystal_bodies.items()]
        missing = [place for place, potential in own if potential is None]
        if self.potential is None and missing:
            raise InputError(f"{missing[0]}: no potential is given; name one there, or potential for the whole study.")
        if self.trust is not None and all(potential is not None for _, potential in own):
            raise InputError("trust needs a law or a body from atoms with the study's potential.")
        for name, law in self.atoms_laws.items():
            _, plus, minus = self.interfaces[name].sides(name)
            if self.trust is not None and law.atoms.solute is not None:
                raise InputError(f"interfaces.{name}: {NO_BARS_WITH_SOLUTE}")
            if law.atoms.gap == "in bulk" and law.atoms.mode == "normal" and self.interfaces[name].spring is None:
                raise InputError(
                    f"interfaces.{name}: with gap: in bulk the law is initially rigid, which elements cannot hold; give spring, a "
                    "stiffness that they hold before the faces part."
                )
            if law.atoms.from_bodies:
                if self.interfaces[name].grains is not None:
                    raise InputError(
                        f"interfaces.{name}.law.atoms: the boundaries of grains lie in no one plane; give grain_boundary, plane, or "
                        "upper and lower, whose law is to stand for them."
                    )
                for body in (plus, minus):
                    if body not in self.crystal_bodies:
                        what = (
                            "the rigid foundation has no crystal that could be cut; give plane, or upper and lower"
                            if body is None
                            else f"the body {body!r} is not a crystal that could be cut; give plane, or upper and lower, or a crystal "
                            "to the body"
                        )
                        raise InputError(f"interfaces.{name}.law.atoms: {what}.")
        if self.naive_law and not self.loads:
            raise InputError("naive_law compares peak loads of prescribed displacements; give loads, not tractions.")
        relaxed = any(law.atoms.path == "relaxed" and law.atoms.mode == "normal" for law in self.atoms_laws.values())
        if self.naive_law and not relaxed:
            raise InputError(
                "naive_law compares with the slab of a relaxed opening path; give one: atoms with path: relaxed, mode: normal."
            )

    def _check_loading(self) -> None:
        if bool(self.loads) == bool(self.tractions):
            raise InputError("give loads (displacements) or tractions, one of the two.")
        check_far_field(self.loads, self.kind)
        if self.loads:
            check_loaded(self.loads)
        elif not any(item.traction for item in self.tractions):
            raise InputError("all tractions are 0, so nothing would be loaded; give one a value.")
        self.loading.check_end(bool(self.loads))

    def check(self) -> None:
        """Check laws, files, potentials, crystals and physical groups, without torch or FEniCSx."""
        for choice in self._potentials():
            choice.check()
        if self.trust is not None:
            self.trust.check()
        for body in self.crystal_bodies.values():
            body.crystal.check()
        for name in self.run_bodies:
            self.stored_crystal(name)
        self.memories.check()
        for name in self.interfaces:
            if name in self.atoms_laws:
                self.atoms_laws[name].atoms.check_crystals()
            else:
                self.stored_bond(name)
        if self.transport is not None:
            self.transport.check_runs()
        for name, groups in self.grain_groups.items():
            self.polycrystals[name].rotations(name, len(groups), self.seed)
        plain = {name: interface for name, interface in self.interfaces.items() if interface.grains is None}
        named = [name for name, interface in plain.items() if interface.sides(name)[0] is not None]
        acting = groups_of(self.supports, self.loads, self.tractions)
        held = [] if self.transport is None else [one.group for one in self.transport.boundaries]
        facets = [*named, *acting, *held]
        check_groups(self.mesh_file, cells=self.cell_groups, facets=facets, dimension=self.dimension, outer=acting)

    def size(self) -> str:
        """The unknowns of the mesh, and the openings of laws from atoms."""
        from continuum.mesh.file import read_file

        mesh = read_file(self.mesh_file, self.cell_groups)
        cells, nodes = (sum(len(of(cells)) for cells in mesh.cells.values()) for of in (list, np.unique))
        about = f"The mesh has {cells} cells and {nodes} nodes, so {nodes * self.dimension} unknowns"
        about += " at least (order 2)." if self.order == 2 else "."
        return " ".join([about, *(law.atoms.size() for law in self.atoms_laws.values())])

    def stored_bond(self, name: str) -> "Bond":
        """The bond of an interface whose law comes from a file, an earlier run or a closed form.

        Raises:
            InputError: there is no such law, or it cannot be used.
        """
        interface = self.interfaces[name]
        try:
            law = interface.stored_law(name)
        except InputError as error:
            raise InputError(f"interfaces.{name}: {error}") from error
        if law is None:
            raise InputError(f"interfaces.{name}: its law comes from atoms and is known when the study runs.")
        return interface.bond(name, law, self.loading.temperature)

    def stored_crystal(self, name: str) -> SampledCrystal:
        """The crystal of a body that is one of an earlier run.

        Raises:
            InputError: the run is not finished, or has no such crystal, or none with what the body's strain needs.
        """
        body = self.run_bodies[name]
        try:
            found = stored_crystal(body.run, body.crystal, name, body.temperature)
            if body.stress_free_at is not None:
                stored_crystal(body.run, body.crystal, name, body.stress_free_at)
        except InputError as error:
            raise InputError(f"bodies.{name}: {error}") from error
        if material_model(body.strain).needs == "third order" and found.crystal.third_voigt is None:
            raise InputError(
                f"bodies.{name}: strain: {body.strain} needs third-order constants, which the crystal of the run {body.run} has "
                "not; take strain: small, or the crystal of a potential."
            )
        return found

    def _potentials(self) -> list[PotentialChoice]:
        """All potentials that it names."""
        own = [law.atoms.potential for law in self.atoms_laws.values()]
        own += [body.potential for body in self.crystal_bodies.values()]
        return [choice for choice in (self.potential, *own) if choice is not None]

    def files(self) -> tuple[Path, ...]:
        """The files that it reads, which belong to its address in the cache."""
        from continuum.mesh.file import mesh_files

        laws = (file for interface in self.interfaces.values() for file in interface.law.files())
        crystals = (body.crystal.file for body in self.crystal_bodies.values() if body.crystal.file is not None)
        potentials = (file for choice in self._potentials() for file in choice.files())
        trusted = () if self.trust is None else self.trust.files()
        of_mesh, measured = mesh_files(self.mesh_file), self.memories.files
        return tuple(dict.fromkeys((*of_mesh, *laws, *crystals, *potentials, *trusted, *measured)))

    def runs(self) -> tuple[Path, ...]:
        """The folders of the earlier runs of its laws and bodies."""
        laws = (item.law.run for item in self.interfaces.values() if isinstance(item.law, LawOfRun))
        solute = () if self.transport is None else self.transport.runs()
        crystals = (body.run for body in self.run_bodies.values())
        return tuple(dict.fromkeys((*laws, *crystals, *self.memories.runs, *solute)))
