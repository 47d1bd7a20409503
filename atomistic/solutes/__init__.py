"""Solute atoms: their sites, their energies there, and how many are where.

bulk = bulk_solution(potential, crystal, "H", "interstitial")
mu = bulk.chemical_potential(1e-4, 300.0)
"""

from atomistic.solutes.interactions import PairEnergies, pair_energies
from atomistic.solutes.isotherms import Fowler, langmuir_mclean
from atomistic.solutes.lattice_gas import AtomsModel, LatticeGas, exact_occupation, lattice_gas
from atomistic.solutes.monte_carlo import SampledOccupation, Walkers, sample, start
from atomistic.solutes.placing import boundary_sites, fill_cell, fill_interface, with_solute
from atomistic.solutes.reservoir import Reference, molecule
from atomistic.solutes.segregation import Place, Segregation, boundary_place, segregation, surface_place
from atomistic.solutes.sites import Sites, find_sites
from atomistic.solutes.spectrum import Relaxing, Spectrum, bulk_solution, spectrum

__all__ = [
    "AtomsModel",
    "Fowler",
    "LatticeGas",
    "PairEnergies",
    "Place",
    "Reference",
    "Relaxing",
    "SampledOccupation",
    "Segregation",
    "Sites",
    "Spectrum",
    "Walkers",
    "boundary_place",
    "boundary_sites",
    "bulk_solution",
    "exact_occupation",
    "fill_cell",
    "fill_interface",
    "find_sites",
    "langmuir_mclean",
    "lattice_gas",
    "molecule",
    "pair_energies",
    "sample",
    "segregation",
    "spectrum",
    "start",
    "surface_place",
    "with_solute",
]
