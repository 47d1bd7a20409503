"""Records of the atomistic results for a dislocation: γ-surface, core, barrier, jumps under load."""

from dataclasses import dataclass

import numpy as np

from atomistic.frames import Frames
from coupling.contracts import FloatArray

_ROOM = 300.0  # K


@dataclass(frozen=True)
class SlipPlane:
    """The γ-surface in the dislocation's frame.

    Attributes:
        periods: (2, 2) along x (glide) and z (line), Å.
        energy: (n, n) over the periods, eV/Å².
    """

    periods: FloatArray
    energy: FloatArray


@dataclass(frozen=True)
class AtomicCore:
    """A core of atoms at rest.

    Attributes:
        x: (n,) along the direction of glide, rising, Å.
        slip: (n, 2) of the upper plane over the lower one, along x and along the line, Å.
        positions: (k,) of the fitted partials along x, Å.
        widths: (k,) half widths of their slip, Å.
        residual: Residuals of the fit, root mean square over b.
        atoms: Of the cylinder.
        free_atoms: Of which free.
        polarity: Of a bcc screw: 0 compact, 1 degenerate.
        compact: Whether a bcc screw is compact.
        frames: The relaxed atoms.
    """

    x: FloatArray
    slip: FloatArray
    positions: FloatArray
    widths: FloatArray
    residual: float
    atoms: int
    free_atoms: int
    polarity: float | None = None
    compact: bool | None = None
    frames: Frames | None = None

    @property
    def middle(self) -> float:
        """Of the partials, along x, Å."""
        return float(np.mean(self.positions))

    @property
    def separation(self) -> float:
        """Of the outermost partials, Å."""
        return float(np.ptp(self.positions))

    @property
    def half_width(self) -> float:
        """Mean over the partials, Å."""
        return float(np.mean(self.widths))


@dataclass(frozen=True)
class AtomicBarrier:
    """The path of atoms from one Peierls valley to the next.

    Attributes:
        height: Per Burgers vector of line, eV.
        humps: Between the two valleys.
        stress: Steepest slope of the ascent over b, Pa.
        x: (n,) positions of the line along the path, Å.
        energy: (n,) per length, eV/Å.
        image_x: (k,) positions of the images, Å.
        image_energy: (k,) of the images per length, eV/Å.
        frames: The images.
        attempt_frequency: Vineyard's, of the straight line over the barrier, 1/s, where it was asked for.
        no_attempt: Why there is none although it was asked for.
    """

    height: float
    humps: int
    stress: float
    x: FloatArray
    energy: FloatArray
    image_x: FloatArray
    image_energy: FloatArray
    frames: Frames | None = None
    attempt_frequency: float | None = None
    no_attempt: str | None = None

    @property
    def turns_back(self) -> bool:
        """Whether the line moves backwards somewhere, so that the energy is not a function of its position."""
        return bool(np.any(np.diff(self.x) <= 0))

    def positions(self, period: float) -> FloatArray:
        """(n,) along the barrier, Å: of the line, or where it turns back, shares of the path's length.

        Args:
            period: Distance of neighbouring valleys, Å.
        """
        return np.linspace(0.0, period, len(self.x)) if self.turns_back else self.x - self.x[0]


@dataclass(frozen=True)
class Jumps:
    """Where a core sheared to the right, and to the left, left its valley.

    Attributes:
        stress: (2,) resolved shear stress, Pa.
        error: (2,) half of the last increment, Pa.
        frames: The stable states on the way, of either sign.
    """

    stress: FloatArray
    error: FloatArray
    frames: tuple[Frames, ...] = ()

    @property
    def mean(self) -> float:
        """Of both signs, Pa."""
        return float(self.stress.mean())

    @property
    def spread(self) -> float:
        """Half the difference of the two signs, combined with the increment, Pa."""
        return float(np.hypot(self.error.max(), (self.stress[0] - self.stress[1]) / 2))


@dataclass(frozen=True)
class GlideDrag:
    """Drag on the gliding line by stress-driven dynamics.

    Attributes:
        temperature: (n,) K.
        coefficient: (n,) B, Pa s.
        std: (n,) standard errors, Pa s.
        deviation: (n,) largest distance of a velocity from the straight line through none at no stress, in standard errors.
        stress: (m,) Pa.
        velocity: (n, m) m/s.
        velocity_std: (n, m) m/s.
        atoms: Of the cell.
    """

    temperature: FloatArray
    coefficient: FloatArray
    std: FloatArray
    deviation: FloatArray
    stress: FloatArray
    velocity: FloatArray
    velocity_std: FloatArray
    atoms: int

    @property
    def nearest(self) -> int:
        """Which temperature is the nearest to 300 K."""
        return int(np.argmin(np.abs(self.temperature - _ROOM)))


@dataclass(frozen=True)
class DislocationAtoms:
    """Atomistic results for a dislocation; x is the glide direction, y the slip plane's normal, z the line.

    Attributes:
        fingerprint: Of the potential.
        warnings: Objections to the study, one sentence each.
        c11: Elastic constant, Pa.
        c12: Elastic constant, Pa.
        c44: Elastic constant, Pa.
        burgers: (3,) Å.
        partials: (k, 3) Å, from left to right.
        period: Distance of neighbouring Peierls valleys, Å.
        prefactor: (3, 3) K, eV/Å³.
        characters: (n,) K of lines in the slip plane, equally spaced from 0 (screw) over π, eV/Å³.
        fault: Intrinsic stacking fault energy of an fcc crystal, J/m².
        unstable_fault: Its unstable one, J/m².
        slip_plane: The γ-surface, where it was asked for.
        core: The core, where atoms were asked for.
        barrier: Between two valleys, where it was asked for.
        no_barrier: Why there is none although it was asked for.
        jumps: Under load, where it was asked for.
        no_jumps: Why there are none although they were asked for.
        drag: On the gliding line, where it was asked for.
    """

    fingerprint: str
    warnings: tuple[str, ...]
    c11: float
    c12: float
    c44: float
    burgers: FloatArray
    partials: FloatArray
    period: float
    prefactor: FloatArray
    characters: FloatArray
    fault: float | None = None
    unstable_fault: float | None = None
    slip_plane: SlipPlane | None = None
    core: AtomicCore | None = None
    barrier: AtomicBarrier | None = None
    no_barrier: str | None = None
    jumps: Jumps | None = None
    no_jumps: str | None = None
    drag: GlideDrag | None = None

    @property
    def frames(self) -> dict[str, tuple[Frames, ...]]:
        """Atoms at rest, on the barrier and under load, as far as they were asked for."""
        core = () if self.core is None or self.core.frames is None else (self.core.frames,)
        band = () if self.barrier is None or self.barrier.frames is None else (self.barrier.frames,)
        return {"core": core, "barrier": band, "loaded": () if self.jumps is None else self.jumps.frames}

    @property
    def burgers_length(self) -> float:
        """b, Å."""
        return float(np.linalg.norm(self.burgers))

    @property
    def route_difference(self) -> float | None:
        """The barrier's slope against loading to the right, relative; None unless there are both."""
        if self.barrier is None or self.jumps is None:
            return None
        return abs(self.barrier.stress / float(self.jumps.stress[0]) - 1)

    def share(self, slip: FloatArray) -> FloatArray:
        """(n,) slip (n, 2) in Å along the Burgers vector, over b."""
        return slip @ (self.burgers[[0, 2]] / self.burgers_length) / self.burgers_length
