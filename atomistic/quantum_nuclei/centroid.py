"""The free energy of quantum nuclei along a path of their centroids: the quantum barrier.

Point s of a path x₀(s) has the plane t·(x − x₀) = 0 across its unit tangent t, in which the centroid x_c of each ring polymer
is held. The reversible work of turning one plane into the next is dF/ds = −⟨(F̄·t) v⟩, v = |x₀'| − t'·(x_c − x₀), F̄ the mean
force on the beads (Schenter, Mills, Jónsson, J. Chem. Phys. 101 (1994) 8964); there is no further term, as t is a
unit vector. With one bead it is the classical potential of mean force.

The rate out of the minimum is √(kT/2πm) exp(−F(s*)/kT) / ∫ exp(−F/kT) ⟨v⟩ ds, 1/m = Σ t²/m_a at the top s*: the centroid density's
transition-state theory (Gillan, J. Phys. C 20 (1987) 3621; Voth, Chandler, Miller, J. Chem. Phys. 91 (1989) 7749).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.geometry import find_mic
from scipy.interpolate import CubicSpline

from atomistic.dynamics.blocks import block_error
from atomistic.dynamics.constraints import Held, Mask
from atomistic.dynamics.driver import dynamics
from atomistic.dynamics.record import Keep
from atomistic.dynamics.ring_polymer import RingPolymer
from atomistic.dynamics.state import TIME, State
from atomistic.properties.measurement import Measurement
from atomistic.quantum_nuclei.estimators import rings
from atomistic.quantum_nuclei.path_integral import ring_step
from coupling.contracts import Cost, FloatArray, Potential, Progress, silent
from coupling.errors import InputError
from coupling.units import BOLTZMANN_EV

_FINE = 400
"""Points between the first and the last plane at which the barrier is looked for."""
_FEWEST = 4


@dataclass(frozen=True)
class CentroidPath:
    """Planes across a path.

    Attributes:
        lengths: (n,) s, Å; a displacement's length is that of all coordinates together.
        places: (n, N, 3) x₀, Å.
        tangents: (n, N, 3) t of unit norm.
        turning: (n, N, 3) dt/ds, 1/Å.
        speed: (n,) |dx₀/ds|: 1 but for the spline.
        masses: (N,) u.
    """

    lengths: FloatArray
    places: FloatArray
    tangents: FloatArray
    turning: FloatArray
    speed: FloatArray
    masses: FloatArray

    @classmethod
    def through(cls, structures: Sequence[Atoms], *, centre: bool = False) -> "CentroidPath":
        """A spline through structures of the same atoms, each atom at the image that is nearest to where it was before.

        Args:
            structures: Four or more.
            centre: Shift them to one centre of mass.

        Raises:
            InputError: they are fewer than four, of different atoms, or two in sequence are alike.
        """
        if len(structures) < _FEWEST:
            raise InputError(f"A path of {len(structures)} structures has no free energy; give {_FEWEST} or more.")
        first = structures[0]
        places = [first.positions.copy()]
        for one in structures[1:]:
            if not np.array_equal(one.numbers, first.numbers) or not np.allclose(one.cell, first.cell, atol=1e-8):
                raise InputError(
                    "The structures of a path differ in atoms or cell; give the same atoms in the same order."
                )
            places.append(places[-1] + find_mic(one.positions - places[-1], first.cell, first.pbc)[0])
        made, masses = np.array(places), np.asarray(first.get_masses(), dtype=float)
        if centre:
            made = made - np.einsum("a,nai->ni", masses / masses.sum(), made - made[0])[:, None]
        apart = np.linalg.norm(np.diff(made, axis=0), axis=(1, 2))
        if (apart < 1e-6).any():
            raise InputError(f"Structures {int(np.argmin(apart))} and the next of the path are alike; leave one out.")
        lengths = np.concatenate([[0.0], np.cumsum(apart)])
        line = CubicSpline(lengths, made)
        along, bend = line(lengths, 1), line(lengths, 2)
        speed = np.linalg.norm(along, axis=(1, 2))
        tangents = along / speed[:, None, None]
        turning = bend / speed[:, None, None]
        turning = turning - tangents * np.sum(turning * tangents, axis=(1, 2), keepdims=True)
        return cls(lengths, made, tangents, turning, speed, masses)

    def structures(self, like: Atoms) -> list[Atoms]:
        """n structures of the atoms of another, at rest."""
        return [Atoms(like.numbers, one, cell=like.cell, pbc=like.pbc, masses=self.masses) for one in self.places]

    def observe(self, state: State, beads: int, copies: int) -> FloatArray:
        """(R, 2) dF/ds of each ring, eV/Å, and v; `copies` rings in sequence are of one plane."""
        tangents, turning, places, speed = (
            np.repeat(one, copies, axis=0) for one in (self.tangents, self.turning, self.places, self.speed)
        )
        force, centroids = rings(state.forces, beads).mean(axis=1), rings(state.positions, beads).mean(axis=1)
        advance = speed - np.sum(turning * (centroids - places), axis=(1, 2))
        return np.column_stack([-np.sum(force * tangents, axis=(1, 2)) * advance, advance])


@dataclass(frozen=True)
class CentroidProfile:
    """The free energy of the centroid along a path.

    Attributes:
        path: The planes.
        ring: Temperature, beads and thermostat.
        force: (n,) dF/ds, eV/Å.
        force_std: (n,) standard errors from blocks, eV/Å.
        advance: (n,) ⟨v⟩.
        cost: Computational cost.
    """

    path: CentroidPath
    ring: RingPolymer
    force: FloatArray
    force_std: FloatArray
    advance: FloatArray
    cost: Cost

    @property
    def free_energy(self) -> FloatArray:
        """(n,) F over that of the first plane, eV: the integral of a spline through dF/ds."""
        return self._weights(self.path.lengths) @ self.force

    @property
    def free_energy_std(self) -> FloatArray:
        """(n,) standard errors, eV."""
        return np.sqrt(self._weights(self.path.lengths) ** 2 @ self.force_std**2)

    @property
    def top(self) -> float:
        """Where F is highest over what lies before it, Å."""
        fine = self._fine
        values = self._weights(fine) @ self.force
        return float(fine[np.argmax(values - np.minimum.accumulate(values))])

    def barrier(self, start: float | None = None, top: float | None = None) -> Measurement:
        """F of the top over F of the start, eV.

        Args:
            start: Å along the path; None is the lowest before the top.
            top: Å; None is where F is highest over what lies before.
        """
        fine = self._fine
        values = self._weights(fine) @ self.force
        top = self.top if top is None else top
        before = fine <= top
        start = float(fine[before][np.argmin(values[before])]) if start is None else start
        rise = self._weights(np.array([top])) - self._weights(np.array([start]))
        error = float(np.sqrt(rise[0] ** 2 @ self.force_std**2))
        return Measurement(float(rise[0] @ self.force), "eV", error, "blocks of the trajectories")

    def log_rate(self, *, mirrored: bool = False) -> Measurement:
        """ln k of the rate in 1/s out of the minimum before the top, with its standard error.

        Args:
            mirrored: The path begins in a minimum that is the same on its other side.

        Raises:
            InputError: the highest plane is the first one.
        """
        top, thermal = self.top, BOLTZMANN_EV * self.ring.temperature
        if top <= self.path.lengths[0]:
            raise InputError(
                "The free energy falls from the first plane on, so that no barrier is left; turn the path."
            )
        fine = np.linspace(self.path.lengths[0], top, _FINE)
        weights, at_top = self._weights(fine), self._weights(np.array([top]))[0]
        advance = CubicSpline(self.path.lengths, self.advance)(fine)
        density = np.exp(-(weights @ self.force - at_top @ self.force) / thermal) * advance
        shares = density * np.gradient(fine) * np.where((fine == fine[0]) | (fine == fine[-1]), 0.5, 1.0)
        well = (2 if mirrored else 1) * np.trapezoid(density, fine)
        tangent = CubicSpline(self.path.lengths, self.path.tangents)(top)
        inverse = float(np.sum(tangent**2 / self.path.masses[:, None]) / np.sum(tangent**2))
        slope = (shares @ weights / shares.sum() - at_top) / thermal
        value = 0.5 * np.log(thermal * inverse / (2 * np.pi)) - np.log(well) - np.log(TIME)
        error = float(np.sqrt(slope**2 @ self.force_std**2))
        return Measurement(float(value), "1", error, "blocks of the trajectories")

    @property
    def _fine(self) -> FloatArray:
        return np.linspace(self.path.lengths[0], self.path.lengths[-1], _FINE)

    def _weights(self, places: FloatArray) -> FloatArray:
        """(m, n) of the forces in F at places (m,), Å."""
        return CubicSpline(self.path.lengths, np.eye(len(self.path.lengths))).antiderivative()(places)


def centroid_profile(
    potential: Potential,
    structures: Sequence[Atoms],
    ring: RingPolymer,
    *,
    steps: int,
    step: float | None = None,
    copies: int = 1,
    fixed: Mask | None = None,
    centre: bool = False,
    settling: float = 0.2,
    seed: int = 0,
    progress: Progress = silent,
) -> CentroidProfile:
    """Sample all planes of a path in one batch.

    Args:
        potential: The potential.
        structures: n points of the path, of the same atoms in the same order. A straight line of one atom's
            places, the others at rest, holds that atom alone.
        ring: Temperature, beads and thermostat.
        steps: Steps of each.
        step: Time step, s; None takes a safe one for the first.
        copies: Ring polymers in each plane.
        fixed: (N,) True where an atom stands still.
        centre: Hold the centre of mass too, and shift the structures to one: what an atom moves against a crystal that is free.
        settling: Share of the steps before averages are taken.
        seed: Of the noise.
        progress: Told after each step.

    Raises:
        InputError: the path is none, or too few steps are left for an error bar.
        Runaway: as `dynamics`.
    """
    path = CentroidPath.through(structures, centre=centre)
    if step is None:
        step = ring_step(potential, structures[0], ring)
    held = Held(fixed=fixed, combinations=np.repeat(path.tangents, copies, axis=0)[:, None], centre=centre)
    starts = [one for one in path.structures(structures[0]) for _ in range(copies * ring.beads)]
    made = dynamics(
        potential, starts, ring, steps=steps, step=step, held=held, seed=seed, check_step=False,
        keep=Keep(observe=lambda state: path.observe(state, ring.beads, copies)), progress=progress,
    )  # fmt: skip
    series = made.observed[int(np.ceil(settling * len(made.observed))) :]
    errors = np.array([block_error(one) for one in series[:, :, 0].T]).reshape(-1, copies)
    means = series.mean(axis=0).reshape(-1, copies, 2).mean(axis=1)
    return CentroidProfile(path, ring, means[:, 0], np.sqrt(np.sum(errors**2, axis=1)) / copies, means[:, 1], made.cost)
