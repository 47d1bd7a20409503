"""Crystals and the planes in which they part, for scripts."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal

import numpy as np

from coupling.contracts import FloatArray, Potential, Progress
from coupling.elasticity import rotate_stiffness
from coupling.errors import InputError
from multiscale.inputs.crystal import CrystalInput, CutCrystal
from multiscale.runtime.crystals import CrystalRecord
from multiscale.scripting.given import Given, context
from multiscale.stages.crystal import crystal_record

if TYPE_CHECKING:
    from ase import Atoms

    from continuum.materials import CauchyBorn, LinearElastic


@dataclass(frozen=True)
class BulkCrystal:
    """A crystal in equilibrium, with its stiffness; made by `crystal`.

    Attributes:
        potential: The potential with which it is in equilibrium.
        choice: What it is.
        record: Lattice and elastic constants.
        temperature: K; None: the static crystal.
    """

    potential: Potential
    choice: CrystalInput
    record: CrystalRecord
    temperature: float | None = None

    @property
    def atoms(self) -> "Atoms":
        """One cell of it, Å."""
        return self.record.atoms

    @property
    def lattice_parameter(self) -> float:
        """Length of the first conventional lattice vector, m."""
        return self.record.lattice_parameter * 1e-10

    @property
    def stiffness_voigt(self) -> FloatArray:
        """(6, 6) Pa in the crystal's axes, order xx yy zz yz xz xy, engineering shear."""
        return self.record.stiffness_voigt

    def material(self, plane: "CleavagePlane", *, third_order: bool = False) -> "LinearElastic | CauchyBorn":
        """The bulk material of a mesh whose y is normal to a plane and whose x is the plane's x.

        Args:
            plane: How the crystal is turned in the mesh.
            third_order: Include the third-order constants (the Cauchy-Born energy), which takes some more evaluations.
        """
        from continuum.materials import CauchyBorn, LinearElastic

        grain = plane.grain
        if not third_order:
            return LinearElastic(rotate_stiffness(self.stiffness_voigt, grain))
        from atomistic.properties.finite_strain import third_order_constants

        constants = third_order_constants(self.potential, self.atoms)
        return CauchyBorn(self.stiffness_voigt, constants.tensor_voigt).rotated(grain)

    def _repr_html_(self) -> str:
        c = self.stiffness_voigt / 1e9
        return (
            f"<b>{self.choice.label}</b>, {Path(self.potential.name).name}: a = {self.record.lattice_parameter:.4f} Å, "
            f"C11 {c[0, 0]:.1f}, C12 {c[0, 1]:.1f}, C44 {c[3, 3]:.1f} GPa"
        )


@dataclass(frozen=True)
class CleavagePlane:
    """A plane in which a crystal parts; made by `cleave`.

    Attributes:
        crystal: The crystal.
        cut: Plane, direction of x, layers.
    """

    crystal: BulkCrystal
    cut: CutCrystal

    @property
    def normal(self) -> FloatArray:
        """(3,) unit normal in the crystal's Cartesian frame."""
        normal = np.linalg.solve(self.crystal.record.conventional, np.array(self.cut.miller, dtype=float))
        return np.asarray(normal / np.linalg.norm(normal))

    @property
    def grain(self) -> FloatArray:
        """(3, 3), rows are the mesh's x, y (the normal) and z in the crystal's frame."""
        if self.cut.x is None:
            raise InputError(
                "The plane has no x, so the crystal's place in the mesh is not known; give cleave(…, x=…)."
            )
        x = np.array(self.cut.x, dtype=float) @ self.crystal.record.conventional
        x = x / np.linalg.norm(x)
        return np.array([x, self.normal, np.cross(x, self.normal)])


@dataclass(frozen=True)
class JoinedCrystals:
    """One crystal on another; made by `join`.

    Attributes:
        upper: The crystal that the normal points into.
        lower: The other one.
        strained: Which of them is strained to match.
        largest_strain: Largest principal strain.
        largest_area: Largest common cell, Å².
    """

    upper: CleavagePlane
    lower: CleavagePlane
    strained: Literal["upper", "lower"] = "upper"
    largest_strain: float = 0.05
    largest_area: float = 150.0


def crystal(
    potential: Potential,
    species: str | None = None,
    structure: str | None = None,
    *,
    file: str | Path | None = None,
    temperature: float | None = None,
    progress: Progress | None = None,
) -> BulkCrystal:
    """A crystal at its equilibrium, with its elastic constants.

    Args:
        potential: The potential.
        species: "Ni", or "TiN" for a crystal of two elements.
        structure: fcc, bcc, diamond, hcp, rocksalt, …
        file: Instead of these, any file of a crystal that ASE reads; it is relaxed.
        temperature: K; the lattice is then the quasi-harmonic one (cubic crystals).
        progress: Called with the progress of the work.

    Raises:
        InputError: there is no such crystal, or the potential lacks an element.
        NotConverged: it did not relax.
    """
    given = None if file is None else Path(file).absolute()
    choice = CrystalInput.model_construct(species=species, structure=structure, file=given)
    if (species is None or structure is None) == (file is None):
        raise InputError("Give a crystal by species and structure, or by file, one of the two.")
    choice.check()
    with TemporaryDirectory() as folder:
        record = crystal_record(choice, Given(potential), context(Path(folder), progress), temperature=temperature)
    return BulkCrystal(potential, choice, record, temperature)


def cleave(
    crystal: BulkCrystal,
    miller: tuple[int, int, int],
    *,
    x: tuple[int, int, int] | None = None,
    layers: int = 12,
    termination: str | None = None,
) -> CleavagePlane:
    """A lattice plane in which a crystal is to part.

    Args:
        crystal: The crystal.
        miller: (hkl) in the conventional cell (of a file: in its cell).
        x: Crystal direction [uvw] in the plane: the first slip, and the mesh's x.
        layers: Atomic planes of the slab.
        termination: Atoms of the plane below the cut, such as "TiO2".

    Raises:
        InputError: the indices are all zero, or x does not lie in the plane.
    """
    if not any(miller):
        raise InputError("The Miller indices (0, 0, 0) name no plane; give for example (1, 1, 1).")
    if x is not None and np.dot(miller, x) != 0:
        raise InputError(
            f"The direction x = {list(x)} does not lie in the plane {tuple(miller)}: h u + k v + l w must be 0."
        )
    own = {name: getattr(crystal.choice, name) for name in CrystalInput.model_fields}
    return CleavagePlane(
        crystal, CutCrystal.model_construct(**own, miller=tuple(miller), x=x, layers=layers, termination=termination)
    )


def join(
    upper: CleavagePlane,
    lower: CleavagePlane,
    *,
    strained: Literal["upper", "lower"] = "upper",
    largest_strain: float = 0.05,
    largest_area: float = 150.0,
) -> JoinedCrystals:
    """One crystal on another, their lattices to be matched and their registry searched.

    Args:
        upper: The crystal that the normal points into.
        lower: The other one.
        strained: Which of them is strained to match.
        largest_strain: Largest principal strain.
        largest_area: Largest common cell, Å².
    """
    return JoinedCrystals(upper, lower, strained, largest_strain, largest_area)
