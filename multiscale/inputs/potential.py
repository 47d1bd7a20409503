"""The choice of an interatomic potential, in any study."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, ValidationInfo, field_serializer, field_validator, model_validator

from coupling.errors import InputError
from coupling.identity.code_names import code_named
from multiscale.inputs.base import Section
from multiscale.inputs.checks import check_potential, is_program
from multiscale.inputs.fields import Name, resolved

_DEVICE = re.compile(r"auto|cpu|cuda(:\d+)?")


class PotentialChoice(Section, extra="allow"):
    """A potential by name; further keys are options of `atomistic.potentials.load_potential`."""

    name: Name = Field(description="As listed by `multiscale potentials`, or a file relative to the input file.")
    device: str = Field(default="auto", description="auto (the GPU where there is one), cpu, cuda or cuda:N.")

    @field_validator("name")
    @classmethod
    def _located(cls, name: str, info: ValidationInfo) -> str:
        file = _file(name)
        return name.removesuffix(file) + str(resolved(file, info)) if file else name

    @model_validator(mode="after")
    def _vouched_for_from_outside(self) -> Self:
        if _has_key(self.model_extra, "trust"):
            raise InputError(
                "trust: an input file cannot vouch for the files that it names; leave it out, and if you trust where they "
                "come from, add --trust on the command line (in a script: trust=True)."
            )
        return self

    @field_validator("device")
    @classmethod
    def _device(cls, device: str) -> str:
        if not _DEVICE.fullmatch(device):
            raise InputError(f"{device!r} is not a device; valid: auto, cpu, cuda, cuda:N.")
        return device

    @field_serializer("name")
    def _bare(self, name: str) -> str:
        file = _file(name)
        return name.removesuffix(file) + Path(file).name if file else name

    @property
    def options(self) -> dict[str, Any]:
        """The keyword arguments of `load_potential` besides the name."""
        chosen = {"device": self.device} | (self.model_extra or {})
        return _trusting({"name": self.name} | chosen, keep_name=False) if self.consent.trust else chosen

    @property
    def own_code(self) -> tuple[str, ...]:
        """The class that it is, and those in its options."""
        named = code_named([self.name, self.model_extra or {}])
        return tuple(name for name in named if not _file(name))

    @property
    def own_programs(self) -> tuple[str, ...]:
        """The checkpoints that it reads, itself or for the potentials in its options, and that are programs as well."""
        return tuple(name for name in _texts([self.name, self.model_extra or {}]) if is_program(name))

    def files(self) -> tuple[Path, ...]:
        """The file it is read from, if any."""
        file = _file(self.name)
        return (Path(file),) if file else ()

    def check(self) -> None:
        """Raise `InputError` if it is unknown or not installed; nothing heavy is imported."""
        check_potential(self.name)


def _file(name: str) -> str:
    """The file that a potential's name names, "" for none; "mace:PATH" names PATH."""
    from atomistic.potentials.registry import potential_file

    return potential_file(name)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(item)


def _has_key(value: object, key: str) -> bool:
    if isinstance(value, Mapping):
        return key in value or any(_has_key(item, key) for item in value.values())
    return isinstance(value, list | tuple) and any(_has_key(item, key) for item in value)


def _trusting(value: Any, *, keep_name: bool = True) -> Any:
    """Options with trust for each potential in them that asks for it."""
    from atomistic.potentials.registry import takes_trust

    if isinstance(value, str):
        return {"name": value, "trust": True} if takes_trust(value) else value
    if isinstance(value, list | tuple):
        return [_trusting(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    name = value.get("name")
    made = {
        key: item if key == "name" else _trusting(item) for key, item in value.items() if key != "name" or keep_name
    }
    return made | ({"trust": True} if isinstance(name, str) and takes_trust(name) else {})


def _named(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


Potential = Annotated[PotentialChoice, BeforeValidator(_named)]
"""A name alone, or a block with a name and options."""
