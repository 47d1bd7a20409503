"""Cores relaxed in a cylinder whose shell is fixed, or follows the core by the decaying elastic fields."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from atomistic.dislocation.cylinder import Cylinder
from atomistic.dislocation.disregistry import core
from atomistic.relax import Constraints, relax
from coupling.contracts import Cost, FloatArray, Potential, Progress, silent
from coupling.errors import InputError, NotConverged, unknown_choice

BOUNDARIES = ("fixed", "flexible")
_ORDERS = 3
_SWEEPS = 30
_LARGEST = 0.2
"""Å a boundary field may change in one sweep."""
_GRID = 360
_SETTLING = 20


@dataclass(frozen=True)
class RelaxedCore:
    """A relaxed dislocation.

    Attributes:
        atoms: The relaxed cylinder, with its results.
        energy: eV, of all atoms of the cylinder; differences mean something at a fixed shell alone.
        force: Largest force on a free atom, eV/Å.
        amplitudes: (6 × orders,) Å, of the decaying fields in the shell; zeros where it is fixed.
        boundary_force: Largest generalised force on them per length of line, eV/Å².
        cost: Computational cost.
    """

    atoms: Atoms
    energy: float
    force: float
    amplitudes: FloatArray
    boundary_force: float
    cost: Cost


def relaxed_core(
    potential: Potential,
    cylinder: Cylinder,
    *,
    boundary: Literal["fixed", "flexible"] = "fixed",
    ring: float | None = None,
    force: float = 2e-3,
    boundary_force: float = 2e-4,
    perturbation: float = 0.0,
    steps: int = 1000,
    progress: Progress = silent,
) -> RelaxedCore:
    """Relax a core.

    A flexible shell carries, beside the dislocation's field, the fields that decay as 1/r, 1/r², 1/r³
    without a Burgers vector, with the amplitudes at which the atoms of the ring next to the free ones
    exert no generalised force (Sinclair, J. Appl. Phys. 42 (1971) 5321).

    Args:
        potential: The potential.
        cylinder: The dislocation in its cylinder.
        boundary: How the shell behaves.
        ring: Thickness of the ring whose forces count, Å; half the shell when missing. The rest of
            the shell must be as thick as the forces' range.
        force: Largest force on a free atom that may remain, eV/Å.
        boundary_force: Largest generalised force per length that may remain, eV/Å².
        perturbation: Å, root-mean-square of random displacements to start from (the same every time);
            a core whose symmetric form is a saddle leaves it.
        steps: Most evaluations of one relaxation.
        progress: Called after each sweep.

    Raises:
        InputError: the boundary is unknown, or no atoms lie in the ring.
        NotConverged: the atoms or the shell do not come to rest.
    """
    if boundary not in BOUNDARIES:
        raise unknown_choice("boundary", boundary, BOUNDARIES)
    held, atoms = Constraints(free=cylinder.free), cylinder.atoms.copy()
    noise = np.random.default_rng(0).normal(scale=perturbation, size=(len(atoms), 3))
    atoms.positions += noise * cylinder.free[:, None]
    if boundary == "fixed":
        found = relax(potential, [atoms], held, force=force, steps=steps)
        return RelaxedCore(
            found.structures[0], found.energies[0], found.forces[0], np.zeros(6 * _ORDERS), 0.0, found.cost
        )
    return _flexible(potential, cylinder, atoms, _Shell(cylinder, ring), force, boundary_force, steps, progress)


def _flexible(
    potential: Potential,
    cylinder: Cylinder,
    atoms: Atoms,
    shell: "_Shell",
    force: float,
    boundary_force: float,
    steps: int,
    progress: Progress,
) -> RelaxedCore:
    """Relax the atoms, then move the shell by a quasi-Newton step, until no force is left on either."""
    amplitudes, cost, before = np.zeros(6 * _ORDERS), Cost(), None
    inverse, held = np.linalg.inv(shell.stiffness), Constraints(free=cylinder.free)
    for sweep in range(_SWEEPS):
        found = relax(potential, [atoms], held, force=force, steps=steps)
        pull = shell.pull(potential, found.structures[0])
        cost, left = cost + found.cost, float(np.abs(pull).max())
        progress("flexible boundary", sweep, _SWEEPS, f"{left:.2g} eV/Å²")
        if left < boundary_force:
            return RelaxedCore(found.structures[0], found.energies[0], found.forces[0], amplitudes, left, cost)
        if before is not None:
            inverse = _broyden(inverse, before[0], before[1] - pull)
        change = inverse @ pull
        change *= min(1.0, _LARGEST / np.abs(change).max())
        before, amplitudes = (change, pull), amplitudes + change
        atoms = shell.moved(found.structures[0], change)
    raise NotConverged(
        f"The flexible shell did not come to rest in {_SWEEPS} sweeps: {left:.2g} eV/Å² of force are left, "
        f"{boundary_force:.2g} wanted; use a larger radius or a fixed boundary."
    )


def settled(
    potential: Potential, cylinder: Cylinder, *, tolerance: float = 0.05, force: float = 0.01, perturbation: float = 0.0
) -> tuple[Cylinder, Atoms]:
    """A cylinder whose elastic field has its middle and its partials where the relaxed core has them.

    A core off the middle of a fixed shell is pushed by its image, one way and not the other. The field follows
    the core by half a valley at most: a line that hardly feels the lattice would drift away with it.

    Args:
        potential: The potential.
        cylinder: The dislocation in its cylinder.
        tolerance: Å, of both.
        force: Largest force on a free atom that may remain, eV/Å.
        perturbation: See `relaxed_core`.

    Returns:
        The cylinder, and its relaxed atoms with their results.

    Raises:
        InputError: the partials separate further than the radius allows.
        NotConverged: the core wanders, or the atoms do not relax.
    """
    atoms = relaxed_core(potential, cylinder, force=force, perturbation=perturbation).atoms
    home, reach = core(cylinder, atoms).position, cylinder.crystal.glide_period / 2
    for _ in range(_SETTLING):
        found = core(cylinder, atoms)
        centre = float(np.clip(found.position, home - reach, home + reach))
        separation = found.separation if len(cylinder.crystal.partials) > 1 else 0.0
        if max(abs(centre - cylinder.centre), abs(separation - cylinder.separation)) < tolerance:
            return cylinder, atoms
        if abs(found.position) + abs(separation) / 2 > cylinder.radius - 2 * np.linalg.norm(cylinder.crystal.burgers):
            raise InputError(
                f"A radius of {cylinder.radius:.4g} Å is too small for the core: its partials are {separation:.3g} Å "
                "apart and still separating; use a larger radius."
            )
        before, cylinder = cylinder.field(), cylinder.refitted(centre, separation)
        atoms = atoms.copy()
        atoms.positions += cylinder.field() - before
        atoms = relaxed_core(potential, replace(cylinder, atoms=atoms), force=force).atoms
    raise NotConverged(
        f"The core did not settle in {_SETTLING} updates of its elastic field: its partials are {separation:.3g} Å "
        f"apart, the field's {cylinder.separation:.3g} Å; use a larger radius."
    )


class _Shell:
    """The decaying fields of a cylinder's shell."""

    def __init__(self, cylinder: Cylinder, ring: float | None) -> None:
        self.cylinder = cylinder
        distance = np.linalg.norm(cylinder.points, axis=1)
        thickness = (distance.max() - cylinder.radius) / 2 if ring is None else ring
        self.counted: NDArray[np.bool_] = ~cylinder.free & (distance < cylinder.radius + thickness)
        if not self.counted.any():
            raise InputError(f"A ring of {thickness:.3g} Å holds no atoms; make it as thick as the potential's cutoff.")
        self.fields = np.zeros((6 * _ORDERS, len(distance), 3))
        outside = ~cylinder.free
        stroh = cylinder.crystal.stroh
        self.fields[:, outside] = stroh.multipoles(cylinder.points[outside], _ORDERS, cylinder.radius)
        self.stiffness = _ring_stiffness(cylinder)

    def pull(self, potential: Potential, atoms: Atoms) -> FloatArray:
        """Generalised forces per length of line, eV/Å²."""
        forces = potential.evaluate([atoms]).forces[0]
        return np.einsum("mni,ni->m", self.fields[:, self.counted], forces[self.counted]) / self.cylinder.crystal.length

    def moved(self, atoms: Atoms, change: FloatArray) -> Atoms:
        moved = atoms.copy()
        moved.positions += np.einsum("m,mni->ni", change, self.fields)
        return moved


