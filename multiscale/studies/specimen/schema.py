"""Input of the specimen study: a mesh, materials, laws on interfaces, supports, loads; laws and materials from atoms too."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

import numpy as np
from pydantic import BeforeValidator, Field, model_validator

from coupling.contracts import FloatArray
from coupling.errors import InputError
from multiscale.inputs.base import Section, Study
from multiscale.inputs.boundary import (
    LengthUnit,
    Load,
    Support,
    check_in_plane,
    check_loaded,
    check_sides,
    groups_of,
)
from multiscale.inputs.checks import check_groups
from multiscale.inputs.fields import InputFile, Length, Name, quantity
from multiscale.inputs.law import AtomsLaw, InterfaceStiffness, LawInput
from multiscale.inputs.material import BodyInput, CrystalMaterial
from multiscale.inputs.potential import Potential, PotentialChoice
from multiscale.inputs.stress import SignedStress
from multiscale.inputs.trust import Trust

if TYPE_CHECKING:
    from continuum.model import Bond
    from coupling.laws.law import Law

Position = quantity("length", "m", positive=False)
Viscosity = quantity("viscosity of an interface", "Pa*s/m")
Time = quantity("time", "s")
_SEVERAL = BeforeValidator(lambda value: value if isinstance(value, list | tuple) else [value])


class Contact(Section):
    """Resistance of closed faces, in the place of the law's own compressive branch."""

    stiffness: InterfaceStiffness
    penetration: Length | None = Field(
        default=None, description="Largest one (augmented Lagrangian); by default the penalty alone."
    )


class Gap(Section):
    """The distance r²/2R of undeformed faces, as of a sphere or cylinder on a flat."""

    radius: Length = Field(description="R of the sphere or cylinder.")
    normal: Literal["x", "y", "z"] = Field(
        default="y", description="Axis across the interface; r is measured across it."
    )
    centre: list[Position] | None = Field(default=None, description="Where r = 0; by default the origin.")
    standoff: Length | None = Field(default=None, description="Added to the gap.")
    overlap: Length | None = Field(default=None, description="Taken from the gap: the faces are pressed together.")

    @model_validator(mode="after")
    def _one_shift(self) -> Self:
        if self.standoff is not None and self.overlap is not None:
            raise InputError("give standoff or overlap, not both.")
        return self

    def distance(self) -> Callable[[FloatArray], FloatArray]:
        """The gap in m at points (..., dim) in m."""
        across, shift = "xyz".index(self.normal), (self.standoff or 0.0) - (self.overlap or 0.0)

        def gap(points: FloatArray) -> FloatArray:
            dimension = points.shape[-1]
            apart = points - np.array(self.centre or [0.0] * dimension)
            aside = [i for i in range(dimension) if i != across]
            return np.asarray(np.sum(apart[..., aside] ** 2, axis=-1) / (2 * self.radius) + shift)

        return gap


class Coarsening(Section):
    """The law of several planes in series, of which one opens, for elements that are too large for one."""

    planes: int = Field(ge=2)
    softening: Literal["bilinear", "exact"] = Field(default="bilinear", description="exact keeps the drop at the peak.")
    plane_stiffness: InterfaceStiffness | None = Field(
        default=None, description="Of a closed plane; by default the law's own."
    )


