"""A cohesive law in an input file: a saved file, a closed form with its parameters, or atoms."""

from inspect import Parameter, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from pydantic import BeforeValidator, Field, create_model

from coupling.errors import InputError, unknown_choice
from coupling.laws.closed_form import ClosedForm
from coupling.laws.law import Law
from coupling.laws.registry import closed_forms
from multiscale.inputs.base import Section
from multiscale.inputs.fields import InputFile, Length, quantity
from multiscale.inputs.law_options import LawOptions
from multiscale.inputs.potential import Potential
from multiscale.inputs.stress import Stress

EnergyPerArea = quantity("energy per area", "J/m^2")
InterfaceStiffness = quantity("stiffness of an interface", "Pa/m")


class LawFile(Section):
    """A law that `coupling.exchange.storage.save_law` or a cohesive_law study wrote."""

    kind: Literal["file"]
    file: InputFile

    def law(self) -> Law:
        """The law."""
        from coupling.exchange.storage import load_law

        return load_law(self.file)

    def files(self) -> tuple[Path, ...]:
        """The file of the law."""
        return (self.file,)


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
    arguments = signature(form).parameters
    fields: dict[str, Any] = {
        name: _TYPES[unit] if arguments[name].default is Parameter.empty else (_TYPES[unit] | None, None)
        for name, unit in form.units.items()
    }
    return create_model(
        f"{form.__name__}Law",
        __base__=ClosedFormLaw,
        __module__=__name__,
        __doc__=f"See `{form.__module__}`.",
        kind=Literal[form.kind],
        **fields,
    )


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


_KINDS = ("file", *_FORMS, "atoms")


def _named(value: Any) -> Any:
    """A file's name, or a block of a known kind."""
    if isinstance(value, str | Path):
        return {"kind": "file", "file": value}
    if not isinstance(value, dict):
        raise InputError(f"{value!r} is not a law; name a file, give kind and parameters, or an atoms block.")
    if "atoms" in value:
        return value | {"kind": "atoms"}
    if set(value) == {"run"}:
        return {"kind": "file", "file": str(Path(str(value["run"])) / "law.json")}
    if value.get("kind") not in _KINDS:
        raise unknown_choice("kind of law", str(value.get("kind", "")), _KINDS)
    return value


if TYPE_CHECKING:
    _Law = LawFile | ClosedFormLaw | AtomsLaw
else:
    _SECTIONS = tuple(map(_section, _FORMS.values()))
    globals().update((section.__name__, section) for section in _SECTIONS)  # so that inputs go from rank to rank
    _Law = Union[(LawFile, *_SECTIONS, AtomsLaw)]
LawInput = Annotated[_Law, Field(discriminator="kind"), BeforeValidator(_named, json_schema_input_type=str | _Law)]
"""A law: a file's name, `run` and the folder of a cohesive_law run, `kind` and the parameters of a closed form, or `atoms`."""
