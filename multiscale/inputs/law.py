"""A cohesive law in an input file: a saved file, an earlier run's, a closed form with its parameters, or atoms."""

from inspect import Parameter, signature
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError, create_model

from coupling.errors import InputError, unknown_choice
from coupling.laws.closed_form import ClosedForm
from coupling.laws.law import Law
from coupling.laws.registry import closed_forms
from multiscale.inputs.base import Section
from multiscale.inputs.documented import meanings
from multiscale.inputs.fields import InputFile, Length, Name, RunFolder, quantity
from multiscale.inputs.law_options import LawOptions
from multiscale.inputs.potential import Potential
from multiscale.inputs.stress import Stress
from multiscale.inputs.yaml_file import read_yaml

EnergyPerArea = quantity("energy per area", "J/m^2")
InterfaceStiffness = quantity("stiffness of an interface", "Pa/m")


class LawFile(Section):
    """A law that `coupling.exchange.storage.save_law` or a cohesive_law study wrote."""

    kind: Literal["file"]
    file: InputFile = Field(description="The file of the law, such as law.json of a cohesive_law run.")

    def law(self) -> Law:
        """The law."""
        from coupling.exchange.storage import load_law

        return load_law(self.file)

    def files(self) -> tuple[Path, ...]:
        """The file of the law."""
        return (self.file,)


class LawOfRun(Section):
    """The law of an interface of an earlier run, with its error bars, its crystals' misfit and all that it counted."""

    kind: Literal["run"]
    run: RunFolder
    interface: Name | None = Field(
        default=None, description="Whose law, of a run with several; by default that of the same name."
    )

    def files(self) -> tuple[Path, ...]:
        """None of its own: the run is kept as a folder."""
        return ()


class LawOfLibrary(Section):
    """A law of a library: a YAML file of laws by name, each a file beside it or a closed form, that studies share."""

    kind: Literal["library"]
    library: InputFile = Field(description="The YAML file: NAME: law.json, or NAME: {kind: ..., its parameters}.")
    name: Name | None = Field(default=None, description="Which law; by default that of the interface's name.")

    def law(self, interface: str = "") -> Law:
        """The law.

        Args:
            interface: The name that it has by default.

        Raises:
            InputError: the library has no such law, or it is none.
        """
        laws, name = read_yaml(self.library), self.name or interface
        if not isinstance(laws, dict) or not laws:
            raise InputError(f"The library {self.library.name} holds no laws; write NAME: law.json, a line each.")
        if name not in laws:
            raise unknown_choice(f"law of the library {self.library.name}", name, laws)
        return self._entry(name, laws[name]).law()

    def files(self) -> tuple[Path, ...]:
        """The library, and the files of its laws that are there."""
        laws = read_yaml(self.library) if self.library.is_file() else None
        named = [entry for entry in laws.values() if isinstance(entry, str)] if isinstance(laws, dict) else []
        return (self.library, *(path for name in named if (path := self.library.parent / name).is_file()))

    def _entry(self, name: str, entry: Any) -> "LawFile | ClosedFormLaw":
        if isinstance(entry, str) and Path(entry).name != entry:
            raise InputError(
                f"{name} in {self.library.name}: the file {entry!r} must lie beside the library, so that both are kept with a run."
            )
        try:
            found = TypeAdapter(LawInput).validate_python(entry, context={"folder": self.library.parent})
        except ValidationError as error:
            said = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
            raise InputError(f"{name} in {self.library.name}: {said}") from error
        if not isinstance(found, LawFile | ClosedFormLaw):
            raise InputError(f"{name} in {self.library.name}: give a law's file or a closed form.")
        return found


class ClosedFormLaw(Section):
    """A law by its parameters, called as those of its class in `coupling.laws`."""

    kind: str

    def law(self) -> Law:
        """The law.

        Raises:
            InputError: its parameters do not make one.
        """
        given = {name: getattr(self, name) for name in type(self).model_fields if name != "kind"}
        return _FORMS[self.kind](**{name: value for name, value in given.items() if value is not None})

    def files(self) -> tuple[Path, ...]:
        """None: its parameters say all."""
        return ()


