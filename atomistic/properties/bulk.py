"""Perfect crystals: the cell without stress, and the equation of state."""

from dataclasses import dataclass

import numpy as np
from ase import Atoms

from atomistic.properties.crystals import Crystal
from coupling.contracts import FloatArray, Potential
from coupling.errors import InputError, NotConverged
from coupling.units import EV_A3

STRAIN_STEP = 2e-3
MAX_STEPS = 20


def equilibrium(
    potential: Potential,
    species: str,
    structure: str,
    *,
    a: float | None = None,
    conventional: bool = False,
    tolerance: float = 1e6,
) -> Atoms:
    """The stress-free cell of a perfect crystal.

    Newton's method on the stress with respect to the lattice lengths (a; for hcp a and c),
    one batch per step. All atoms of these crystals lie on sites fixed by symmetry.

    Args:
        potential: The potential.
        species: "Ni", or "TiN" for a crystal of two elements.
        structure: fcc, bcc, sc, hcp, diamond, b1 (rocksalt), b2 (caesium chloride) or b3 (zincblende).
        a: First guess of the lattice parameter, Å; found by a scan when missing.
        conventional: The cubic cell instead of the primitive one.
        tolerance: Largest stress component that may remain, Pa.

    Returns:
        The crystal, cubic axes (hcp: the c axis) along Cartesian ones; its
        `info["residual_stress_Pa"]` is the largest stress component left.

    Raises:
        InputError: the species or the structure is unknown, or they do not fit together.
        NotConverged: there is no minimum near the guess, or the stress does not vanish.
    """
    crystal = Crystal.named(species, structure, conventional)
    logs = np.log(crystal.lengths(a if a is not None else _scan(potential, crystal)))
    residual = np.inf
    for _ in range(MAX_STEPS):
        stress, jacobian, largest = _stress_and_jacobian(potential, crystal, logs)
        residual = largest * EV_A3
        if residual < tolerance:
            atoms = crystal.build(np.exp(logs))
            atoms.info["residual_stress_Pa"] = residual
            return atoms
        logs = logs - np.clip(np.linalg.solve(jacobian, stress), -0.05, 0.05)
    raise NotConverged(
        f"{species} {structure} with potential {potential.name!r}: a stress of {residual:.3g} Pa is left after "
        f"{MAX_STEPS} Newton steps (wanted {tolerance:.3g} Pa); give a better guess of a, or dtype='float64'."
    )


@dataclass(frozen=True)
class EquationOfState:
    """Energy against volume, third-order Birch-Murnaghan.

    Attributes:
        volume: At the minimum, Å³ per atom.
        energy: At the minimum, eV per atom.
        bulk_modulus: Pa.
        bulk_modulus_derivative: dK/dP, dimensionless.
        rms_residual: Root-mean-square of the fit's residuals, eV per atom.
        volumes: (n,) sampled, Å³ per atom.
        energies: (n,) sampled, eV per atom.
    """

    volume: float
    energy: float
    bulk_modulus: float
    bulk_modulus_derivative: float
    rms_residual: float
    volumes: FloatArray
    energies: FloatArray


def equation_of_state(
    potential: Potential, atoms: Atoms, *, volumetric_strain: float = 0.06, samples: int = 9
) -> EquationOfState:
    """Energy against volume about a cell whose atoms lie on sites fixed by symmetry.

    Args:
        potential: The potential.
        atoms: The crystal near its minimum.
        volumetric_strain: Volumes from 1 - this to 1 + this times the given one.
        samples: Number of volumes, at least 5.

    Raises:
        InputError: too few samples.
        NotConverged: the energies have no minimum in the range.
    """
    if samples < 5:
        raise InputError(f"An equation of state needs at least 5 volumes, not {samples}.")
    ratios = np.linspace(1 - volumetric_strain, 1 + volumetric_strain, samples)
    energies = potential.evaluate([_scaled(atoms, ratio ** (1 / 3)) for ratio in ratios]).energies / len(atoms)
    return _birch_murnaghan(ratios * atoms.get_volume() / len(atoms), energies)


def _birch_murnaghan(volumes: FloatArray, energies: FloatArray) -> EquationOfState:
    """Least squares of a cubic polynomial in x = V^(-2/3) (Birch, Phys. Rev. 71 (1947) 809)."""
    reference = float(volumes.mean())
    x = (volumes / reference) ** (-2 / 3)
    energy = np.polynomial.Polynomial.fit(x, energies, 3)
    slope, curvature, third = (energy.deriv(order) for order in (1, 2, 3))
    places = [float(root.real) for root in slope.roots()]
    minima = [place for place in places if x.min() <= place <= x.max() and curvature(place) > 0]
    if len(minima) != 1:
        raise NotConverged(
            f"The energy has no minimum between {volumes[0]:.4g} and {volumes[-1]:.4g} Å³ per atom; "
            "start from a crystal that `equilibrium` returns."
        )
    (x0,) = minima
    volume = reference * x0**-1.5
    return EquationOfState(
        volume=float(volume),
        energy=float(energy(x0)),
        bulk_modulus=float(4 / 9 * x0**2 * curvature(x0) / volume * EV_A3),
        bulk_modulus_derivative=float(4 + 2 / 3 * x0 * third(x0) / curvature(x0)),
        rms_residual=float(np.sqrt(np.mean((energy(x) - energies) ** 2))),
        volumes=volumes,
        energies=energies,
    )


def _scan(potential: Potential, crystal: Crystal) -> float:
    """The lattice parameter of least energy on a coarse grid, one batch."""
    grid = crystal.guess() * np.linspace(0.8, 1.3, 21)
    energies = potential.evaluate([crystal.build(crystal.lengths(a)) for a in grid]).energies
    minima = [k for k in range(1, len(grid) - 1) if energies[k] < min(energies[k - 1], energies[k + 1])]
    if not minima:
        raise NotConverged(
            f"{crystal.species} {crystal.kind.ase_name} with potential {potential.name!r} has no energy minimum "
            f"for a between {grid[0]:.3g} and {grid[-1]:.3g} Å; give a guess of a."
        )
    return float(grid[min(minima, key=lambda k: energies[k])])


def _stress_and_jacobian(
    potential: Potential, crystal: Crystal, logs: FloatArray
) -> tuple[FloatArray, FloatArray, float]:
    """Stress conjugate to each length's logarithm, its derivatives, and the largest component; eV/Å³."""
    n = len(logs)
    steps = STRAIN_STEP * np.vstack([np.zeros((1, n)), np.eye(n), -np.eye(n)])
    found = potential.evaluate([crystal.build(np.exp(logs + step)) for step in steps]).stresses
    if np.isnan(found).any():
        raise InputError(f"Potential {potential.name!r} gives no stress, which a relaxed cell needs.")
    normal = np.diagonal(found, axis1=1, axis2=2)
    stress = normal.mean(1)[:, None] if n == 1 else np.stack([normal[:, :2].mean(1), normal[:, 2]], 1)
    jacobian = (stress[1 : n + 1] - stress[n + 1 :]).T / (2 * STRAIN_STEP)
    return stress[0], jacobian, float(np.abs(found[0]).max())


def _scaled(atoms: Atoms, factor: float) -> Atoms:
    scaled = atoms.copy()
    scaled.set_cell(atoms.cell.array * factor, scale_atoms=True)
    return scaled
