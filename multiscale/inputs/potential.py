"""The choice of an interatomic potential, in any study."""

import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationInfo, field_serializer, field_validator

from coupling.errors import InputError
from multiscale.inputs.base import Section
from multiscale.inputs.checks import check_potential
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
        return {"device": self.device} | (self.model_extra or {})

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


def _named(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


Potential = Annotated[PotentialChoice, BeforeValidator(_named)]
"""A name alone, or a block with a name and options."""