class Interface(Section):
    """A law on an interface; the normal points into `plus`."""

    plus: Name | None = Field(default=None, description="Not for an interface that is called plus|minus.")
    minus: Name | None = Field(default=None, description="By default a rigid foundation.")
    law: LawInput
    coarsen: Annotated[
        Coarsening | None,
        BeforeValidator(lambda v: {"planes": v} if isinstance(v, int) and not isinstance(v, bool) else v),
    ] = Field(default=None, description="A number of planes, or a block.")
    history: Literal["damage", "reversible"] = "damage"
    contact: Contact | None = None
    friction: float = Field(default=0.0, ge=0, description="Coulomb's coefficient of damaged faces.")
    viscosity: Viscosity | None = Field(
        default=None, description="Traction per rate of the jump; needs loading.duration."
    )
    gap: Gap | None = None
    spring: InterfaceStiffness | None = Field(
        default=None,
        description="Of an initially rigid law (gap: in bulk): stiffness before the faces part; its compliance is reported.",
    )
    spacing: Literal["meshed", "left out"] = Field(
        default="meshed", description="Whether the mesh holds the closed layer spacing of the interface, too."
    )
    misfit: Literal["carried", "relaxed"] = Field(
        default="carried",
        description="Of two crystals: the strained one's body carries the strain, or dislocations took it away.",
    )

    def sides(self, name: str) -> tuple[str | None, str, str | None]:
        """Group, plus and minus.

        Raises:
            InputError: the name and the sides do not fit together.
        """
        plus, bar, minus = name.partition("|")
        if bar and (self.plus is not None or self.minus is not None):
            raise InputError(f"interfaces.{name}: its name gives both sides; leave out plus and minus.")
        if not bar and self.plus is None:
            raise InputError(f"interfaces.{name}: plus is missing; it names the body that the normal points into.")
        return (None, plus, minus) if bar else (name, self.plus or "", self.minus)

    def stored_law(self) -> "Law | None":
        """The law of a file or a closed form; None of one that comes from atoms.

        Raises:
            InputError: the file or the parameters make no law.
        """
        return None if isinstance(self.law, AtomsLaw) else self.law.law()

    def acting(self, law: "Law") -> "Law":
        """The law as it acts: coarse, and on a spring, if that is asked for.

        Raises:
            InputError: it cannot be coarsened, or is initially rigid and has no spring.
        """
        from coupling.laws.mixed_in_bulk import MixedInBulk
        from coupling.laws.rigid import InitiallyRigid

        if self.coarsen is not None:
            law = law.coarsen(self.coarsen.planes, self.coarsen.plane_stiffness, self.coarsen.softening)
        if isinstance(law, InitiallyRigid):
            if self.spring is None:
                raise InputError(
                    f"its law is initially rigid, with {law.initial_traction / 1e9:.4g} GPa at zero jump, which elements cannot hold; give "
                    f"spring, a stiffness that they hold before the faces part (its on_spring), such as {20 * law.steepest:.2g} Pa/m."
                )
            return law.on_spring(self.spring)
        if isinstance(law, MixedInBulk) and self.spring is not None:
            return law.on_spring(self.spring)
        return law

    def bond(self, name: str, law: "Law") -> "Bond":
        """What the solver takes.

        Args:
            name: Of the interface.
            law: Of one plane.

        Raises:
            InputError: the law has a traction at rest, or cannot be coarsened.
        """
        from continuum.model import Bond
        from continuum.model import Contact as Resistance

        try:
            group, plus, minus = self.sides(name)
            contact = self.contact and Resistance(self.contact.stiffness, self.contact.penetration)
            gap = self.gap and self.gap.distance()
            return Bond(
                group, plus, minus, self.acting(law), self.history, gap, contact, self.friction, self.viscosity or 0.0,
                spacing=self.spacing, misfit=self.misfit,
            )  # fmt: skip
        except InputError as error:
            text = str(error)
            raise InputError(text if text.startswith("interfaces.") else f"interfaces.{name}: {text}") from error


class Traction(Section):
    """A boundary under a dead traction that grows with the loading: `traction` times its number."""

    group: Name
    component: Literal["x", "y", "z", "pressure"]
    traction: SignedStress


class Loading(Section):
    """How far the loads go, and how."""

    opening: Annotated[list[Position], _SEVERAL] | None = Field(
        default=None, description="End of the displacement, or its turning points."
    )
    final: Annotated[list[float], _SEVERAL] | None = Field(
        default=None, description="The same for tractions: multiples of them."
    )
    steps: int = Field(
        default=60, ge=1, le=100_000, description="Least number of steps to the largest load; cut automatically."
    )
    closing: bool = Field(default=False, description="The load brings faces together (adhesive contact).")
    growth: float = Field(
        default=0.02, gt=0, le=0.5, description="Largest step of crack growth over the interfaces' area."
    )
    duration: Time | None = Field(default=None, description="To the largest load; for viscous interfaces.")
    linear_solver: Literal["auto", "direct", "iterative"] = "auto"
    balance_tolerance: float = Field(
        default=0.01, gt=0, lt=1,
        description="Part of the external work by which it may differ from the energies; steps are cut for it, and a run that "
        "misses it fails.",
    )  # fmt: skip
    peak_tolerance: float = Field(
        default=0.01,
        gt=0,
        lt=1,
        description="Part of the largest load by which the true one may be higher; steps are cut for it, else it is a warning.",
    )
    stop_at_area: float | None = Field(
        default=None, gt=0, le=1, description="Part of the interfaces' area that may open."
    )

    @model_validator(mode="after")
    def _one_measure(self) -> Self:
        if (self.opening is None) == (self.final is None):
            raise InputError("give opening (with displacement loads) or final (with tractions), one of the two.")
        turns = self.turning_points
        if not turns or any(a == b for a, b in zip((0.0, *turns), turns, strict=False)):
            raise InputError(
                "the load must go somewhere: each turning point must differ from the one before, the first from 0."
            )
        return self

    @property
    def turning_points(self) -> list[float]:
        """Load parameters at which the loading turns or ends, m or multiples of the tractions."""
        return list(self.opening if self.opening is not None else self.final or [])

    @property
    def rate(self) -> float | None:
        """Load parameter per second."""
        return None if self.duration is None else max(abs(t) for t in self.turning_points) / self.duration


