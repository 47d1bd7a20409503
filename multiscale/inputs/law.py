"""A cohesive law in an input file: a file that was saved, or a closed form with its parameters."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from coupling.errors import InputError, unknown_choice
from multiscale.inputs.base import Section
from multiscale.inputs.fields import InputFile, Length, quantity

if TYPE_CHECKING:
    from coupling.laws.law import Law

Stress = quantity("stress", "Pa")
EnergyPerArea = quantity("energy per area", "J/m^2")
InterfaceStiffness = quantity("stiffness of an interface", "Pa/m")


class LawFile(Section):
    """A law that `coupling.storage.save_law` or a cohesive_law study wrote."""

    kind: Literal["file"]
    file: InputFile

    def law(self) -> "Law":
        """The law."""
        from coupling.storage import load_law

        return load_law(self.file)

    def files(self) -> tuple[Path, ...]:
        """The file of the law."""
        return (self.file,)


class ClosedForm(Section):
    """A law by its parameters, called as those of its class in `coupling.laws`."""

    kind: str

    def law(self) -> "Law":
        """The law.

        Raises:
            InputError: its parameters do not make one.
        """
        from coupling.storage import KINDS

        given = {name: getattr(self, name) for name in type(self).model_fields if name != "kind"}
        return KINDS[self.kind](**{name: value for name, value in given.items() if value is not None})

    def files(self) -> tuple[Path, ...]:
        """None: its parameters say all."""
        return ()


class UberLaw(ClosedForm):
    """See `coupling.laws.uber`."""

    kind: Literal["uber"]
    work_of_separation: EnergyPerArea
    length: Length
    shear_stiffness: InterfaceStiffness | None = None


class XuNeedlemanLaw(ClosedForm):
    """See `coupling.laws.xu_needleman`."""

    kind: Literal["xu-needleman"]
    work_of_separation: EnergyPerArea
    normal_length: Length
    tangential_length: Length
    q: float | None = None
    r: float | None = None


class PprLaw(ClosedForm):
    """See `coupling.laws.ppr`."""

    kind: Literal["ppr"]
    work_of_separation: EnergyPerArea
    peak_traction: Stress
    shear_work: EnergyPerArea
    shear_peak_traction: Stress
    alpha: float | None = None
    beta: float | None = None
    normal_slope: float | None = None
    tangential_slope: float | None = None


class BilinearLaw(ClosedForm):
    """See `coupling.laws.bilinear`."""

    kind: Literal["bilinear"]
    work_of_separation: EnergyPerArea
    peak_traction: Stress
    stiffness: InterfaceStiffness
    shear_work: EnergyPerArea | None = None
    shear_peak_traction: Stress | None = None
    exponent: float | None = None


_KINDS = ("file", "uber", "xu-needleman", "ppr", "bilinear")


def _named(value: Any) -> Any:
    """A file's name, or a block of a known kind."""
    if isinstance(value, str | Path):
        return {"kind": "file", "file": value}
    if not isinstance(value, dict):
        raise InputError(f"{value!r} is no law; name a file, or give kind and parameters.")
    if value.get("kind") not in _KINDS:
        raise unknown_choice("kind of law", str(value.get("kind", "")), _KINDS)
    return value


LawInput = Annotated[
    LawFile | UberLaw | XuNeedlemanLaw | PprLaw | BilinearLaw,
    Field(discriminator="kind"),
    BeforeValidator(_named, json_schema_input_type=str | LawFile | UberLaw | XuNeedlemanLaw | PprLaw | BilinearLaw),
]
"""A law: the name of a file, or `kind` and the parameters of a closed form."""
