"""A solute at an interface in an input file: which, where, how much of it, and what its energy is counted from."""

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from coupling.errors import InputError
from coupling.units import ANGSTROM
from multiscale.inputs.base import Section
from multiscale.inputs.fields import AtomicLength, Name, number, quantity

Temperature = quantity("temperature", "K")


def overfull(chemical_potential: float) -> str:
    """What is wrong with a chemical potential in eV, counted from the solute's energy in the bulk, that is positive."""
    return (
        f"a chemical_potential of {chemical_potential:g} eV is above the solute's energy on the bulk's best sites, so that more than half "
        "of them would hold solute: more than a host has room for; give a negative one, kT ln c/(1 − c) of a concentration c."
    )


class MonteCarloInput(Section):
    """Swap Monte Carlo of the solute at the boundary, where sites interact."""

    energies: Literal["pairs", "held", "relaxed"] = Field(
        default="pairs",
        description="Of an occupation: of its sites and pairs, or by the potential, atoms held where they are put or relaxed.",
    )
    walkers: int = Field(default=32, ge=2, le=10_000, description="Independent walks, evaluated in one batch.")
    blocks: int = Field(default=4, ge=1, le=10_000, description="Blocks of each walk of which means are kept.")
    steps: int = Field(default=500, ge=1, le=10_000_000, description="Trial moves of each walk in a block.")
    discarded: int = Field(default=500, ge=0, le=10_000_000, description="Trial moves before the first block.")
    repeats: tuple[int, int] | None = Field(
        default=None, strict=False,
        description="Cells of the boundary along its two vectors; by default as few as keep a site's images beyond pairs, or, where "
        "energies are held or relaxed, separation apart.",
    )  # fmt: skip
    highest: number("eV") = Field(
        default=0.1, ge=-20, le=20, description="Segregation energy up to which a site takes part."
    )
    atoms: int | None = Field(
        default=None,
        ge=1,
        description="Solute atoms at both boundaries of the cell, kept; by default the bulk decides.",
    )

    @field_validator("repeats")
    @classmethod
    def _some(cls, repeats: tuple[int, int] | None) -> tuple[int, int] | None:
        if repeats is not None and min(repeats) < 1:
            raise InputError(f"{list(repeats)} cells are none; give 1 or more along each vector.")
        return repeats


class SegregationInput(Section):
    """One kind of solute atoms that come from the bulk, at a temperature and a concentration or chemical potential."""

    element: Name = Field(description="Chemical symbol.")
    kind: Literal["interstitial", "substitutional"] = Field(
        default="interstitial", description="Between atoms, or for one."
    )
    replaces: Name | None = Field(
        default=None, description="Element that a substitutional atom replaces; by default any."
    )
    replaced_energy: number("eV") | None = Field(
        default=None,
        description="Of a replaced atom where it goes; by default of an atom of the crystal, if that is an element's.",
    )
    bulk_site: Name | None = Field(
        default=None,
        description="Site of the bulk that energies are counted from, such as octahedral; by default the best.",
    )
    temperature: Temperature = Field(default="300 K", validate_default=True, description="At which sites are occupied.")
    concentration: float | None = Field(default=None, description="Solute atoms per lattice site of the bulk.")
    chemical_potential: number("eV") | None = Field(
        default=None, description="Instead of a concentration, counted from the reference."
    )
    reference: Literal["bulk", "molecule"] | number("eV") = Field(
        default="bulk",
        description="What solution energies are counted from: the best bulk site, an atom of the solute's molecule of two, "
        "or an energy on the potential's scale.",
    )
    within: AtomicLength = Field(
        default="5 Å", validate_default=True, description="Distance from the boundary up to which sites count."
    )
    separation: AtomicLength = Field(
        default="8 Å", validate_default=True, description="Least distance of a solute atom from its periodic images."
    )
    closest: AtomicLength = Field(
        default="1.2 Å", validate_default=True, description="Distance below which two sites do not hold two atoms."
    )
    pairs: AtomicLength | None = Field(
        default=None,
        description="Distance up to which interactions of two solute atoms are computed; by default none are.",
    )
    surface: bool = Field(default=True, description="Also the free surface of the lower grain's plane.")
    most: int = Field(
        default=100, ge=1, le=10_000, description="Sites, different by symmetry, that are relaxed at most."
    )
    force: number("eV/Å") = Field(default=5e-3, gt=0, le=0.1, description="Largest force left on an atom.")
    monte_carlo: MonteCarloInput | None = Field(default=None, description="By default sites are taken not to interact.")

    @field_validator("element")
    @classmethod
    def _element(cls, element: str) -> str:
        from atomistic.solutes.placing import solute_number

        solute_number(element)
        return element

    @field_validator("replaces")
    @classmethod
    def _replaced(cls, element: str | None) -> str | None:
        from atomistic.solutes.placing import solute_number

        if element is not None:
            solute_number(element)
        return element

    @field_validator("concentration")
    @classmethod
    def _possible(cls, concentration: float | None) -> float | None:
        if concentration is not None and concentration <= 0:
            raise InputError(
                f"a concentration of {concentration:g} solute atoms per lattice site cannot be; give one above 0."
            )
        return concentration

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.concentration is None) == (self.chemical_potential is None):
            raise InputError("say how much solute there is by concentration or by chemical_potential, one of the two.")
        if self.reference == "bulk" and (self.chemical_potential or 0.0) > 0:
            raise InputError(overfull(self.chemical_potential))
        if self.kind == "interstitial":
            because = "kind: interstitial, which replaces no atom; give kind: substitutional"
            self.refuse_given(because, "replaces", "replaced_energy")
        elif self.concentration is not None and self.concentration >= 1:
            raise InputError(
                f"a concentration of {self.concentration:g} on substitutional sites is a coverage over one; give less than 1."
            )
        walk = self.monte_carlo
        if walk is not None and walk.energies == "pairs" and self.pairs is None:
            raise InputError(
                "monte_carlo with energies: pairs needs pairs, the distance up to which they are computed."
            )
        return self

    def check_host(self, species: str | None) -> None:
        """Raise `InputError` where the host is of the solute's element; None is not known yet."""
        from atomistic.solutes.placing import require_foreign

        require_foreign(self.element, species)

    @property
    def sampled_energies(self) -> set[str]:
        """The keys that determine the energies of sites and pairs."""
        own = (
            "element kind replaces replaced_energy reference within separation closest pairs surface most force".split()
        )
        return {*own, *(["monte_carlo"] if self.pairs is not None and self.monte_carlo is not None else [])}

    def angstroms(self, name: str) -> float:
        """A length among its keys, Å."""
        return float(getattr(self, name)) / ANGSTROM
