"""What all inputs share: strict sections, and the frame of a study."""

from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from coupling.errors import InputError
from multiscale.inputs.fields import OutputFolder


class Section(BaseModel):
    """A block of an input file: strict types, no unknown keys, unchangeable once read."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, data: Any) -> Any:
        if isinstance(data, dict) and cls.model_config.get("extra") != "allow":
            for key in data:
                if key not in cls.model_fields:
                    near = get_close_matches(str(key), cls.model_fields, n=1)
                    hint = f" Did you mean {near[0]!r}?" if near else ""
                    raise InputError(f"unknown key {key!r}; valid: {', '.join(cls.model_fields)}.{hint}")
        return data


class Output(Section):
    """Where the run is stored."""

    folder: OutputFolder = Field(default="", validate_default=True, description="By default runs/<input file>.")

    @field_validator("folder", mode="before")
    @classmethod
    def _default(cls, value: object, info: ValidationInfo) -> object:
        return value if value != "" else f"runs/{(info.context or {}).get('name', 'study')}"


class Study(Section):
    """The frame of every study; each kind adds its own sections."""

    study: str = Field(description="Kind of study.")
    title: str = Field(default="", max_length=300, description="Heading of the report.")
    output: Output = Field(default_factory=dict, validate_default=True)
    seed: int = Field(default=0, ge=0, lt=2**32, description="Seed of all random numbers.")

    def check(self) -> None:
        """Check all that can be checked without computing: files, names, sizes.

        Raises:
            InputError: something does not fit.
        """

    def files(self) -> tuple[Path, ...]:
        """The files that the study reads; copies are kept with the run."""
        return ()
