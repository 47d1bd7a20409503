"""How large the buffer must be: the force error in the core against the buffer's radius."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coupling.contracts import FloatArray, Potential, Structure
from coupling.embedding.cluster import Cluster, Termination, checked_indices
from coupling.embedding.neighbours import IntArray
from coupling.embedding.terms import Region, clusters_of
from coupling.embedding.totals import NEUTRAL, TotalCharges, evaluated
from coupling.errors import InputError, NotConverged


@dataclass(frozen=True)
class BufferTable:
    """Largest error of a core force for each buffer.

    Attributes:
        radius: (n,) rising buffer radii, Å.
        atoms: (n,) atoms of the cluster, link atoms included.
        difference: (n,) error of low(all) + high(cluster) - low(cluster), eV/Å: the energy-based scheme, and
            force mixing by differences.
        abrupt: (n,) error of high(cluster) alone, eV/Å.
        cheap: Error of the cheap model alone, eV/Å.
        noise: Error below which the data are noise, eV/Å: the decay is fitted above it.
        clusters: The clusters.
    """

    radius: FloatArray
    atoms: IntArray
    difference: FloatArray
    abrupt: FloatArray
    cheap: float
    noise: float
    clusters: tuple[Cluster, ...]

    def buffer_for(self, error: float, scheme: str = "difference") -> float:
        """The smallest buffer from which on every tabulated error is below `error` eV/Å.

        Raises:
            NotConverged: the largest buffer still errs by more.
        """
        errors = getattr(self, scheme)
        above = np.flatnonzero(errors > error)
        first = above[-1] + 1 if len(above) else 0
        if first == len(errors):
            raise NotConverged(
                f"A buffer of {self.radius[-1]:g} Å still errs by {errors[-1]:.3g} eV/Å, "
                f"more than {error:g}; give larger radii."
            )
        return float(self.radius[first])

    def decay_length(self, scheme: str = "difference") -> float:
        """λ of error ∝ exp(-R/λ), Å, by least squares on the logarithms above the noise.

        Raises:
            NotConverged: fewer than two errors are above the noise, or they do not fall.
        """
        errors = getattr(self, scheme)
        good = errors > self.noise
        slope = np.polyfit(self.radius[good], np.log(errors[good]), 1)[0] if good.sum() > 1 else 0.0
        if not slope < 0:
            raise NotConverged(
                "The force errors do not fall with the buffer, so that no decay length is found; give larger radii."
            )
        return float(-1 / slope)


def buffer_table(
    low: Potential,
    high: Potential,
    structure: Structure,
    core: Sequence[int],
    radii: Sequence[float],
    termination: Termination,
    *,
    reference: FloatArray | None = None,
    noise: float = 1e-10,
    totals: TotalCharges = NEUTRAL,
) -> BufferTable:
    """Force errors in the core for rising buffers.

    Args:
        low: The cheap potential.
        high: The accurate potential.
        structure: The whole.
        core: Atoms whose forces count.
        radii: Rising buffer radii, Å.
        termination: How clusters end.
        reference: (N, 3) the accurate model's forces on the whole, eV/Å, or `cluster_forces`; None computes the former.
        noise: eV/Å, error that the accurate model's own convergence leaves.
        totals: Total charges; the region is called "core".

    Raises:
        InputError: the radii do not rise, or the core cannot be used.
    """
    distances = np.asarray(radii, dtype=float)
    if len(distances) < 2 or not (np.diff(distances) > 0).all():
        raise InputError(f"Buffer radii {distances.tolist()} must rise, and be at least two.")
    atoms = checked_indices(np.asarray(core), len(structure.numbers), "core")
    clusters = tuple(clusters_of(structure, [Region("core", atoms, float(r))], termination)[0] for r in distances)
    pieces = [cluster.cut(structure) for cluster in clusters]
    given = [totals.of(["core"], [cluster], len(structure.numbers)) for cluster in clusters]
    charges, total = [own for _, (own,) in given], given[0][0]
    cheap = evaluated(low, [structure, *pieces], [total, *charges], needed=False)
    whole = [structure] if reference is None else []
    accurate = evaluated(high, [*whole, *pieces], [total] * len(whole) + charges, needed=True).forces
    exact = (accurate[0] if reference is None else np.asarray(reference))[atoms]
    accurate = accurate[len(whole) :]
    rows = [np.searchsorted(cluster.atoms, atoms) for cluster in clusters]
    strict = [f[row] for f, row in zip(accurate, rows, strict=True)]
    mixed = [cheap.forces[0][atoms] + f - cheap.forces[k + 1][rows[k]] for k, f in enumerate(strict)]
    sizes = np.array([len(piece) for piece in pieces])
    return BufferTable(
        distances, sizes, np.array([_worst(f, exact) for f in mixed]), np.array([_worst(f, exact) for f in strict]),
        _worst(cheap.forces[0][atoms], exact), noise, clusters,
    )  # fmt: skip


def cluster_forces(
    low: Potential, high: Potential, structure: Structure, core: IntArray, radius: float, termination: Termination,
    totals: TotalCharges = NEUTRAL,
) -> FloatArray:  # fmt: skip
    """Forces of low(all) + high(cluster) - low(cluster) on a core: a reference where the whole is too large.

    Args:
        low: The cheap potential.
        high: The accurate potential.
        structure: The whole.
        core: (n,) atoms whose forces count.
        radius: Of the buffer around them, Å.
        termination: How the cluster ends.
        totals: Total charges; the region is called "core".

    Returns:
        (N, 3) eV/Å, nothing on atoms beyond the core.

    Raises:
        InputError: the core cannot be used.
    """
    cluster = clusters_of(structure, [Region("core", core, radius)], termination)[0]
    piece = cluster.cut(structure)
    total, (own,) = totals.of(["core"], [cluster], len(structure.numbers))
    accurate = evaluated(high, [piece], [own], needed=True)
    cheap, whole = (evaluated(low, [one], [charge], needed=False) for one, charge in ((piece, own), (structure, total)))
    rows, forces = np.searchsorted(cluster.atoms, core), np.zeros((len(structure.numbers), 3))
    forces[core] = whole.forces[0][core] + accurate.forces[0][rows] - cheap.forces[0][rows]
    return forces


def _worst(forces: FloatArray, exact: FloatArray) -> float:
    """Largest length of a difference of forces."""
    return float(np.linalg.norm(np.asarray(forces) - exact, axis=1).max())
