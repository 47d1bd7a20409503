"""What all inputs share: strict sections, and the frame of a study."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    TypeAdapter,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.fields import FieldInfo

from coupling.errors import InputError
from coupling.units import UNIT_SYSTEMS
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

    def refuse_given(self, because: str, *names: str) -> None:
        """Refuse keys whose values are not their defaults, where they have no effect.

        Args:
            because: Beside what they have no effect, and what to do.
            names: The keys.

        Raises:
            InputError: one of them was given.
        """
        for name in names:
            if _plain(getattr(self, name)) != _plain(_default(type(self).model_fields[name])):
                raise InputError(f"{name} has no effect with {because}, or leave {name} out.")

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, data: Any) -> Any:
        if isinstance(data, dict) and cls.model_config.get("extra") != "allow":
            for key in data:
                if key not in cls.model_fields:
                    holding = [name for name in cls.model_fields if str(key) in name.split("_")]
                    near = get_close_matches(str(key), cls.model_fields, n=1) or holding
                    hint = f" Did you mean {near[0]!r}?" if near else ""
                    raise InputError(f"unknown key {key!r}; valid: {', '.join(cls.model_fields)}.{hint}")
        return data


def _default(field: FieldInfo) -> object:
    """The default of a key, as it is when it is read."""
    default = field.get_default(call_default_factory=True, validated_data={})
    return TypeAdapter(field.rebuild_annotation()).validate_python(default) if field.validate_default else default


def _plain(value: object) -> object:
    return value.model_dump() if isinstance(value, BaseModel) else value


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
    """Where the run is stored, and which files of atoms and fields it holds."""

    folder: OutputFolder = Field(
        default="",
        validate_default=True,
        description="The run's folder; by default runs/ and the name of the input file (of study.yaml: of its folder).",
    )
    atoms: bool | Literal["automatic"] = Field(
        default="automatic",
        description="Write what the atoms did into atoms/*.extxyz: always, never, or where a file stays below some 20 MB.",
    )
    fields: Literal["vtkhdf", "xdmf", "none"] = Field(
        default="vtkhdf",
        description="Fields for ParaView: one fields.vtkhdf of all bodies and interfaces, or fields/*.xdmf of the bodies.",
    )

    @field_validator("folder", mode="before")
    @classmethod
    def _default(cls, value: object, info: ValidationInfo) -> object:
        return value if value != "" else f"runs/{(info.context or {}).get('name', 'study')}"


class Study(Section):
    """The frame of every study; each kind adds its own sections."""

    study: str = Field(description="Kind of study.")
    title: str = Field(default="", max_length=300, description="Heading of the report.")
    units: Literal[*UNIT_SYSTEMS] | None = Field(
        default=None,
        description="System of units: what bare numbers mean here, and what all results are written in; by default each number "
        "here has its unit, and results are in SI, those of atoms in eV and Å.",
    )
    output: Output = Field(default_factory=dict, validate_default=True, description="Where the run is stored.")
    seed: int = Field(default=0, ge=0, lt=2**32, description="Seed of all random numbers.")

    def check(self) -> None:
        """Check all that can be checked without computing: files, names, sizes.

        Raises:
            InputError: something does not fit.
        """

    def size(self) -> str:
        """How much there is to compute, as a sentence, where that is cheap to tell; called once `check` has passed."""
        return ""

    def check_code(self) -> None:
        """Check what can only be checked by importing code that the input names; called once that may run.

        Raises:
            InputError: something does not fit.
        """

    def files(self) -> tuple[Path, ...]:
        """The files that the study reads; copies are kept with the run."""
        return ()

    def runs(self) -> tuple[Path, ...]:
        """The folders of earlier runs from which it takes something; copies of that are kept with the run."""
        return ()
