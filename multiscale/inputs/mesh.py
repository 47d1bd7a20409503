"""The mesh of a specimen: a file, or a parametric specimen by its name and dimensions."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any, cast

from pydantic import (
    BeforeValidator,
    GetJsonSchemaHandler,
    PlainSerializer,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from coupling.errors import InputError, unknown_choice
from multiscale.inputs.documented import meanings
from multiscale.inputs.fields import resolved

if TYPE_CHECKING:
    from continuum.specimens.registry import ParametricSpecimen


def specimen_of(name: str, dimensions: Mapping[str, object]) -> "ParametricSpecimen":
    """A parametric specimen by its name; its dimensions are numbers, or text that holds numbers.

    Raises:
        InputError: there is no such specimen, or a dimension is unknown, missing or not of its kind.
    """
    from continuum.specimens.registry import specimen

    kind = specimen(name)
    known = {field.name: field.default is MISSING for field in fields(cast(Any, kind))}
    for one in dimensions:
        if one not in known:
            raise unknown_choice(f"dimension of {name}", one, known)
    missing = [one for one, needed in known.items() if needed and one not in dimensions]
    if missing:
        raise InputError(f"{name} needs {', '.join(missing)}; give each a number.")
    try:
        return TypeAdapter(kind).validate_python(dict(dimensions))
    except ValidationError as error:
        fault = error.errors()[0]
        raise InputError(f"{name}: {fault['loc'][0]}={fault['input']}: {fault['msg']}.") from error


@dataclass(frozen=True)
class ParametricMesh:
    """A specimen that is meshed when its file is first asked for.

    Attributes:
        name: Of the specimen.
        specimen: With its dimensions, in the unit of the mesh.
    """

    name: str
    specimen: "ParametricSpecimen"

    @property
    def file(self) -> Path:
        """Its mesh, in a folder that goes when this process ends.

        Raises:
            InputError: the dimensions make no mesh.
        """
        return _written(self)

    @property
    def plain(self) -> dict[str, object]:
        """As it stands in an input file."""
        dimensions = {field.name: getattr(self.specimen, field.name) for field in fields(cast(Any, self.specimen))}
        return {"specimen": self.name} | {name: value for name, value in dimensions.items() if value is not None}


@cache
def _written(mesh: ParametricMesh) -> Path:
    path = Path(_folder(mesh).name) / f"{mesh.name}.msh"
    mesh.specimen.write(path)
    return path


@cache
def _folder(mesh: ParametricMesh) -> "TemporaryDirectory[str]":
    """Kept as long as the process runs: its files are read again and again."""
    return TemporaryDirectory(prefix=f"{mesh.name}-")


def _read(value: object, info: ValidationInfo) -> Path | ParametricMesh:
    if isinstance(value, ParametricMesh):
        return value
    if not isinstance(value, Mapping):
        return resolved(value, info)
    dimensions = {str(key): one for key, one in value.items()}
    name = dimensions.pop("specimen", None)
    if not isinstance(name, str):
        raise InputError("a mesh is a file, or specimen: NAME with its dimensions, as in `multiscale mesh make`.")
    return ParametricMesh(name, specimen_of(name, dimensions))


class _Described:
    """A file or a specimen, in the JSON Schema."""

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        from continuum.specimens.registry import specimens

        return {
            "anyOf": [{"type": "string", "format": "path"}, *(_block(name, kind) for name, kind in specimens().items())]
        }


def _block(name: str, kind: type) -> JsonSchemaValue:
    """A parametric specimen and its dimensions as a block of the JSON Schema."""
    own = TypeAdapter(kind).json_schema()
    told = meanings(kind)
    dimensions = {key: entry | {"description": told.get(key, "")} for key, entry in own["properties"].items()}
    chosen = {"const": name, "type": "string", "description": "The parametric specimen; its lengths are in mesh_unit."}
    about = next(iter((kind.__doc__ or "").splitlines()), "")
    return {
        "type": "object",
        "description": about,
        "properties": {"specimen": chosen} | dimensions,
        "required": ["specimen", *own.get("required", ())],
    }


MeshInput = Annotated[
    Any,
    BeforeValidator(_read),
    PlainSerializer(lambda mesh: mesh.plain if isinstance(mesh, ParametricMesh) else mesh.name),
    _Described,
]
"""The path of a mesh file that is named relative to the input file, or a `ParametricMesh`."""


def mesh_path(mesh: Path | ParametricMesh) -> Path:
    """The file of a `MeshInput`."""
    return mesh.file if isinstance(mesh, ParametricMesh) else mesh
