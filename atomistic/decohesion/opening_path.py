"""A place on a path as one more coordinate: the potential that moves atoms and place together.

A static path has structures X(s) at places s, such as gaps, each in a cell of its own. With x = X(s) + u and the cell of s, the
energy is a function of u and s, and since x is u moved as a whole, the density of s is exp(−F(s)/kT), F(s) the free energy
of the atoms in the cell of s. Where u keeps the gap at zero, F is that of the gap held at s, along the path's own
lengths: what the mean force integrates to. Any bias may act on s.
"""

from collections.abc import Sequence

import numpy as np
from ase import Atoms
from scipy.interpolate import CubicSpline

from atomistic.decohesion.slab import boundary_tractions
from atomistic.dynamics.constraints import Held
from atomistic.dynamics.safe_step import STEPS_PER_PERIOD
from atomistic.dynamics.state import TIME
from atomistic.sampling.variables import LinearVariables
from coupling.capabilities import require
from coupling.contracts import Capabilities, Evaluation, FloatArray, Potential
from coupling.errors import InputError
from coupling.files import content_hash

_SHIFT = 2e-3  # Å of the place, for its stiffness


class OpeningPath:
    """A potential of structures whose last atom, of number 0, is the place: its z is s in Å.

    Args:
        potential: Of the atoms; it must give stresses.
        places: (n,) rising, Å.
        structures: n structures of the same N atoms, with the same first two cell vectors; the path is a cubic spline through
            them, and goes on straight beyond its ends.

    Raises:
        InputError: the places do not rise, or are not as many as the structures and four at least.
    """

    def __init__(self, potential: Potential, places: FloatArray, structures: Sequence[Atoms]) -> None:
        places = np.asarray(places, dtype=float)
        if len(places) != len(structures) or len(places) < 4 or np.any(np.diff(places) <= 0):
            raise InputError(
                f"{len(structures)} structures at {len(places)} places are no path; give four at least, at rising places."
            )
        self.bare, self.places = require(potential, "stress"), places
        self.name, self.elements, self.cutoff = potential.name, potential.elements | {0}, potential.cutoff
        self.capabilities = Capabilities(devices=potential.capabilities.devices, dtypes=potential.capabilities.dtypes)
        positions = np.array([one.positions for one in structures])
        centred = positions - positions.mean(axis=1, keepdims=True)
        self._moved = CubicSpline(places, centred - centred[0])
        self._third = CubicSpline(places, np.array([one.cell.array[2] for one in structures]))
        self._first = structures[0].copy()
        self._cell, self._kept = structures[0].cell.array.copy(), list[Atoms]()
        self._area = float(abs(np.linalg.det(self._cell[:2, :2])))
        self.mass = 1.0
        """u, of the place; see `weighed`."""
        parts = [
            potential.fingerprint,
            places.tobytes().hex(),
            positions.tobytes().hex(),
            self._third.c.tobytes().hex(),
        ]
        self.fingerprint = content_hash("\n".join(parts).encode())

    def start(self, place: float) -> Atoms:
        """The static structure of a place, as this potential takes it."""
        atoms = Atoms(self._first.numbers, self._first.positions, cell=self._cell, pbc=self._first.pbc)
        atoms.set_masses(self._first.get_masses())
        marker = Atoms([0], [[0.0, 0.0, place]])
        marker.set_masses([self.mass])
        return atoms + marker

    def weighed(self, time_step: float, stiffness: float = 0.0) -> float:
        """Give the place the mass, u, with which it oscillates in twenty time steps where the path is stiffest.

        Args:
            time_step: s.
            stiffness: Of a bias besides, eV/Å².
        """
        moved = [self.start(place + shift) for place in self.places for shift in (-_SHIFT, _SHIFT)]
        pulls = np.array([forces[-1, 2] for forces in self.evaluate(moved).forces]).reshape(-1, 2)
        stiffest = max(float(np.max(pulls[:, 0] - pulls[:, 1])) / (2 * _SHIFT), 0.0) + stiffness
        self.mass = max(stiffest * (STEPS_PER_PERIOD * time_step / TIME / (2 * np.pi)) ** 2, 1.0)
        return self.mass

    def held(self, combination: FloatArray | None = None) -> Held:
        """What is held: the place's x and y, and a combination (m, N, 3) of the atoms' displacements, such as the gap."""
        count = len(self._first)
        rows = np.zeros((2, count + 1, 3))
        rows[0, count, 0] = rows[1, count, 1] = 1.0
        if combination is not None:
            rows = np.concatenate([rows, np.pad(np.asarray(combination), ((0, 0), (0, 1), (0, 0)))])
        return Held(combinations=rows)

    @property
    def variable(self) -> LinearVariables:
        """The place, as a collective variable."""
        row = np.zeros((1, len(self._first) + 1, 3))
        row[0, -1, 2] = 1.0
        return LinearVariables(row)

    def atoms(self, structures: Sequence[Atoms]) -> list[Atoms]:
        """The N atoms of structures at their places, in their own cells."""
        return [one.copy() for one in self._placed(structures)]

    def _placed(self, structures: Sequence[Atoms]) -> list[Atoms]:
        """The same in memory that is used again and again."""
        while len(self._kept) < len(structures):
            self._kept.append(self._first.copy())
        places = np.array([one.positions[-1, 2] for one in structures])
        shifts, thirds = self._at(self._moved, places), self._at(self._third, places)
        made = self._kept[: len(structures)]
        for atoms, one, shift, third in zip(made, structures, shifts, thirds, strict=True):
            atoms.arrays["positions"][:] = one.positions[:-1] + shift
            atoms.cell[2] = third
        return made

    def evaluate(
        self, structures: Sequence[Atoms], *, site_energies: bool = False, features: bool = False
    ) -> Evaluation:
        """Energies, and forces on atoms and place; no stress. See `coupling.contracts.Potential`."""
        moved = self._placed(structures)
        found = self.bare.evaluate(moved)
        places = np.array([one.positions[-1, 2] for one in structures])
        ahead, growing = self._slopes(self._moved, places), self._slopes(self._third, places)
        opening = boundary_tractions(moved, found, self._area) * self._area
        forces = []
        for own, along, third, pull in zip(found.forces, ahead, growing, opening, strict=True):
            on_place = float(np.sum(np.asarray(own) * along) - third @ pull)
            forces.append(np.vstack([own, [0.0, 0.0, on_place]]))
        none = np.full((len(structures), 3, 3), np.nan)
        return Evaluation(found.energies, tuple(forces), none, found.cost)

    def _at(self, curve: CubicSpline, places: FloatArray) -> FloatArray:
        inside = np.clip(places, self.places[0], self.places[-1])
        beyond = (places - inside).reshape(-1, *[1] * (curve.c.ndim - 2))
        return np.asarray(curve(inside) + beyond * curve(inside, 1))

    def _slopes(self, curve: CubicSpline, places: FloatArray) -> FloatArray:
        return np.asarray(curve(np.clip(places, self.places[0], self.places[-1]), 1))
