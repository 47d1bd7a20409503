"""Titanium nitride on magnesium oxide (001) with a quarter of the oxygen, or of the nitrogen, missing at the interface, 7net-0.

    python examples/vacancy_tin_mgo/script.py

A vacancy that the free surfaces hold at less energy than the closed interface does lowers the work of separation (Rice and Wang).
"""

from typing import NamedTuple

import numpy as np
from ase import Atoms

from atomistic import load_potential
from atomistic.decohesion.bicrystal import Bicrystal, bicrystal
from atomistic.decohesion.coincidence import match_lattices
from atomistic.decohesion.hetero import close, hetero_interface
from atomistic.decohesion.slab import cleavage_slab, conventional_cell
from atomistic.properties.bulk import equilibrium
from atomistic.relax import relax
from coupling.contracts import Potential
from coupling.units import EV_A2

REPEATS = (2, 2)
APART, FORCE = 8.0, 0.02  # Å, eV/Å


class Separation(NamedTuple):
    """Work of separation in J/m² without a vacancy, and with one of oxygen and of nitrogen at each interface."""

    clean: float
    oxygen: float
    nitrogen: float


def interface(potential: Potential, layers: int = 4) -> Bicrystal:
    """The periodic cell of both crystals, TiN strained to MgO."""
    slabs = []
    for species in ("TiN", "MgO"):
        crystal = equilibrium(potential, species, "rocksalt")
        slabs.append(cleavage_slab(crystal, (0, 0, 1), layers, conventional=conventional_cell(crystal)))
    upper, lower = slabs
    match = match_lattices(upper, lower, strain="upper")
    return bicrystal(potential, close(potential, hetero_interface(upper, lower, match, strain="upper")))


def with_vacancy(cell: Bicrystal, element: str | None, repeats: tuple[int, int] = REPEATS) -> list[Atoms]:
    """Closed and open, repeated in its plane; of the element the atoms nearest to both interfaces are taken out, one at each."""
    body, faces = (0, (0, -1)) if element == "O" else (1, (0, -1))
    out = []
    for face in faces if element else ():
        plane = cell.faces[body][face]
        out += [int(k) for k in plane if cell.atoms[int(k)].symbol == element][:1]
    structures = []
    for opening in (0.0, APART):
        one = cell.opened(opening).repeat((*repeats, 1))
        del one[out]  # the first image of each
        structures.append(one)
    return structures


def main(name: str = "7net-0", layers: int = 4, repeats: tuple[int, int] = REPEATS, **options: object) -> Separation:
    """Works of separation, atoms relaxed closed and apart, the cell held."""
    potential = load_potential(name, **options)
    cell = interface(potential, layers)
    structures = [one for element in (None, "O", "N") for one in with_vacancy(cell, element, repeats)]
    energies = relax(potential, structures, force=FORCE, steps=300).energies.reshape(-1, 2)
    area = 2 * cell.area * repeats[0] * repeats[1]  # of both interfaces
    return Separation(*map(float, np.diff(energies)[:, 0] / area * EV_A2))


if __name__ == "__main__":
    import sys

    found = main()
    for key, value in found._asdict().items():
        sys.stdout.write(f"{key}: {value:.3f} J/m²\n")
