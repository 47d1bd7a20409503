"""Input of the embedding study: a cheap potential, an accurate one, a structure, regions."""

from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from coupling.capabilities import LACKING
from coupling.errors import InputError, unknown_choice
from coupling.identity.code_names import code_named
from multiscale.inputs.base import Section, Study
from multiscale.inputs.checks import check_crystal
from multiscale.inputs.fields import InputFile, Name, Neighbourhood, Time, number
from multiscale.inputs.potential import Potential

if TYPE_CHECKING:
    from atomistic.structure_files import FileStructure

_MOST_REPEATS = 50
_KINDS = {
    "sphere": {"centre", "radius", "leave", "charge"},
    "atoms": {"atoms", "radius", "leave", "charge"},
    "layer": {"at", "radius", "leave", "charge"},
    "defects": {"by", "radius", "leave", "neighbours", "threshold", "charge"},
    "uncertainty": {"values", "threshold", "release", "charge"},
}
"""Keys of each kind of region."""


class RegionInput(Section):
    """Which atoms the accurate model owns."""

    kind: str = Field(description="sphere, atoms, layer, defects or uncertainty.")
    radius: Neighbourhood | None = Field(
        default=None, description="Radius around the centre, the atoms or the defects; optional for the last two."
    )
    leave: Neighbourhood | None = Field(default=None, description="Outer radius of the hysteresis in dynamics.")
    centre: list[number("Å")] | None = Field(
        default=None, min_length=3, max_length=3, description="Centre of a sphere."
    )
    atoms: list[int] | None = Field(default=None, min_length=1, description="Indices of the atoms, from 0.")
    at: float | None = Field(default=None, description="Height of a layer: fraction of the third cell vector.")
    by: Literal["coordination", "centrosymmetry"] | None = Field(default=None, description="What makes a defect.")
    neighbours: int | None = Field(
        default=None, ge=2, description="Neighbours for centrosymmetry: 12 in fcc, 8 in bcc."
    )
    threshold: float | None = Field(
        default=None,
        description="Threshold of centrosymmetry (in Å²) or of uncertainty, above which an atom belongs to the region.",
    )
    release: float | None = Field(default=None, description="Uncertainty below which an atom leaves in dynamics.")
    values: InputFile | None = Field(default=None, description="A text file with one uncertainty per atom.")
    charge: int | None = Field(
        default=None, ge=-1000, le=1000, json_schema_extra={"unit": "e"},
        description="Total charge of its cluster; by default the sum of its atoms' in the structure's file, else 0.",
    )  # fmt: skip

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.kind not in _KINDS:
            raise unknown_choice("kind of region", self.kind, _KINDS)
        given = set(self.model_fields_set) - {"kind"}
        wrong = sorted(given - _KINDS[self.kind])
        if wrong:
            raise InputError(
                f"a region of kind {self.kind!r} takes {', '.join(sorted(_KINDS[self.kind]))}, not {wrong[0]!r}."
            )
        needed = {
            "sphere": ("centre", "radius"),
            "atoms": ("atoms",),
            "layer": ("radius",),
            "uncertainty": ("values", "threshold"),
        }
        for key in needed.get(self.kind, ()):
            if getattr(self, key) is None:
                raise InputError(f"a region of kind {self.kind!r} needs {key!r}.")
        return self


class Quantum(Section, extra="allow"):
    """A quantum engine; further keys are options of its ASE calculator."""

    name: Name = Field(description="gfn1-xtb, gfn2-xtb, pyscf, gpaw, or an ASE calculator as module:Class.")
    workers: int = Field(default=1, ge=1, le=256, description="Processes that compute at the same time.")
    time_limit: Time = Field(
        default=86400.0, description="Time limit of one calculation; one that takes longer is ended."
    )

    @property
    def options(self) -> dict[str, Any]:
        """The keyword arguments of `QuantumPotential` besides the name."""
        return {"workers": self.workers, "time_limit": self.time_limit} | (self.model_extra or {})

    @property
    def own_code(self) -> tuple[str, ...]:
        """The class that it is, and those in its options."""
        return tuple(code_named([self.name, self.model_extra or {}]))


