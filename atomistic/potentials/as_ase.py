"""A potential seen as an ASE calculator."""

from typing import Any, ClassVar

from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from ase.stress import full_3x3_to_voigt_6_stress

from coupling.contracts import Potential


class PotentialCalculator(Calculator):
    """An ASE calculator that asks a `Potential`, one structure at a time.

    Args:
        potential: Any `coupling.contracts.Potential`.
    """

    implemented_properties: ClassVar[list[str]] = ["energy", "free_energy", "forces", "stress"]

    def __init__(self, potential: Potential) -> None:
        super().__init__()
        self.potential = potential

    def calculate(self, atoms: Atoms | None = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        """Fill `results`: eV, eV/Å, eV/Å³ (Voigt order xx yy zz yz xz xy)."""
        super().calculate(atoms, properties, system_changes)
        found = self.potential.evaluate([self.atoms])
        self.results = {
            "energy": float(found.energies[0]),
            "free_energy": float(found.energies[0]),
            "forces": found.forces[0],
            "stress": full_3x3_to_voigt_6_stress(found.stresses[0]),
        }