def _ring_stiffness(cylinder: Cylinder) -> FloatArray:
    """Elastic stiffness of the amplitudes, eV/Å³: the exterior's energy, doubled for the interior's share."""
    stroh, angle = cylinder.crystal.stroh, 2 * np.pi * (np.arange(_GRID) + 0.5) / _GRID
    normal = np.stack([np.cos(angle), np.sin(angle), np.zeros(_GRID)], axis=1)
    radius, step = cylinder.radius, 1e-4 * cylinder.radius
    fields = stroh.multipoles(radius * normal, _ORDERS, radius)
    slopes = []
    for shift in np.eye(3)[:2] * step:
        ahead, behind = (stroh.multipoles(radius * normal + s * shift, _ORDERS, radius) for s in (1, -1))
        slopes.append((ahead - behind) / (2 * step))
    distortion = np.stack([*slopes, np.zeros_like(fields)], axis=-1)
    stress = np.einsum("ijkl,mnkl->mnij", stroh.full, distortion)
    traction = np.einsum("mnij,nj->mni", stress, normal)
    energy = -np.einsum("mni,pni->mp", traction, fields) * 2 * np.pi * radius / _GRID
    return energy + energy.T


def _broyden(inverse: FloatArray, step: FloatArray, change: FloatArray) -> FloatArray:
    """Broyden's good update of the inverse stiffness: the pull fell by `change` over `step`."""
    along = step @ inverse
    return inverse + np.outer(step - inverse @ change, along) / (along @ change)