class SupercellInput(Section):
    """A supercell of one element with atoms taken out."""

    species: str = Field(description="Chemical symbol.")
    structure: str = Field(description="Crystal structure, as ASE names it.")
    repeats: list[int] = Field(
        default=[2, 2, 2], min_length=3, max_length=3, description="Repeats of the conventional cell."
    )
    vacancies: list[int] = Field(default_factory=list, description="Indices of atoms that are missing.")
    rattle: Neighbourhood | None = Field(default=None, description="Standard deviation of random displacements.")

    @field_validator("repeats")
    @classmethod
    def _positive(cls, repeats: list[int]) -> list[int]:
        if min(repeats) < 1 or max(repeats) > _MOST_REPEATS:
            raise InputError(f"{repeats} are not repeats; give three whole numbers from 1 to {_MOST_REPEATS}.")
        return repeats

    def check(self) -> None:
        """Raise `InputError` unless there is such a crystal, and it has the atoms that are to be missing."""
        from atomistic.properties.crystals import Crystal

        check_crystal(self.species, self.structure)
        named = Crystal.named(self.species, self.structure, conventional=True)
        size = len(named.build(named.lengths(1.0))) * prod(self.repeats)
        for index in self.vacancies:
            if not 0 <= index < size:
                raise InputError(
                    f"structure.crystal.vacancies: there is no atom {index}; the crystal has 0 to {size - 1}."
                )
        if len(set(self.vacancies)) == size:
            raise InputError("structure.crystal.vacancies: all atoms are missing; leave some.")


class StructureInput(Section):
    """The atoms: a file or a crystal."""

    file: InputFile | None = Field(default=None, description="Any file that ASE reads, such as extended XYZ.")
    crystal: SupercellInput | None = Field(
        default=None, description="A supercell at the cheap potential's equilibrium."
    )

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.file is None) == (self.crystal is None):
            raise InputError("give either file or crystal.")
        return self


class BufferScan(Section):
    """Force error against the buffer's radius."""

    radii: list[Neighbourhood] = Field(min_length=2, description="Rising radii.")
    error: number("eV/Å") = Field(default=0.1, gt=0, description="Wanted error of a core force.")
    reference: Literal["whole", "largest"] = Field(
        default="largest", description="Compare with the accurate model of the whole, or of the largest cluster."
    )

    @model_validator(mode="after")
    def _rise(self) -> Self:
        if any(b <= a for a, b in zip(self.radii, self.radii[1:], strict=False)):
            raise InputError("radii must rise.")
        if self.reference == "largest" and len(self.radii) < 3:
            raise InputError("radii needs three values where the largest one is the reference.")
        return self


class EmbeddingDynamicsInput(Section):
    """Newtonian dynamics with regions that move along."""

    steps: int = Field(ge=2, le=10_000_000, description="Number of time steps.")
    timestep: number("fs") = Field(default=1.0, gt=0, le=20, description="Length of a time step.")
    temperature: number("K") = Field(default=300.0, ge=0, description="Temperature of the initial velocities.")


