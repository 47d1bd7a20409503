"""The Peierls stress: a cylinder sheared quasi-statically until its core jumps."""

from dataclasses import dataclass, field

import numpy as np
from ase import Atoms

from atomistic.dislocation.boundary import settled
from atomistic.dislocation.cylinder import Cylinder
from atomistic.dislocation.disregistry import core
from atomistic.dislocation.load import deformation, deformed, glide_stress, image_energy
from atomistic.dislocation.maps import nye_position
from atomistic.relax import Constraints, relax
from coupling.contracts import FloatArray, Potential, Progress, silent
from coupling.errors import InputError, NotConverged
from coupling.units import EV_A3

_FIRST = 1 / 150
_MOST = 0.12
"""First and largest stress, of the crystal's energy factor K."""
_JUMP = 0.5
"""Of the glide period: a core that moved further has left its valley."""


@dataclass(frozen=True)
class Load:
    """A stress that grows, and a constant one.

    Attributes:
        sign: +1 drives the line along +x, -1 along -x.
        angle: Of the plane of largest shear from the slip plane, radians.
        constant: (3, 3) stress beside it that does no work on glide, Pa.
    """

    sign: int = 1
    angle: float = 0.0
    constant: FloatArray = field(default_factory=lambda: np.zeros((3, 3)))


@dataclass(frozen=True)
class PeierlsStress:
    """Where a core jumped.

    Attributes:
        load: The load.
        applied: Shear stress on the plane of largest shear when it jumped, Pa.
        error: Half the last increment, Pa.
        image: The part of it that balanced the image force of the shell at the last stable position, Pa.
        stresses: (n,) of the stable states, Pa.
        positions: (n,) of their cores along x, Å.
        jump: (2,) x and y from where it sat to where it came to rest, Å; along x alone for a core of partials.
        radius: Of the cylinder's free atoms, Å.
        states: The n stable states, with their results.
    """

    load: Load
    applied: float
    error: float
    image: float
    stresses: FloatArray
    positions: FloatArray
    jump: FloatArray
    radius: float
    states: tuple[Atoms, ...]

    @property
    def resolved(self) -> float:
        """Share on the slip plane along the Burgers vector less the image, Pa: constant where Schmid's law holds."""
        return self.applied * float(np.cos(self.load.angle)) - self.image


def peierls_stress(
    potential: Potential,
    cylinder: Cylinder,
    loads: tuple[Load, ...] = (Load(),),
    *,
    resolution: float = 0.02,
    perturbation: float = 0.0,
    force: float = 1e-3,
    steps: int = 1000,
    progress: Progress = silent,
) -> list[PeierlsStress]:
    """Shear a cylinder, its shell following the strain, until the core leaves its valley.

    Each load grows by increments that are halved after every jump, from the last stable state. The
    loads are relaxed in one batch. The stress is the perfect crystal's own under the same strain.

    Args:
        potential: The potential.
        cylinder: The dislocation in its cylinder.
        loads: What to load with, one result each.
        resolution: Last increment over the Peierls stress.
        perturbation: Å, random displacements that the core first relaxes from.
        force: Largest force that may remain, eV/Å.
        steps: Most evaluations of one increment.
        progress: Called after each increment.

    Raises:
        InputError: a sign other than ±1, or an angle at which the load does not drive the line.
        NotConverged: a state does not relax, or the core never jumps.
    """
    for load in loads:
        if load.sign not in (1, -1) or not abs(load.angle) < 1.5:
            raise InputError(
                f"Load {load.sign}, {load.angle:.3g} rad does not drive the line; use ±1 and under 1.5 rad."
            )
    held = Constraints(free=cylinder.free)
    cylinder, start = settled(potential, cylinder, force=force, perturbation=perturbation)
    ramps = [_Ramp(potential, cylinder, load, start, resolution) for load in loads]
    while active := [ramp for ramp in ramps if not ramp.done]:
        trials = [ramp.trial() for ramp in active]
        found = relax(potential, trials, held, force=force, steps=steps)
        for ramp, atoms in zip(active, found.structures, strict=True):
            ramp.receive(atoms)
        progress("Peierls stress", len(ramps) - len(active), len(ramps), f"{active[0].stress * EV_A3 / 1e6:.4g} MPa")
    return [ramp.result() for ramp in ramps]


class _Ramp:
    """One load on its way up; eV/Å³."""

    def __init__(self, potential: Potential, cylinder: Cylinder, load: Load, start: Atoms, resolution: float) -> None:
        self.potential, self.cylinder, self.load, self.resolution = potential, cylinder, load, resolution
        crystal = cylinder.crystal
        tensor, b = crystal.stroh.energy_tensor, crystal.burgers
        self.stiffness = float(b @ tensor @ b / (b @ b))
        self.stress, self.step = 0.0, self.stiffness * _FIRST
        self.deformation, self.tried = np.eye(3), np.eye(3)
        self.state, self.jumps = start, 0
        self.home, self.valley = core(cylinder, start).position, self.place(start)
        self.jump = np.zeros(2)
        self.history, self.states = [(0.0, self.home)], [start]
        if load.constant.any():
            self.first, self.step = self.step, 0.0

    def place(self, atoms: Atoms) -> FloatArray:
        """Where the core is (2,): a whole one by its Nye tensor, on whatever plane it glides."""
        if len(self.cylinder.crystal.partials) > 1:
            return np.array([core(self.cylinder, atoms).position, 0.0])
        return nye_position(self.cylinder, atoms, self.cylinder.radius)

    @property
    def done(self) -> bool:
        return self.jumps > 0 and self.step < self.resolution * max(self.stress, self.stiffness * 1e-5)

    def trial(self) -> Atoms:
        stress = (self.stress + self.step) * self.load.sign * glide_stress(self.cylinder.crystal, self.load.angle)
        self.tried = deformation(self.potential, self.cylinder.crystal, stress + self.load.constant / EV_A3)
        return deformed(self.cylinder, self.state, self.tried @ np.linalg.inv(self.deformation))

    def receive(self, atoms: Atoms) -> None:
        moved = self.place(atoms) - self.valley
        if not np.linalg.norm(moved) < _JUMP * self.cylinder.crystal.glide_period:
            self.jump, self.jumps, self.step = moved, self.jumps + 1, self.step / 2
            return
        position = core(self.cylinder, atoms).position
        self.stress, self.deformation, self.state = self.stress + self.step, self.tried, atoms
        self.history.append((self.stress, position))
        self.states.append(atoms)
        if self.step == 0.0:
            self.step = self.first
        elif self.jumps:
            self.step /= 2
        if self.stress > _MOST * self.stiffness:
            raise NotConverged(
                f"The core has not moved at a shear of {self.stress * EV_A3 / 1e9:.3g} GPa; the slip system "
                f"{self.cylinder.crystal.system.name!r} does not glide in this crystal, or the core is locked."
            )

    def result(self) -> PeierlsStress:
        stresses, positions = np.array(self.history).T
        moved = self.load.sign * (positions[-1] - self.home)
        burgers = np.linalg.norm(self.cylinder.crystal.burgers)
        return PeierlsStress(
            load=self.load,
            applied=(self.stress + self.step) * EV_A3,
            error=self.step * EV_A3,
            image=float(image_energy(self.cylinder, moved)[1] / burgers * EV_A3),
            stresses=stresses * EV_A3,
            positions=positions,
            jump=self.jump,
            radius=self.cylinder.radius,
            states=tuple(self.states),
        )
