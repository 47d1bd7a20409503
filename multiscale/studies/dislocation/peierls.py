"""Peierls barrier and stress as functions of a potential, for error bars by `atomistic.trust.propagate.propagate`."""

from typing import TYPE_CHECKING

from atomistic.dislocation.slip_plane import plane_prefactor, slip_plane_energies
from coupling.contracts import Potential
from coupling.units import ANGSTROM, EV, EV_A2, EV_A3
from coupling.upscale.peierls_nabarro import PeierlsNabarro
from coupling.upscale.periodic import GammaSurface

if TYPE_CHECKING:
    from atomistic.trust.propagate import Quantities


def peierls(
    species: str, structure: str, system: str, *, divisions: int = 12, rows: int = 160, points: int = 32
) -> "Quantities":
    """Peierls barrier (J/m) and stress (Pa), and the largest γ (J/m²), at the potential's own lattice and stiffness.

    By the semidiscrete Peierls-Nabarro model of `coupling.upscale.peierls_nabarro` on the potential's γ-surface: the
    core's atoms do not relax one by one, so that the bar is that of the model, with the core's own error left out.

    Args:
        species: Chemical symbol.
        structure: fcc, bcc or diamond.
        system: Slip system, as `atomistic.dislocation.slip_system` names it.
        divisions: Of the γ-surface, each way.
        rows: Atomic rows of the model.
        points: Positions of the core in one period.

    Raises:
        InputError: there is no such slip system.
    """
    from atomistic.dislocation import oriented, slip_system

    plane = slip_system(structure, system)

    def quantities(potential: Potential) -> dict[str, float]:
        from atomistic.properties.bulk import equilibrium
        from atomistic.properties.elastic import elastic_constants

        bulk = equilibrium(potential, species, structure)
        stiffness = elastic_constants(potential, bulk).stiffness_voigt / EV_A3
        crystal = oriented(bulk, stiffness, plane)
        lattice, energies = slip_plane_energies(potential, bulk, crystal, divisions)
        surface, prefactor = GammaSurface(lattice, energies), plane_prefactor(crystal.stroh.energy_tensor)
        model = PeierlsNabarro(surface, prefactor, crystal.burgers[[0, 2]], crystal.glide_period, rows)
        return {
            "peierls_barrier": model.path(points).barrier * EV / ANGSTROM,
            "peierls_stress": model.peierls_stress() * EV_A3,
            "gamma_largest": float(energies.max()) * EV_A2,
        }

    return quantities