class EmbeddingStudy(Study):
    """An accurate model on a few atoms of a structure, and a cheap potential on the rest."""

    study: Literal["embedding"]
    potential: Potential
    quantum: Quantum | None = Field(default=None, description="The accurate model: a quantum engine.")
    larger: Potential | None = Field(default=None, description="The accurate model: a larger potential.")
    structure: StructureInput
    regions: dict[Name, RegionInput] = Field(min_length=1, description="Regions by name.")
    buffer: Neighbourhood | None = Field(
        default=None, description="Width of the buffer around each region, in its cluster; by default none."
    )
    termination: Literal["bare", "hydrogen"] = Field(
        default="bare", description="How cut bonds are closed: hydrogen for covalent materials."
    )
    scale: float = Field(
        default=1.0, ge=1 / 1.2, le=1.2, description="Lattice parameter of the accurate model over the cheap one's."
    )
    split: Neighbourhood | None = Field(
        default=None,
        description="Parts of a region that are this far apart, besides both buffers, become separate regions.",
    )
    charges: dict[str, number("e")] | None = Field(
        default=None, description="Charges by chemical symbol, for electrostatic embedding."
    )
    scheme: Literal["energy", "forces", "abrupt forces"] = Field(
        default="energy",
        description="Subtractive energy; or force mixing, where regions get low + high - low, or high alone.",
    )
    relax: number("eV/Å") | None = Field(
        default=None,
        gt=0,
        description="Relax to this largest force (energy scheme); by default atoms stay where they are.",
    )
    buffers: BufferScan | None = None
    dynamics: EmbeddingDynamicsInput | None = None

    @field_validator("quantum", mode="before")
    @classmethod
    def _named(cls, value: object) -> object:
        return {"name": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.quantum is None) == (self.larger is None):
            raise InputError("give either quantum (an engine such as gfn1-xtb) or larger (a potential).")
        if self.charges is not None and self.quantum is None:
            raise InputError("charges need quantum: a larger potential takes no point charges.")
        charged = [name for name, region in self.regions.items() if region.charge]
        if charged and self.split is not None:
            raise InputError(
                f"regions.{charged[0]}: parts of a split region have no charge of their own; leave split out."
            )
        if self.buffers is not None and charged not in ([], [next(iter(self.regions))]):
            raise InputError("buffers: the first region is scanned, and others have charges; leave buffers out.")
        if self.quantum is not None and "charge" in self.quantum.options:
            raise InputError(
                "quantum.charge: each region has its own total charge; give it there, as regions.NAME.charge."
            )
        if self.charges is not None and self.scale != 1.0:
            raise InputError("charges and scale cannot be combined; leave one out.")
        if self.scheme != "energy" and (self.relax is not None or self.charges is not None):
            raise InputError("relax and charges need scheme: energy, because mixed forces have no energy.")
        return self

    def check(self) -> None:
        """Check names and files, without torch."""
        self.potential.check()
        if self.larger is not None:
            self.larger.check()
        else:
            from atomistic.embedding.engines import check_charges, check_engine

            found = check_engine(self.quantum.name, self.quantum.options)
            if self.charges is not None:
                check_charges(found)
            if not found.total_charge and any(region.charge for region in self.regions.values()):
                raise InputError(f"Quantum engine {found.name!r} {LACKING['total_charge']}.")
        if self.structure.crystal is not None:
            self.structure.crystal.check()
        for file in (self.structure.file, *(region.values for region in self.regions.values())):
            if file is not None and not file.is_file():
                raise InputError(f"There is no file {file.name!r} where it was looked for, in {file.parent}.")
        if self.structure.file is not None:
            from atomistic.structure_files import read_structure

            self._check_file(read_structure(self.structure.file))

    def _check_file(self, given: "FileStructure") -> None:
        """Check that a file's structure and the regions fit together."""
        if self.dynamics is not None and (given.moving or given.isotopes):
            what = "velocities" if given.moving else "masses other than those of the elements"
            raise InputError(
                f"{self.structure.file.name} gives {what}, and dynamics starts from velocities at its temperature with the "
                "elements' masses; take them out of the file."
            )
        from multiscale.studies.embedding.regions import selected, totals

        regions, clusters = selected(self, given.atoms)
        totals(self, given).of([region.name for region in regions], clusters, len(given.atoms))

    def files(self) -> tuple[Path, ...]:
        """The files that it reads, which belong to its address in the cache."""
        own = [self.structure.file, *(region.values for region in self.regions.values())]
        models = (*self.potential.files(), *(self.larger.files() if self.larger else ()))
        return (*models, *(file for file in own if file is not None))
