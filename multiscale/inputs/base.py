"""What all inputs share: strict sections, and the frame of a study."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationInfo, field_validator, model_validator

from coupling.errors import InputError
from multiscale.inputs.consent import NO_CONSENT, Consent
from multiscale.inputs.fields import OutputFolder


class Section(BaseModel):
    """A block of an input file: strict types, no unknown keys, unchangeable once read."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)
    _consent: Consent = PrivateAttr(default=NO_CONSENT)

    def model_post_init(self, context: Any) -> None:
        """Keep the consent with which the input is read."""
        self._consent = (context or {}).get("consent", NO_CONSENT)

    @property
    def consent(self) -> Consent:
        """What whoever read the input has agreed to."""
        return self._consent

    def consenting(self, consent: Consent) -> Self:
        """The same block, and all in it, with another consent."""
        copy = self.model_copy(deep=True)
        for block in blocks(copy):
            block._consent = consent
        return copy

    @property
    def own_code(self) -> tuple[str, ...]:
        """Names of code, and commands, that would run and that this block itself names, without the blocks in it."""
        return ()

    @property
    def own_programs(self) -> tuple[str, ...]:
        """Files of this block that can run code when they are read."""
        return ()

    @property
    def code(self) -> list[str]:
        """All names of code, and commands, of this block and of those in it."""
        return list(dict.fromkeys(name for block in blocks(self) for name in block.own_code))

    @property
    def programs(self) -> list[str]:
        """All files of this block, and of those in it, that can run code when they are read."""
        return list(dict.fromkeys(name for block in blocks(self) for name in block.own_programs))

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


def blocks(value: object) -> Iterator[Section]:
    """All blocks in a value, itself among them."""
    if isinstance(value, Section):
        yield value
        for name in type(value).model_fields:
            yield from blocks(getattr(value, name))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from blocks(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from blocks(item)


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

    def check_code(self) -> None:
        """Check what can only be checked by importing code that the input names; called once that may run.

        Raises:
            InputError: something does not fit.
        """

    def files(self) -> tuple[Path, ...]:
        """The files that the study reads; copies are kept with the run."""
        return ()
