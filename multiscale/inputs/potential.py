"""The choice of an interatomic potential, in any study."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import (
    BeforeValidator,
    Field,
    PrivateAttr,
    ValidationInfo,
    field_serializer,
    field_validator,
    model_validator,
)

from coupling.errors import InputError
from coupling.identity.code_names import code_named
from multiscale.inputs.base import Section
from multiscale.inputs.checks import check_potential, is_program
from multiscale.inputs.fields import Name, resolved

if TYPE_CHECKING:
    from atomistic.potentials.lammps import InputLines

_DEVICE = re.compile(r"auto|cpu|cuda(:\d+)?")


class PotentialChoice(Section, extra="allow"):
    """A potential by name; further keys are options of `atomistic.potentials.load_potential`."""

    name: Name = Field(description="As listed by `multiscale potentials`, or a file relative to the input file.")
    device: str = Field(default="auto", description="auto (the GPU where there is one), cpu, cuda or cuda:N.")
    python: str | None = Field(
        default=None, min_length=1,
        description="Interpreter of another environment, relative to the input file, under which the potential computes: "
        "there its package, numpy and ASE are needed. It takes --allow-code.",
    )  # fmt: skip
    _folder: Path = PrivateAttr(default=Path())

    def model_post_init(self, context: Any) -> None:
        """Keep the consent, and the folder that files in options of LAMMPS are relative to."""
        super().model_post_init(context)
        self._folder = Path((context or {}).get("folder", ""))

    @field_validator("name")
    @classmethod
    def _located(cls, name: str, info: ValidationInfo) -> str:
        file = _file(name)
        return name.removesuffix(file) + str(resolved(file, info)) if file else name

    @field_validator("python")
    @classmethod
    def _interpreter(cls, python: str | None, info: ValidationInfo) -> str | None:
        return None if python is None else str(resolved(python, info))

    @model_validator(mode="after")
    def _vouched_for_from_outside(self) -> Self:
        if any(_values(self.model_extra, "trust")):
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
        chosen |= {"python": self.python} if self.python else {}
        chosen |= {"folder": str(self._folder)} if self.name.lower() == "lammps" else {}
        return _trusting({"name": self.name} | chosen, keep_name=False) if self.consent.trust else chosen

    @property
    def own_code(self) -> tuple[str, ...]:
        """The class that it is, those in its options, and the interpreters that would run."""
        named = code_named([self.name, self.model_extra or {}])
        others = [self.python] if self.python else []
        return (*(name for name in named if not _file(name)), *others, *_values(self.model_extra or {}, "python"))

    @property
    def own_programs(self) -> tuple[str, ...]:
        """The checkpoints that it reads, itself or for the potentials in its options, and that are programs as well."""
        return tuple(name for name in _texts([self.name, self.model_extra or {}]) if is_program(name))

    def files(self) -> tuple[Path, ...]:
        """The file it is read from, if any, and those that lines of LAMMPS name."""
        file, lines = _file(self.name), self._lines()
        return (*((Path(file),) if file else ()), *(lines.files if lines else ()))

    def check(self) -> None:
        """Raise `InputError` if it is unknown or not installed; nothing heavy is imported, no other Python is run."""
        check_potential(self.name, self.python)
        self._lines()

    def _lines(self) -> "InputLines | None":
        if self.name.partition(":")[0].lower() != "lammps":
            return None
        from atomistic.potentials.lammps import lines_for

        return lines_for(self.name, self.model_extra or {}, self._folder)


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


def _values(value: object, key: str) -> Iterator[str]:
    """What stands under a key anywhere in options, as text."""
    if isinstance(value, Mapping):
        yield from (str(item) for name, item in value.items() if name == key)
    for item in value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ():
        yield from _values(item, key)


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


Potential = Annotated[PotentialChoice, BeforeValidator(_named, json_schema_input_type=str | PotentialChoice)]
"""A name alone, or a block with a name and options."""
