"""Surface energies of any lattice planes, rigid and relaxed, all in one batch."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms

from atomistic.decohesion.slab import cleavage_slab
from atomistic.properties.measurement import Measurement
from atomistic.relax import relax
from coupling.contracts import Cost, FloatArray, Potential, Progress, silent
from coupling.errors import InputError
from coupling.units import EV_A2

THICKNESS = 12.0
"""Å: least thickness of the thin slab."""


@dataclass(frozen=True)
class SurfaceEnergy:
    """Energy of one lattice plane's surface, J/m².

    Attributes:
        miller: The plane.
        rigid: Of the cut crystal, its atoms at their bulk sites.
        relaxed: Of the relaxed surface, without reconstruction; None when not asked for.
        planes: Atomic planes of the thin and of the thick slab.
        cost: What all planes of the call took.
    """

    miller: tuple[int, int, int]
    rigid: Measurement
    relaxed: Measurement | None
    planes: tuple[int, int]
    cost: Cost


def surface_energies(
    potential: Potential,
    bulk: Atoms,
    planes: Sequence[tuple[int, int, int]],
    *,
    conventional: FloatArray | None = None,
    thickness: float = THICKNESS,
    vacuum: float | None = None,
    relaxed: bool = True,
    force: float = 0.02,
    progress: Progress = silent,
) -> list[SurfaceEnergy]:
    """γ = (E_slab - E_bulk)/2A from slabs of two thicknesses, E_bulk that of the same cell closed.

    The crystal is cut where its planes are farthest apart. The value is the thick slab's, the error its
    difference from the thin slab.

    Args:
        potential: The potential.
        bulk: The crystal at its equilibrium.
        planes: Miller indices in the basis `conventional`.
        conventional: (3, 3) Å; by default the cell of `bulk`.
        thickness: Of the thin slab, Å; the thick one is half as thick again.
        vacuum: Å; by default three cutoffs, at most 20 Å.
        relaxed: Also relax the atoms.
        force: Largest force left by the relaxation, eV/Å.
        progress: Called after each step of the relaxation.

    Raises:
        InputError: there is no plane, or one is not a plane of the crystal.
        NotConverged: a surface does not relax.
    """
    if not planes:
        raise InputError("There is no plane to compute a surface energy of; give for example [(1, 1, 1)].")
    vacuum = min(3 * potential.cutoff, 20.0) if vacuum is None else vacuum
    slabs = []
    for miller in planes:
        first = cleavage_slab(bulk, miller, 2, conventional=conventional)
        density = first.planes / first.atoms.cell[2, 2]
        wanted = [max(2, int(np.ceil(density * t))) for t in (thickness, 1.5 * thickness)]
        thin = cleavage_slab(bulk, miller, wanted[0], conventional=conventional)
        thick = cleavage_slab(bulk, miller, max(wanted[1], thin.planes + 1), conventional=conventional)
        slabs += [thin, thick]
    opened = [slab.opened(vacuum) for slab in slabs]
    found = potential.evaluate([slab.atoms for slab in slabs] + opened)
    cost, (closed, cut) = found.cost, np.split(found.energies, 2)
    areas = np.array([slab.area for slab in slabs])
    rigid, soft = (cut - closed) / (2 * areas) * EV_A2, None
    if relaxed:
        end = relax(potential, opened, force=force, progress=progress)
        cost, soft = cost + end.cost, (end.energies - closed) / (2 * areas) * EV_A2
    return [
        SurfaceEnergy(
            (miller[0], miller[1], miller[2]),
            _measured(rigid[2 * k : 2 * k + 2]),
            None if soft is None else _measured(soft[2 * k : 2 * k + 2]),
            (slabs[2 * k].planes, slabs[2 * k + 1].planes),
            cost,
        )
        for k, miller in enumerate(planes)
    ]


def _measured(values: FloatArray) -> Measurement:
    return Measurement(float(values[1]), "J/m^2", float(abs(values[1] - values[0])), "a thinner slab")