_FORMS = closed_forms()
_TYPES: dict[str, Any] = {"J/m^2": EnergyPerArea, "m": Length, "Pa": Stress, "Pa/m": InterfaceStiffness, "1": float}
"""What a parameter reads, by its unit."""


def _section(form: type[ClosedForm]) -> type[ClosedFormLaw]:
    """The block of a closed form: its parameters in their units; those with a default may be left out."""
    arguments, told = signature(form).parameters, meanings(form)
    fields: dict[str, Any] = {
        name: (_TYPES[unit], Field(description=told.get(name, "")))
        if arguments[name].default is Parameter.empty
        else (
            _TYPES[unit] | None,
            Field(default=None, description=told.get(name, ""), json_schema_extra=_default(arguments[name], unit)),
        )
        for name, unit in form.units.items()
    }
    return create_model(
        f"{form.__name__}Law",
        __base__=ClosedFormLaw,
        __module__=__name__,
        __doc__=next(iter((form.__doc__ or "").splitlines()), ""),
        kind=Literal[form.kind],
        **fields,
    )


def _default(argument: Parameter, unit: str) -> dict[str, Any]:
    """What stands for a parameter that is left out, for the schema; a marker says that another parameter does."""
    if not isinstance(argument.default, float) or not isfinite(argument.default):
        return {}
    return {"default": argument.default if unit == "1" else f"{argument.default:g} {unit}"}


class AtomsOptions(LawOptions):
    """The whole law stage. Without plane, or upper and lower, the crystals are those of the bodies, cut by the interface."""

    potential: Potential | None = Field(default=None, description="By default the study's.")
    layers: int = Field(
        default=12, ge=4, le=1000, description="Atomic planes of each crystal that is taken from a body."
    )

    @property
    def from_bodies(self) -> bool:
        """Whether the crystals are those of the bodies."""
        return not self.crystals


class AtomsLaw(Section):
    """A law derived from atoms when the study runs."""

    kind: Literal["atoms"]
    atoms: AtomsOptions

    def files(self) -> tuple[Path, ...]:
        """Structures, and the potential's file."""
        own = () if self.atoms.potential is None else self.atoms.potential.files()
        return (*self.atoms.crystal_files(), *own)


_KINDS = ("file", "run", "library", *_FORMS, "atoms")


def _named(value: Any) -> Any:
    """A file's name, an earlier run, or a block of a known kind."""
    if isinstance(value, str | Path):
        return {"kind": "file", "file": value}
    if not isinstance(value, dict):
        raise InputError(
            f"{value!r} is not a law; name a file, a library or a run, give kind and parameters, or an atoms block."
        )
    if "atoms" in value:
        return value | {"kind": "atoms"}
    if "run" in value:
        return value | {"kind": "run"}
    if "library" in value:
        return value | {"kind": "library"}
    if value.get("kind") not in _KINDS:
        raise unknown_choice("kind of law", str(value.get("kind", "")), _KINDS)
    return value


if TYPE_CHECKING:
    _Law = LawFile | LawOfRun | LawOfLibrary | ClosedFormLaw | AtomsLaw
else:
    _SECTIONS = tuple(map(_section, _FORMS.values()))
    globals().update((section.__name__, section) for section in _SECTIONS)  # so that inputs go from rank to rank
    _Law = Union[(LawFile, LawOfRun, LawOfLibrary, *_SECTIONS, AtomsLaw)]
LawInput = Annotated[_Law, Field(discriminator="kind"), BeforeValidator(_named, json_schema_input_type=str | _Law)]
"""A law: a file's name, `library` and the file of several, `run` and the folder of an earlier run, `kind` and the parameters of
a closed form, or `atoms`."""
