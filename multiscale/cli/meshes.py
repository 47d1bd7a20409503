"""`multiscale mesh`: `make` writes a parametric specimen, `inspect` checks a mesh and a law's process zone on it."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coupling.errors import InputError, unknown_choice
from coupling.units import SI_FACTORS, parse_quantity
from multiscale.cli.answers import Debug, answering, say

if TYPE_CHECKING:
    from continuum.mesh.inspect import FacetFacts, ZoneFacts
    from continuum.specimens.registry import ParametricSpecimen


mesh = typer.Typer(help="Meshes of specimens.", no_args_is_help=True, rich_markup_mode=None)


@mesh.command()
def inspect(
    file: Annotated[Path, typer.Argument(help="The mesh file.", show_default=False)],
    body: Annotated[
        list[str] | None,
        typer.Option(help="A group that is a body (repeat for more); by default groups that partition the cells."),
    ] = None,
    unit: Annotated[str | None, typer.Option(help="Unit of the coordinates, such as mm.")] = None,
    law: Annotated[
        Path | None, typer.Option(help="A saved cohesive law whose process zone the mesh should resolve.")
    ] = None,
    interface: Annotated[
        str | None, typer.Option(help="Group on which the law acts; by default every interface between bodies.")
    ] = None,
    young: Annotated[str | None, typer.Option(help='Young\'s modulus, such as "70 GPa".')] = None,
    poisson: Annotated[float, typer.Option(help="Poisson's ratio; 0 for plane stress.")] = 0.3,
    plane_stiffness: Annotated[
        float | None, typer.Option(help="Stiffness of a closed plane in Pa/m, needed to find N.")
    ] = None,
    debug: Debug = False,
) -> None:
    """Check a mesh and print its bodies, interfaces, groups and sizes."""
    with answering(debug):
        for line in mesh_lines(file, body or None, unit, law, interface, young, poisson, plane_stiffness):
            say(line)


@mesh.command()
def make(
    name: Annotated[str, typer.Argument(help="The specimen, such as dcb.", show_default=False)],
    file: Annotated[Path, typer.Argument(help="The mesh file to write, such as dcb.msh.", show_default=False)],
    dimensions: Annotated[
        list[str] | None, typer.Argument(help="Its dimensions, such as length=1200, in the unit of the file.")
    ] = None,
    debug: Debug = False,
) -> None:
    """Write the mesh of a parametric specimen; without dimensions, list its parameters."""
    with answering(debug):
        made(name, dimensions or []).write(file)
        say(f"{file}: {name}")


def made(name: str, dimensions: list[str]) -> "ParametricSpecimen":
    """The specimen of that name, with dimensions given as NAME=NUMBER.

    Raises:
        InputError: there is no such specimen, or a dimension is unknown, missing or not a number.
    """
    from multiscale.inputs.mesh import specimen_of

    return specimen_of(name, dict(one.partition("=")[::2] for one in dimensions))


def mesh_lines(
    path: Path,
    bodies: list[str] | None,
    unit: str | None,
    law_file: Path | None,
    interface: str | None,
    young: str | None,
    poisson: float,
    plane_stiffness: float | None,
) -> Iterator[str]:
    """Check and describe a mesh; see the command for the arguments.

    Raises:
        InputError: a bad mesh, law or unit, or a law without unit and modulus.
    """
    if unit is not None and unit not in SI_FACTORS["length"]:
        raise unknown_choice("unit of length", unit, SI_FACTORS["length"])
    if law_file is not None and (unit is None or young is None):
        raise InputError(
            "A process zone needs --unit (of the mesh, such as mm) and --young (such as '70 GPa') beside --law."
        )
    if not -1 < poisson < 0.5:
        raise InputError(f"Poisson's ratio {poisson} must lie between -1 and 0.5.")
    from continuum.mesh.inspect import inspect_mesh, process_zone
    from coupling.exchange.storage import load_law

    law = None if law_file is None else load_law(law_file)
    found = inspect_mesh(path, bodies)
    yield from found.lines(unit or "")
    if law is None or unit is None or young is None:
        return
    modulus = parse_quantity(young, "stress") / (1 - poisson**2)
    facts = [item for item in found.groups if item.place.startswith("between ")] or list(found.interfaces)
    if interface is not None:
        every = {item.name: item for item in (*found.interfaces, *found.groups)}
        if interface not in every:
            raise unknown_choice("interface or group of facets", interface, every)
        facts = [every[interface]]
    if not facts:
        yield "WARNING: the mesh has no interface between bodies; name the law's group with --interface."
    for item in facts:
        zone = process_zone(law, modulus, item, SI_FACTORS["length"][unit], plane_stiffness)
        yield from _zone_lines(item, zone, unit)


def _zone_lines(item: "FacetFacts", zone: "ZoneFacts", unit: str) -> Iterator[str]:
    from continuum.mesh.inspect import RESOLVING

    length = f"{zone.length / SI_FACTORS['length'][unit]:.4g} {unit}"
    yield f"process zone on {item.name}: E'W/σ² = {length}, {zone.elements:.3g} elements where they are finest"
    if zone.planes is not None:
        yield (
            f"WARNING: fewer than {RESOLVING} elements resolve the process zone on {item.name}; refine it to "
            f"{zone.length / RESOLVING / SI_FACTORS['length'][unit]:.3g} {unit}, or take coarsen(law, {zone.planes})."
        )
    elif zone.share < 1:
        yield (
            f"the zone is resolved on {100 * zone.share:.0f} % of the elements of {item.name}; keep the crack there."
        )
