"""The solute of an interface, in an input file."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from coupling.errors import InputError
from multiscale.inputs.base import Section
from multiscale.inputs.crystal import Temperature
from multiscale.inputs.fields import AtomicLength, number
from multiscale.inputs.segregation import overfull


class SoluteInput(Section):
    """Solute atoms between the faces: how many were sampled, and what is held while the faces part."""

    element: str = Field(description="Symbol of the solute: H.")
    kind: Literal["interstitial", "substitutional"] = Field(
        default="interstitial", description="Between the atoms, or in place of one."
    )
    site: str | None = Field(
        default=None,
        description="Name of the sites, such as octahedral, or of a substitutional one the element replaced; by default the widest.",
    )
    within: AtomicLength | None = Field(
        default=None,
        description="Distance from the middle of the gap within which sites are taken; by default those between the faces.",
    )
    repeats: list[Annotated[int, Field(ge=1, le=20)]] = Field(
        default_factory=lambda: [1, 1],
        min_length=2,
        max_length=2,
        description="In-plane repeats of the cell of one crystal, for more coverages.",
    )
    coverages: list[float] = Field(
        min_length=2, description="Sampled coverages, solute atoms per site, rising from 0; whole atoms in the cell."
    )
    coverage: float | None = Field(
        default=None, description="The coverage that is held while the faces part: fast separation."
    )
    chemical_potential: number("eV") | None = Field(
        default=None,
        description="Of the reservoir, held while the faces part (slow separation), from one solute atom in the bulk without entropy.",
    )
    concentration: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="Of the bulk that is the reservoir, per lattice site; in place of chemical_potential.",
    )
    temperature: Temperature | None = Field(default=None, description="Of the mixing, with a reservoir.")

    @model_validator(mode="after")
    def _one_ensemble(self) -> Self:
        for coverage in (*self.coverages, *([] if self.coverage is None else [self.coverage])):
            if not 0.0 <= coverage <= 1.0:
                raise InputError(
                    f"a coverage of {coverage:g} solute atoms per site cannot be; give one from 0 to 1, or more sites (within)."
                )
        if self.coverages[0] != 0.0 or any(b <= a for a, b in zip(self.coverages, self.coverages[1:], strict=False)):
            raise InputError(f"coverages {self.coverages} must rise from 0, the interface without solute.")
        held = [name for name in ("coverage", "chemical_potential", "concentration") if getattr(self, name) is not None]
        if len(held) != 1:
            raise InputError(
                f"{' and '.join(held) or 'nothing'} of the solute is given to be held; give coverage (fast separation), or "
                "chemical_potential, or concentration of the bulk (slow separation), one of the three."
            )
        if self.coverage is not None and self.coverage > self.coverages[-1]:
            raise InputError(
                f"coverage {self.coverage:g} is beyond those sampled, 0 to {self.coverages[-1]:g}; sample it, too."
            )
        if self.coverage is not None and self.temperature is not None:
            raise InputError("temperature is that of a reservoir, and a coverage that is held has none; take it out.")
        if (self.chemical_potential or 0.0) > 0:
            raise InputError(overfull(self.chemical_potential))
        if self.coverage is None and not self.temperature:
            raise InputError("a reservoir needs temperature, such as 300 K: without entropy it fixes no coverage.")
        return self

    def check_element(self, species: str | None) -> None:
        """Raise `InputError` unless the element exists and is not the host's; None is not known yet."""
        from atomistic.solutes.placing import require_foreign, solute_number

        solute_number(self.element)
        require_foreign(self.element, species)
