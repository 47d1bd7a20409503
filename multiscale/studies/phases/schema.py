"""Input of the phases study: elements, candidate structures, a potential."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from coupling.errors import InputError
from multiscale.inputs.base import Study
from multiscale.inputs.fields import InputFile, Name
from multiscale.inputs.potential import Potential
from multiscale.studies.phases.sections import AccurateInput, InterfacesInput

if TYPE_CHECKING:
    from atomistic.phases.candidates import Phase


class PhasesStudy(Study):
    """Formation energies of candidate structures, their convex hull, and how probable it is that each is stable."""

    study: Literal["phases"]
    potential: Potential
    elements: list[Name] = Field(min_length=1, max_length=5, description="Chemical symbols.")
    prototypes: list[Name] = Field(
        default_factory=list,
        description="fcc, L1_0, L1_1, L1_2, D0_22, bcc, B2, B32, D0_3, hcp, D0_19, diamond, B1, B3, filled in all ways.",
    )
    lattices: list[Name] = Field(
        default_factory=list, description="fcc, bcc, sc: all orderings of the elements on them."
    )
    atoms: Annotated[int, Field(ge=1, le=12)] = Field(
        default=4, description="Most atoms in the cells of these orderings."
    )
    structures: list[InputFile] = Field(
        default_factory=list, description="Files with further candidates, their frames with a `name`."
    )
    accurate: AccurateInput | None = Field(
        default=None, description="Few accurate energies; without them there are no probabilities."
    )
    interfaces: InterfacesInput | None = Field(default=None, description="Interfaces that compete; none by default.")

    @model_validator(mode="after")
    def _some_candidates(self) -> Self:
        if not (self.prototypes or self.lattices or self.structures):
            raise InputError("give candidates by prototypes, lattices or structures, at least one of them.")
        if not self.lattices:
            self.refuse_given("no lattices; give some", "atoms")
        if len(set(self.elements)) < len(self.elements):
            raise InputError(f"elements {self.elements} name one twice; give each once.")
        if self.interfaces is not None and self.interfaces.solute not in self.elements:
            raise InputError(
                f"interfaces.solute {self.interfaces.solute!r} is none of the elements {', '.join(self.elements)}; name it there too."
            )
        return self

    def candidates(self) -> "list[Phase]":
        """All candidates, by name; none is relaxed.

        Raises:
            InputError: a name or a file is wrong, an element is pure in none, or a file holds another element.
        """
        from atomistic.phases.candidates import check_phases, composition, read_phases
        from atomistic.phases.enumeration import derivative_structures
        from atomistic.phases.formation import check_end_members
        from atomistic.phases.prototypes import prototypes

        found = prototypes(self.elements, self.prototypes)
        for lattice in self.lattices:
            found += derivative_structures(lattice, self.elements, self.atoms)
        for file in self.structures:
            found += read_phases(file)
        check_phases(found)
        check_end_members(self.elements, composition([one.atoms for one in found], self.elements))
        return found

    def check(self) -> None:
        """Check names and files, without torch."""
        from ase.data import chemical_symbols

        for element in self.elements:
            if element not in chemical_symbols[1:]:
                raise InputError(f"Unknown element {element!r}; give chemical symbols such as Ni.")
        self.potential.check()
        if self.accurate is not None and self.accurate.potential is not None:
            self.accurate.potential.check()
        names = [one.name for one in self.candidates()]
        if self.accurate is not None and self.accurate.labels is not None:
            from multiscale.studies.phases.labels import read_labels

            read_labels(self.accurate.labels, names)
        if self.interfaces is not None:
            from multiscale.studies.phases.interfaces import read_interfaces

            read_interfaces(self.interfaces, self.elements)

    def size(self) -> str:
        """How many structures are relaxed."""
        labels = (
            ""
            if self.accurate is None or self.accurate.potential is None
            else f", and at most {self.accurate.budget} accurately"
        )
        return f"It relaxes {len(self.candidates())} structures{labels}."

    def files(self) -> tuple[Path, ...]:
        """The files that it reads, which belong to its address in the cache."""
        accurate = self.accurate
        models = (self.potential, None if accurate is None else accurate.potential)
        own = (None if accurate is None else accurate.labels, None if self.interfaces is None else self.interfaces.file)
        found = [file for model in models if model is not None for file in model.files()]
        return tuple(dict.fromkeys([*found, *self.structures, *(file for file in own if file is not None)]))
