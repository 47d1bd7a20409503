"""Writes co_cu111.extxyz: carbon monoxide on top of an atom of copper (111)."""

from pathlib import Path

from ase.build import add_adsorbate, fcc111, molecule
from ase.io import write


def structure():
    """Four layers of 4 x 4 copper atoms, carbon down on one of the topmost."""
    slab = fcc111("Cu", (4, 4, 4), a=3.64, vacuum=10.0, orthogonal=True)
    add_adsorbate(slab, molecule("CO"), 1.85, "ontop", offset=(2, 1), mol_index=1)
    slab.pbc = (True, True, False)
    slab.info.clear()
    return slab


if __name__ == "__main__":
    write(Path(__file__).with_name("co_cu111.extxyz"), structure())