class JIntegral(Section):
    """The ring of the domain integral around the crack tip; the process zone lies within."""

    inner: Length
    outer: Length
    direction: list[float] = Field(default=[1.0, 0.0], min_length=2, max_length=2, description="Of crack growth.")
    interface: Name | None = Field(default=None, description="Whose crack; by default the only interface.")

    @model_validator(mode="after")
    def _ring(self) -> Self:
        if not self.inner < self.outer:
            raise InputError(f"the ring needs inner < outer, not {self.inner:g} m and {self.outer:g} m.")
        if not any(self.direction):
            raise InputError("the direction of crack growth must not be [0, 0].")
        return self


class SpecimenStudy(Study):
    """From a mesh and its laws to a broken specimen; laws and materials may come from atoms."""

    study: Literal["specimen"]
    potential: Potential | None = Field(default=None, description="Of laws and bodies from atoms that name none.")
    trust: Trust | None = Field(
        default=None, description="Error bars, from samples of the potential; all is computed with each of them."
    )
    naive_law: bool = Field(
        default=False,
        description="Also load the specimen with the naive law: the slab's elongation, the bulk not taken away.",
    )
    mesh: InputFile = Field(
        description="A mesh with named groups: of Gmsh, Abaqus or Salome, or in a format that meshio reads."
    )
    mesh_unit: LengthUnit = Field(description="Unit of the mesh's coordinates.")
    kind: Literal["plane strain", "plane stress", "axisymmetric", "3D"]
    order: Literal[1, 2] = Field(default=1, description="Of the displacement.")
    bodies: dict[Name, BodyInput] = Field(min_length=1, description="Material of each body, by its group of cells.")
    interfaces: dict[Name, Interface] = Field(
        min_length=1, description="By group of facets, or by its two bodies as plus|minus."
    )
    supports: list[Support] = Field(default_factory=list)
    loads: list[Load] = Field(default_factory=list, description="Prescribed displacements.")
    tractions: list[Traction] = Field(default_factory=list)
    loading: Loading
    j_integral: JIntegral | None = None

    @property
    def dimension(self) -> int:
        """Dimension of the mesh, 2 or 3."""
        return 3 if self.kind == "3D" else 2

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for name, interface in self.interfaces.items():
            _, plus, minus = interface.sides(name)
            check_sides(name, plus, minus, self.bodies)
            if interface.viscosity and self.loading.duration is None:
                raise InputError(f"interfaces.{name}: a viscous interface needs loading.duration.")
            if interface.gap is not None and len(interface.gap.centre or [0.0] * self.dimension) != self.dimension:
                raise InputError(f"interfaces.{name}.gap.centre: give {self.dimension} lengths.")
        self._check_atoms()
        if self.dimension == 2:
            check_in_plane(supports=self.supports, loads=self.loads, tractions=self.tractions)
        if self.kind == "plane stress":
            for name, material in self.bodies.items():
                if material.strain != "small":
                    raise InputError(
                        f"bodies.{name}: strain {material.strain!r} is not offered in plane stress; take plane strain or 3D."
                    )
        self._check_loading()
        self._check_ring()
        return self

    @property
    def atoms_laws(self) -> dict[str, AtomsLaw]:
        """The laws that come from atoms, by interface."""
        return {name: item.law for name, item in self.interfaces.items() if isinstance(item.law, AtomsLaw)}

    @property
    def crystal_bodies(self) -> dict[str, CrystalMaterial]:
        """The bodies that are crystals."""
        return {name: item for name, item in self.bodies.items() if isinstance(item, CrystalMaterial)}

    def _check_atoms(self) -> None:
        own = [(f"interfaces.{name}.law.atoms", law.atoms.potential) for name, law in self.atoms_laws.items()]
        own += [(f"bodies.{name}", body.potential) for name, body in self.crystal_bodies.items()]
        if self.potential is None:
            for place, potential in own:
                if potential is None:
                    raise InputError(
                        f"{place}: no potential is given; name one there, or potential for the whole study."
                    )
        if self.trust is not None and all(potential is not None for _, potential in own):
            raise InputError("trust needs a law or a body from atoms with the study's potential.")
        for name, law in self.atoms_laws.items():
            _, plus, minus = self.interfaces[name].sides(name)
            if law.atoms.gap == "in bulk" and law.atoms.mode == "normal" and self.interfaces[name].spring is None:
                raise InputError(
                    f"interfaces.{name}: with gap: in bulk the law is initially rigid, which elements cannot hold; give spring, a "
                    "stiffness that they hold before the faces part."
                )
            if law.atoms.from_bodies:
                for body in (plus, minus):
                    if body not in self.crystal_bodies:
                        raise InputError(
                            f"interfaces.{name}.law.atoms: the body {body!r} is not a crystal that could be cut; give plane, "
                            "or upper and lower, or a crystal to the body."
                        )
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
        if self.loads:
            check_loaded(self.loads)
        elif not any(item.traction for item in self.tractions):
            raise InputError("all tractions are 0, so nothing would be loaded; give one a value.")
        if bool(self.loads) != (self.loading.opening is not None):
            wanted, given = ("opening", "loads") if self.loads else ("final", "tractions")
            raise InputError(f"loading: the end of a loading by {given} is {wanted!r}.")

    def _check_ring(self) -> None:
        if self.j_integral is None:
            return
        if self.kind in ("axisymmetric", "3D"):
            raise InputError(
                f"j_integral: it is offered in plane strain and plane stress, not for {self.kind!r}; see the R-curve."
            )
        if self.j_integral.interface is None and len(self.interfaces) > 1:
            raise InputError(f"j_integral: say whose crack: interface is one of {', '.join(self.interfaces)}.")
        if self.j_integral.interface not in (None, *self.interfaces):
            raise InputError(
                f"j_integral.interface: there is none called {self.j_integral.interface!r}; valid: {', '.join(self.interfaces)}."
            )

    def check(self) -> None:
        """Check laws, files, potentials, crystals and physical groups, without torch or FEniCSx."""
        for choice in self._potentials():
            choice.check()
        if self.trust is not None:
            self.trust.check()
        for body in self.crystal_bodies.values():
            body.crystal.check()
        for name in self.interfaces:
            if name in self.atoms_laws:
                self.atoms_laws[name].atoms.check_crystals()
            else:
                self.stored_bond(name)
        named = [name for name, interface in self.interfaces.items() if interface.sides(name)[0] is not None]
        facets = groups_of(named, self.supports, self.loads, self.tractions)  # type: ignore[arg-type]
        check_groups(self.mesh, cells=self.bodies, facets=facets, dimension=self.dimension)

    def stored_bond(self, name: str) -> "Bond":
        """The bond of an interface whose law comes from a file or a closed form.

        Raises:
            InputError: there is no such law, or it cannot be used.
        """
        interface = self.interfaces[name]
        try:
            law = interface.stored_law()
        except InputError as error:
            raise InputError(f"interfaces.{name}: {error}") from error
        if law is None:
            raise InputError(f"interfaces.{name}: its law comes from atoms and is known when the study runs.")
        return interface.bond(name, law)

    def _potentials(self) -> list[PotentialChoice]:
        """All potentials that it names."""
        own = [law.atoms.potential for law in self.atoms_laws.values()] + [
            body.potential for body in self.crystal_bodies.values()
        ]
        return [choice for choice in (self.potential, *own) if choice is not None]

    def files(self) -> tuple[Path, ...]:
        """The files that it reads, which belong to its address in the cache."""
        from continuum.mesh.file import mesh_files

        laws = (file for interface in self.interfaces.values() for file in interface.law.files())
        crystals = (body.crystal.file for body in self.crystal_bodies.values() if body.crystal.file is not None)
        potentials = (file for choice in self._potentials() for file in choice.files())
        trusted = () if self.trust is None else self.trust.files()
        return tuple(dict.fromkeys((*mesh_files(self.mesh), *laws, *crystals, *potentials, *trusted)))
