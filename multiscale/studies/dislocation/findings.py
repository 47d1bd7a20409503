"""Records of what follows from atoms: the Peierls-Nabarro model, the line, kink pairs, a glide law and its flow stress."""

from dataclasses import dataclass

import numpy as np

from coupling.contracts import FloatArray
from coupling.units import EV_A3
from coupling.upscale.flow import GlideLaw
from coupling.upscale.kinks import Kocks
from multiscale.studies.dislocation.records import DislocationAtoms

_ONE = 0.05
"""Relative difference of two Peierls stresses up to which they are one."""


@dataclass(frozen=True)
class PeierlsNabarroEstimate:
    """Results of the Peierls-Nabarro model.

    Attributes:
        rows: (n,) positions of the atomic rows from the middle of the core, Å.
        share: (n,) their slip along b, over b.
        separation: Of the partials, Å.
        elastic_separation: At which elasticity balances the fault, Å; None where there is no such balance.
        virial: Interplanar energy over b·K·b/4π: 1 in wide cores.
        position: (m,) of the core pushed over one period, rising, Å.
        energy: (m,) its energy per length, relative to the valley, eV/Å.
        barrier: Energy per length, eV/Å.
        stress: Peierls stress, mean of both signs, eV/Å³.
        stress_error: By how much the held ends may shift it, eV/Å³.
    """

    rows: FloatArray
    share: FloatArray
    separation: float
    elastic_separation: float | None
    virial: float
    position: FloatArray
    energy: FloatArray
    barrier: float
    stress: float
    stress_error: float

    def from_valley(self, period: float) -> tuple[FloatArray, FloatArray]:
        """Positions (m,) from the valley within one period, rising, Å, and energies (m,) there, eV/Å."""
        x = np.mod(self.position - self.position[np.argmin(self.energy)], period)
        order = np.argsort(x)
        return x[order], self.energy[order]


@dataclass(frozen=True)
class LineTable:
    """A straight line's energy by character.

    Attributes:
        angle: (n,) from the Burgers vector, °: 0 screw, 90 edge.
        energy: (n,) per length, eV/Å.
        tension: (n,) eV/Å.
        log_ratio: ln(R/r₀) in both.
    """

    angle: FloatArray
    energy: FloatArray
    tension: FloatArray
    log_ratio: float


@dataclass(frozen=True)
class KinkTable:
    """A kink pair's enthalpy against the stress.

    Attributes:
        stress: (n,) from 0 to the Peierls stress, eV/Å³.
        enthalpy: (n,) by the line-tension model, eV.
        fitted: (n,) by Kocks' law, eV.
        tension: Line tension, eV/Å.
        width: Of a kink, Å.
        humps: Of the barrier.
    """

    stress: FloatArray
    enthalpy: FloatArray
    fitted: FloatArray
    tension: float
    width: float
    humps: int


@dataclass(frozen=True)
class FlowTable:
    """τ(T, strain rate).

    Attributes:
        temperature: (t,) K.
        rate: (r,) of shear, 1/s.
        stress: (t, r) Pa.
        std: (t, r) standard deviations, Pa.
        athermal_temperature: Above which kink pairs cost no stress at the middle rate, K.
        middle_rate: That rate, 1/s.
    """

    temperature: FloatArray
    rate: FloatArray
    stress: FloatArray
    std: FloatArray
    athermal_temperature: float
    middle_rate: float


@dataclass(frozen=True)
class Upscaled:
    """From a barrier to a glide law.

    Attributes:
        source: What the barrier comes from.
        kinks: Kink pairs over it.
        kocks: Their fit, eV and eV/Å³.
        law: The glide law, SI.
        enthalpy_std: Standard deviation of its activation enthalpy, J.
        stress_std: Standard deviation of its Peierls stress, Pa.
        flow: Its flow stress.
        stress_source: What the law's Peierls stress comes from.
        fit_is_poor: Whether the fit misses the kink pairs, or has exponents outside theory's.
        barrier_is_low: Whether thermal activation hardly limits glide at the lowest temperature.
        drag_std: Standard error of a computed drag, Pa s.
    """

    source: str
    kinks: KinkTable
    kocks: Kocks
    law: GlideLaw
    enthalpy_std: float
    stress_std: float
    flow: FlowTable
    stress_source: str
    fit_is_poor: bool
    barrier_is_low: bool
    drag_std: float | None = None

    @property
    def mixture(self) -> str:
        """How the law's Peierls stress and the barrier's own one differ, in words; empty where they are one."""
        own, taken = self.kocks.peierls_stress * EV_A3, self.law.peierls_stress
        if abs(taken - own) <= _ONE * own:
            return ""
        return (
            f"tau_P {taken / 1e6:.4g} MPa is of {self.stress_source}, and the barrier ({self.source}) whose kink pairs give H0, p and q "
            f"has its own {own / 1e6:.4g} MPa: H is that barrier's with its stress axis scaled by {taken / own:.3g}"
        )

    @property
    def std(self) -> dict[str, float]:
        """Standard deviations by the names of the law's parameters."""
        known = {"activation_enthalpy": self.enthalpy_std, "peierls_stress": self.stress_std}
        return known if self.drag_std is None else known | {"drag": self.drag_std}


@dataclass(frozen=True)
class DislocationFindings:
    """All that the study finds.

    Attributes:
        atoms: Results from atoms.
        line: Energy and tension of the straight line.
        estimate: The Peierls-Nabarro model, where its γ-surface was asked for.
        upscaled: Kink pairs and glide law, where a barrier was asked for.
    """

    atoms: DislocationAtoms
    line: LineTable
    estimate: PeierlsNabarroEstimate | None = None
    upscaled: Upscaled | None = None
