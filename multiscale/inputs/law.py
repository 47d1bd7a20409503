"""A cohesive law in an input file: a saved file, a closed form with its parameters, or atoms."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from coupling.errors import InputError, unknown_choice
from multiscale.inputs.base import Section
from multiscale.inputs.fields import InputFile, Length, quantity
from multiscale.inputs.law_options import LawOptions
from multiscale.inputs.potential import Potential
from multiscale.inputs.stress import Stress

if TYPE_CHECKING:
    from coupling.laws.law import Law

EnergyPerArea = quantity("energy per area", "J/m^2")
InterfaceStiffness = quantity("stiffness of an interface", "Pa/m")


class LawFile(Section):
    """A law that `coupling.exchange.storage.save_law` or a cohesive_law study wrote."""

    kind: Literal["file"]
    file: InputFile

    def law(self) -> "Law":
        """The law."""
        from coupling.exchange.storage import load_law

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
        from coupling.exchange.storage import KINDS

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


_KINDS = ("file", "uber", "xu-needleman", "ppr", "bilinear", "atoms")


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


_Law = LawFile | UberLaw | XuNeedlemanLaw | PprLaw | BilinearLaw | AtomsLaw
LawInput = Annotated[_Law, Field(discriminator="kind"), BeforeValidator(_named, json_schema_input_type=str | _Law)]
"""A law: a file's name, `run` and the folder of a cohesive_law run, `kind` and the parameters of a closed form, or `atoms`."""
