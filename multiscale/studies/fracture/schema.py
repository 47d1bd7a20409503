"""Input of the fracture study: the law stage and the specimen stage, one after the other."""

from typing import Literal, Self

from pydantic import model_validator

from coupling.errors import InputError
from multiscale.studies.specimen.schema import SpecimenStudy


class FractureStudy(SpecimenStudy):
    """From a potential to a cohesive law to a broken specimen."""

    study: Literal["fracture"]  # type: ignore[assignment]  # another word for the same section, which pydantic allows

    @model_validator(mode="after")
    def _from_atoms(self) -> Self:
        if not self.atoms_laws:
            raise InputError(
                "a fracture study derives a law from atoms; give an interface law: {atoms: ...}, or take study: specimen."
            )
        return self
