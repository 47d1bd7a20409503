"""The grains of a specimen's polycrystals: their groups, orientations, and the classes of their boundaries."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from coupling.contracts import FloatArray
from coupling.errors import InputError
from coupling.orientations import deviations, misorientations, within_brandon
from multiscale.inputs.polycrystal import BoundariesInput, GrainsInput

if TYPE_CHECKING:
    from continuum.mesh.specimen_mesh import SpecimenMesh

_CUBIC = 24  # rotations of a cubic crystal


@dataclass(frozen=True)
class Texture:
    """The grains of a body and what lies between them; the same on all ranks.

    Attributes:
        orientations: (n, 3, 3) rows the mesh's axes in the crystal.
        pairs: (k, 2) grains that share a boundary, the lower number first.
        angles: (k,) misorientations, rad.
        axes: (k, 3) their axes, components without sign and falling.
        names: (k,) the interface whose law is on each.
        deviations: (k,) rad, from the Σ of that interface; NaN of one without.
    """

    orientations: FloatArray
    pairs: NDArray[np.int64]
    angles: FloatArray
    axes: FloatArray
    names: tuple[str, ...]
    deviations: FloatArray


def grain_groups(mesh_file: Path, polycrystals: Mapping[str, GrainsInput]) -> dict[str, tuple[str, ...]]:
    """The groups of cells of each polycrystal, in the order of their numbers.

    Args:
        mesh_file: The file of the mesh.
        polycrystals: The grains, by body.

    Raises:
        InputError: the mesh has fewer than two of them.
    """
    from continuum.mesh.file import read_file

    known = list(read_file(mesh_file).cells)
    found = {}
    for body, grains in polycrystals.items():
        names = sorted((name for name in known if fnmatchcase(name, grains.groups)), key=_number)
        if len(names) < 2:
            raise InputError(
                f"bodies.{body}.grains: {len(names) or 'no'} group{'s' * (len(names) != 1)} of cells of the mesh fit"
                f"{'s' * (len(names) == 1)} {grains.groups!r}, and a polycrystal has 2 grains or more; the mesh has "
                f"{', '.join(known[:8])}{' …' * (len(known) > 8)}."
            )
        found[body] = tuple(names)
    return found


def _number(name: str) -> tuple[str, int]:
    """A group's name without its last number, and that."""
    parts = re.fullmatch(r"(.*?)(\d*)", name, re.DOTALL)
    assert parts is not None
    return parts[1], int(parts[2] or -1)


def texture_of(
    classes: Mapping[str, BoundariesInput],
    body: str,
    mesh: "SpecimenMesh",
    orientations: FloatArray,
    symmetry: FloatArray,
) -> tuple[Texture, dict[str, NDArray[np.int32]]]:
    """The boundaries of a polycrystal, each of the first interface whose conditions it fits. Collective.

    Args:
        classes: Which boundaries have the law of an interface, by its name and in order.
        body: The polycrystal.
        mesh: Its mesh.
        orientations: (n, 3, 3) of its grains.
        symmetry: (k, 3, 3) the crystal's own rotations.

    Returns:
        What is known of the boundaries, and by interface (n,) the facets that this rank owns.

    Raises:
        InputError: a condition for cubic crystals, and another crystal.
    """
    facets, sides = mesh.grain_boundaries(body)
    every = np.concatenate(mesh.mesh.comm.allgather(sides))
    pairs = np.unique(every, axis=0).astype(np.int64).reshape(-1, 2)
    first, second = orientations[pairs[:, 0]], orientations[pairs[:, 1]]
    angles, axes = misorientations(first, second, symmetry)
    names, apart = np.full(len(pairs), "", dtype=object), np.full(len(pairs), np.nan)
    chosen: dict[str, NDArray[np.int32]] = {}
    numbers = {tuple(pair): number for number, pair in enumerate(pairs.tolist())}
    of_facet = np.array([numbers[tuple(pair)] for pair in sides.tolist()], dtype=np.int64)
    for name, rule in classes.items():
        if rule.body != body:
            continue
        _check_cubic(name, rule, symmetry)
        fits = (names == "") & _fits(rule, first, second, angles, axes)
        names[fits] = name
        if rule.sigma is not None:
            apart[fits] = deviations(first[fits], second[fits], rule.sigma)
        chosen[name] = facets[fits[of_facet]]
    return Texture(orientations, pairs, angles, axes, tuple(names), apart), chosen


def _check_cubic(name: str, rule: BoundariesInput, symmetry: FloatArray) -> None:
    if rule.is_of_cubic and len(symmetry) != _CUBIC:
        raise InputError(
            f"interfaces.{name}.grains: sigma and axis are of cubic crystals, and the stiffness of {rule.body!r} is not of one in "
            "its own axes; give the classes by angles."
        )


def _fits(
    rule: BoundariesInput, first: FloatArray, second: FloatArray, angles: FloatArray, axes: FloatArray
) -> NDArray[np.bool_]:
    """(k,) which boundaries fit all conditions."""
    found = np.ones(len(angles), dtype=bool)
    if rule.angle_below is not None:
        found &= angles < np.radians(rule.angle_below)
    if rule.angle_above is not None:
        found &= angles >= np.radians(rule.angle_above)
    if rule.axis is not None:
        wanted = -np.sort(-np.abs(np.array(rule.axis, dtype=float)))
        found &= axes @ wanted >= np.cos(np.radians(rule.axis_within)) * np.linalg.norm(wanted)
    if rule.sigma is not None:
        found &= within_brandon(first, second, rule.sigma)
    return found
