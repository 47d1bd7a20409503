"""Coincidence of two lattices: the smallest in-plane cell that both have within a strain."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from atomistic.decohesion.slab import CleavageSlab
from coupling.contracts import FloatArray
from coupling.errors import InputError, MissingBackend

if TYPE_CHECKING:
    from pymatgen.analysis.interfaces.zsl import ZSLMatch


@dataclass(frozen=True)
class Coincidence:
    """A common in-plane cell of two lattices.

    Attributes:
        upper: (2, 2) integer combination of the upper crystal's plane vectors.
        lower: (2, 2) the same of the lower crystal's.
        strain: (3,) in-plane strain xx, yy, xy (tensor) of the crystal that is strained.
        area: Area of the common cell, Å².
    """

    upper: np.ndarray
    lower: np.ndarray
    strain: FloatArray
    area: float


def match_lattices(
    upper: CleavageSlab,
    lower: CleavageSlab,
    *,
    largest_area: float = 150.0,
    strain: Literal["upper", "lower"] = "upper",
    largest_strain: float = 0.05,
) -> Coincidence:
    """The smallest common in-plane cell within a strain limit, by pymatgen's lattice matcher.

    Zur and McGill, J. Appl. Phys. 55 (1984) 378.

    Args:
        upper: The upper crystal, cut along its plane.
        lower: The lower crystal.
        largest_area: Largest common cell, Å².
        strain: Which of the two is strained to fit the other.
        largest_strain: Largest principal strain.

    Raises:
        InputError: there is no such cell; the message says what to widen.
        MissingBackend: pymatgen is not installed.
    """
    try:
        from pymatgen.analysis.interfaces.zsl import ZSLGenerator
    except ModuleNotFoundError as error:
        raise MissingBackend(
            "Matching two lattices needs pymatgen, which is not installed; pip install 'multiscale-coupling[hetero]'."
        ) from error
    plane = {"upper": upper.atoms.cell.array[:2], "lower": lower.atoms.cell.array[:2]}
    generator = ZSLGenerator(max_area=largest_area, max_length_tol=1.5 * largest_strain, max_angle_tol=largest_strain)
    best: Coincidence | None = None
    for match in generator(plane["upper"], plane["lower"]):
        found = _coincidence(match, plane, strain)
        if found is None or np.abs(np.linalg.eigvalsh(_tensor(found.strain))).max() > largest_strain:
            continue
        key = (round(found.area, 3), np.abs(found.strain).max())
        if best is None or key < (round(best.area, 3), np.abs(best.strain).max()):
            best = found
    if best is None:
        raise InputError(
            f"The two planes have no common cell under {largest_area:g} Å² with strains under {largest_strain:g}; "
            "allow a larger area or a larger strain."
        )
    return best


def _coincidence(match: "ZSLMatch", plane: dict[str, FloatArray], strain: str) -> Coincidence | None:
    """Express a match in the given plane vectors; None for a mirrored one."""
    cells = {}
    for name, vectors in (("upper", match.film_sl_vectors), ("lower", match.substrate_sl_vectors)):
        integers = np.asarray(vectors)[:, :2] @ np.linalg.inv(plane[name][:, :2])
        if not np.allclose(integers, np.round(integers), atol=1e-4):
            return None
        cells[name] = np.round(integers).astype(int)
    full = {name: cells[name] @ plane[name][:, :2] for name in cells}
    if np.linalg.det(full["upper"]) * np.linalg.det(full["lower"]) <= 0:
        return None
    if np.linalg.det(full["lower"]) < 0:
        for name in cells:
            cells[name][1] *= -1
            full[name][1] *= -1
    fixed = "lower" if strain == "upper" else "upper"
    deformation = np.linalg.solve(full[strain], full[fixed]).T
    stretch = _square_root(deformation.T @ deformation) - np.eye(2)
    area = abs(np.linalg.det(full[fixed]))
    return Coincidence(cells["upper"], cells["lower"], np.array([stretch[0, 0], stretch[1, 1], stretch[0, 1]]), area)


def _square_root(matrix: FloatArray) -> FloatArray:
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(values)) @ vectors.T


def _tensor(strain: FloatArray) -> FloatArray:
    return np.array([[strain[0], strain[2]], [strain[2], strain[1]]])
