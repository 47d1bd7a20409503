"""Sliding of an interface: paths at fixed or relaxed gap, and the grid of a mixed-mode potential."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from atomistic.decohesion.rigid_path import evaluated
from atomistic.decohesion.slab import Openable
from coupling.contracts import FloatArray, Potential, Progress, silent
from coupling.errors import InputError, NotConverged, unknown_choice

_SWEEPS = 40
_FREE = 1e-5  # eV/Å³: normal traction that counts as none


@dataclass(frozen=True)
class SlipSamples:
    """Rigid bodies slid over each other; atomistic units.

    Attributes:
        slip: (n, 2) along x and y, Å.
        opening: (n,) beyond the closed gap, Å.
        energy: (n,) per area, relative to no slip and no opening, eV/Å².
        traction: (n, 3) along x, y, z, eV/Å³.
    """

    slip: FloatArray
    opening: FloatArray
    energy: FloatArray
    traction: FloatArray


@dataclass(frozen=True)
class SlipGrid:
    """Energies over opening and one period of slip; atomistic units.

    Attributes:
        opening: (n,) Å.
        period: (2, 2) rows are the in-plane lattice vectors in x, y, Å.
        energy: (n, n1, n2) per area at slips (i/n1) a + (j/n2) b, eV/Å².
        traction: (n, n1, n2) normal traction, eV/Å³.
        shear_traction: (n, n1, n2, 2) along x and y, eV/Å³; None when not kept.
        bridged: (m, 3) jumps of the grid without a relaxed equilibrium, normal, x, y, Å; None: not relaxed.
    """

    opening: FloatArray
    period: FloatArray
    energy: FloatArray
    traction: FloatArray
    shear_traction: FloatArray | None = None
    bridged: FloatArray | None = None


def slip_path(
    potential: Potential,
    slab: Openable,
    slips: FloatArray,
    *,
    gap: Literal["fixed", "relaxed"] = "relaxed",
    progress: Progress = silent,
) -> SlipSamples:
    """Slide rigid bodies; with a relaxed gap the normal traction vanishes (the γ-surface's convention).

    Args:
        potential: The interatomic potential.
        slab: The closed interface.
        slips: (n, 2) Å.
        gap: Keep the closed gap, or relax it at every slip.
        progress: Told after each sweep.

    Raises:
        InputError: `gap` is neither of the two.
        NotConverged: some gap did not relax.
    """
    if gap not in ("fixed", "relaxed"):
        raise unknown_choice("gap", gap, ("fixed", "relaxed"))
    slips = np.asarray(slips, dtype=float).reshape(-1, 2)
    openings = np.zeros(len(slips))
    energy, traction = _evaluate(potential, slab, openings, slips)
    if gap == "relaxed":
        openings, energy, traction = _relaxed(potential, slab, slips, energy, traction, progress)
    reference = potential.evaluate([slab.opened(0.0)]).energies[0]
    return SlipSamples(slips, openings, (energy - reference) / slab.area, traction)


def _relaxed(
    potential: Potential,
    slab: Openable,
    slips: FloatArray,
    energy: FloatArray,
    traction: FloatArray,
    progress: Progress,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Secant iterations on every opening at once, from a common first step."""
    before, at_before = np.zeros(len(slips)), traction[:, 2].copy()
    openings = before + np.where(at_before < 0, 0.05, -0.02)
    energy, traction = _evaluate(potential, slab, openings, slips)
    for _ in range(_SWEEPS):
        now = traction[:, 2]
        active = np.abs(now) > _FREE
        progress("relaxed gaps", int((~active).sum()), len(slips))
        if not active.any():
            return openings, energy, traction
        slope = (now - at_before) / np.where(openings == before, 1.0, openings - before)
        step = np.where(slope > 1e-6, -now / np.where(slope > 1e-6, slope, 1.0), -np.sign(now) * 0.05)
        before[active], at_before[active] = openings[active], now[active]
        openings[active] += np.clip(step[active], -0.15, 0.15)
        chosen = np.flatnonzero(active)
        energy[chosen], traction[chosen] = _evaluate(potential, slab, openings[chosen], slips[chosen])
    raise NotConverged(f"{active.sum()} of {len(slips)} gaps did not relax in {_SWEEPS} sweeps; use smaller slips.")


def slip_grid(
    potential: Potential,
    slab: Openable,
    openings: FloatArray,
    period: FloatArray,
    *,
    divisions: tuple[int, int] = (6, 6),
    progress: Progress = silent,
) -> SlipGrid:
    """Energies of all openings and of a grid of slips over one period, in batches.

    Args:
        potential: The interatomic potential.
        slab: The closed interface.
        openings: (n,) Å, among them 0.
        period: (2, 2) Å, the in-plane lattice vectors.
        divisions: Slips along the two vectors.
        progress: Told after each batch.

    Raises:
        InputError: a division under 2.
    """
    if min(divisions) < 2:
        raise InputError(f"A slip grid of {divisions[0]}×{divisions[1]} has no period; use 4 or more each way.")
    period = np.asarray(period, dtype=float)[:, :2]
    fractions = np.array(
        [(i / divisions[0], j / divisions[1]) for i in range(divisions[0]) for j in range(divisions[1])]
    )
    slips = np.tile(fractions @ period, (len(openings), 1))
    heights = np.repeat(np.asarray(openings, dtype=float), len(fractions))
    energy, traction = _evaluate(potential, slab, heights, slips, progress)
    reference = potential.evaluate([slab.opened(0.0)]).energies[0]
    shape = (len(openings), *divisions)
    return SlipGrid(
        np.asarray(openings, dtype=float),
        period,
        ((energy - reference) / slab.area).reshape(shape),
        traction[:, 2].reshape(shape),
        traction[:, :2].reshape(*shape, 2),
    )


def _evaluate(
    potential: Potential, slab: Openable, openings: FloatArray, slips: FloatArray, progress: Progress = silent
) -> tuple[FloatArray, FloatArray]:
    """Energies (n,) and tractions (n, 3) of opened and slipped structures."""
    structures = [slab.opened(d, (s[0], s[1])) for d, s in zip(openings, slips, strict=True)]
    return evaluated(potential, slab, structures, "slips", progress)
