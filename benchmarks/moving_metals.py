"""Metals at 300 K by dynamics: lattice, expansion, elastic constants, compressibility, pressure bias, a bimetal strip, drag.

Run as `python -m benchmarks.moving_metals [--json]`; under four minutes on one core. Copper is Mishin's, of cells of 108 atoms; a
key with `_std` is a standard error. It includes `moving_bimetal` and `moving_drag`, which run alone, too.
"""

import sys

import numpy as np

from atomistic.decohesion import heated
from atomistic.potentials import load_potential
from atomistic.properties.bulk import equilibrium
from atomistic.properties.elastic import cubic_constants
from atomistic.thermal import (
    Sampling,
    WarmCrystal,
    WarmStiffness,
    expansion_between,
    pressure_bias,
    quasi_harmonic_expansion,
    quasi_harmonic_stiffness,
    stiffness_by_fluctuations,
    stiffness_by_strain,
    warm_crystal,
)
from benchmarks import moving_bimetal, moving_drag
from benchmarks.lammps_lattice import lammps_lattice
from benchmarks.output import report
from benchmarks.wheel import wheel_file
from coupling.contracts import Potential

FILE, BIASED = "Cu_mishin1.eam.alloy", "Cu_u3.eam"
TEMPERATURE, APART = 300.0, 50.0
LENGTH = Sampling((3, 3, 3), replicas=8, steps=6000, step=5e-15)
SHORT = Sampling((3, 3, 3), replicas=8, steps=1200, step=5e-15)
STRAINED = Sampling((3, 3, 3), replicas=4, steps=1200, step=5e-15)


def copper() -> Potential:
    """Mishin's."""
    return load_potential(str(wheel_file(FILE)))


def lattice(potential: Potential) -> tuple[WarmCrystal, dict[str, float]]:
    """The crystal at 300 K; its lattice against LAMMPS and the quasi-harmonic theory; α both ways, and the theory's."""
    static = equilibrium(potential, "Cu", "fcc", conventional=True)
    primitive, a = equilibrium(potential, "Cu", "fcc"), float(static.cell[0, 0])
    warm = warm_crystal(potential, static, TEMPERATURE, LENGTH)
    cold, hot = (warm_crystal(potential, static, TEMPERATURE + sign * APART, SHORT) for sign in (-1, 1))
    alpha = expansion_between(cold, hot)
    found, error = a * warm.stretch.value, a * warm.stretch.error
    other, other_error = lammps_lattice(wheel_file(FILE), "Cu", found, 3, TEMPERATURE, 60_000)
    theory = heated(potential, primitive, TEMPERATURE, statistics="classical").get_volume()
    return warm, {
        "lattice_A": found, "lattice_A_std": error, "lammps_lattice_A": other, "lammps_lattice_A_std": other_error,
        "lammps_lattice_difference": abs(found / other - 1),
        "lammps_lattice_difference_std": float(np.hypot(error, other_error) / other),
        "lattice_quasi_harmonic_A": float(np.cbrt(4 * theory)),
        "alpha": alpha.value, "alpha_std": alpha.error,
        "alpha_fluctuations": warm.expansion.value, "alpha_fluctuations_std": warm.expansion.error,
        "alpha_quasi_harmonic": quasi_harmonic_expansion(potential, primitive, TEMPERATURE, apart=APART),
    }  # fmt: skip


def elastic(potential: Potential, warm: WarmCrystal) -> dict[str, float]:
    """C_ij(300 K) by strain, by fluctuations with Born's term, and quasi-harmonic; κ_T by fluctuations against strain."""
    strain = stiffness_by_strain(potential, warm.atoms, TEMPERATURE, STRAINED, cubic=True)
    born = stiffness_by_fluctuations(potential, warm.atoms, TEMPERATURE, SHORT, born_every=20)
    primitive = equilibrium(potential, "Cu", "fcc")
    theory = heated(potential, primitive, TEMPERATURE, statistics="classical")
    harmonic = cubic_constants(quasi_harmonic_stiffness(potential, theory, TEMPERATURE))
    figures = _constants("", strain) | _constants("_born", born)
    figures |= {f"{name}_quasi_harmonic_Pa": value for name, value in zip(strain.cubic, harmonic, strict=True)}
    figures["born_deviation"] = max(
        abs(strain.cubic[name].value - born.cubic[name].value)
        / np.hypot(strain.cubic[name].error, born.cubic[name].error)
        for name in strain.cubic
    )
    kappa, bulk = warm.compressibility, strain.bulk_modulus
    ratio = kappa.value * bulk.value
    return figures | {
        "kappa_fluctuations_1_Pa": kappa.value, "bulk_modulus_Pa": bulk.value, "bulk_modulus_Pa_std": bulk.error,
        "bulk_modulus_born_Pa": born.bulk_modulus.value, "bulk_modulus_born_Pa_std": born.bulk_modulus.error,
        "kappa_vs_strain": abs(ratio - 1),
        "kappa_vs_strain_std": ratio * float(np.hypot(kappa.error / kappa.value, bulk.error / bulk.value)),
    }  # fmt: skip


def bias(reference: Potential, warm: WarmCrystal) -> dict[str, float]:
    """Another copper (Foiles, Baskes and Daw's) at Mishin's volume: its pressure, the drift foretold, and the one seen."""
    model = load_potential(str(wheel_file(BIASED)))
    own = warm_crystal(model, warm.atoms, TEMPERATURE, SHORT)
    found = pressure_bias(model, reference, warm.atoms, TEMPERATURE, own.compressibility, STRAINED)
    return {
        "pressure_bias_Pa": found.bias.value, "pressure_bias_Pa_std": found.bias.error,
        "density_drift": found.density_drift.value, "density_drift_std": found.density_drift.error,
        "density_drift_seen": own.stretch.value**-3 - 1, "density_drift_seen_std": 3 * own.stretch.error,
    }  # fmt: skip


def measure() -> dict[str, float]:
    """All figures."""
    potential = copper()
    warm, figures = lattice(potential)
    figures |= elastic(potential, warm) | bias(potential, warm)
    return figures | moving_bimetal.measure() | moving_drag.measure()


def _constants(suffix: str, found: WarmStiffness) -> dict[str, float]:
    figures: dict[str, float] = {}
    for name, one in found.cubic.items():
        figures |= {f"{name}{suffix}_Pa": one.value, f"{name}{suffix}_Pa_std": one.error}
    return figures


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
