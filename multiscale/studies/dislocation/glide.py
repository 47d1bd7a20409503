"""The drag on a gliding edge dislocation, at the lattice of each temperature."""

from typing import TYPE_CHECKING

import numpy as np

from coupling.contracts import FloatArray, Potential, Progress
from coupling.units import ANGSTROM
from multiscale.studies.dislocation.records import GlideDrag
from multiscale.studies.dislocation.schema import DragChoice

if TYPE_CHECKING:
    from ase import Atoms

    from atomistic.dislocation import SlipSystem


def glide_drag(
    choice: DragChoice, potential: Potential, bulk: "Atoms", stiffness: FloatArray, system: "SlipSystem", progress: Progress
) -> GlideDrag:  # fmt: skip
    """B by stress-driven dynamics in the quasi-harmonic lattice of each temperature.

    Args:
        choice: Temperatures, stresses, cell and length.
        potential: The potential.
        bulk: The static crystal.
        stiffness: (6, 6) its own, eV/Å³.
        system: The slip system.
        progress: Told after each stress.

    Raises:
        InputError: the cell has no room for the core.
        NotConverged: the line does not move along, or the dynamics broke down.
    """
    from atomistic.decohesion import heated
    from atomistic.dislocation import oriented
    from atomistic.dislocation.drag import Drag, GlideRun, drag
    from atomistic.dislocation.periodic_array import periodic_array

    found, atoms = list[Drag](), 0
    for temperature in choice.temperatures:
        warm = heated(potential, bulk, temperature, statistics="classical")
        crystal = oriented(warm, stiffness, system)
        array = periodic_array(crystal, choice.periods, choice.height / ANGSTROM, plate=potential.cutoff)
        run = GlideRun(choice.replicas, steps=choice.steps)
        found.append(drag(potential, array, choice.stresses, temperature, run, progress=progress))
        atoms = len(array.atoms)
    speeds = [[(glide.velocity.value, glide.velocity.error) for glide in one.glides] for one in found]
    velocity, error = np.moveaxis(np.array(speeds), -1, 0)
    coefficients = [one.coefficient for one in found]
    return GlideDrag(
        np.array(choice.temperatures), np.array([one.value for one in coefficients]),
        np.array([one.error for one in coefficients]), np.array([one.deviation for one in found]), np.array(choice.stresses),
        velocity, error, atoms,
    )  # fmt: skip
