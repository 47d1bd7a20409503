"""The serial engine: any ASE calculator, one structure after another."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator

from atomistic.potentials.answers import finite
from atomistic.potentials.inputs import checked, has_volume, place_of
from atomistic.potentials.metering import Meter
from atomistic.potentials.neighbours import boxed_cell, effective_cell
from atomistic.potentials.workers.served import ask
from coupling.capabilities import require_asked
from coupling.contracts import Capabilities, Cost, Evaluation, FloatArray, Structure
from coupling.errors import foreign

Answer = tuple[float, FloatArray, FloatArray, FloatArray | None]
"""Energy, forces, stress and site energies of one structure."""


@dataclass
class SerialPotential:
    """A `Potential` made of an ASE calculator.

    Attributes:
        name: As listed by `multiscale potentials`.
        elements: Atomic numbers that it knows.
        cutoff: Range of one interaction, Å; infinite where the calculator does not say.
        fingerprint: Hash of all that determines its numbers.
        calculator: The ASE calculator; it is this object's own.
        needs_cell: The calculator wants three cell vectors even where nothing is periodic.
        vacuum: For a calculator that takes every cell as periodic: Å of vacuum put along directions
            without periodicity; None for any other.
        dtype: "float32" or "float64": its arithmetic.
        interaction_range: Distance beyond which no atom changes a site's energy, Å; infinite where it is not known.
        devices: Where it can run; first where it does.
    """

    name: str
    elements: frozenset[int]
    cutoff: float
    fingerprint: str
    calculator: Calculator
    needs_cell: bool = False
    vacuum: float | None = None
    dtype: str = "float64"
    interaction_range: float = math.inf
    devices: tuple[str, ...] = ("cpu",)

    @property
    def capabilities(self) -> Capabilities:
        """What it offers besides energies and forces, as far as the calculator says so."""
        known = self.calculator.implemented_properties
        return Capabilities(
            self.interaction_range, stress="stress" in known, site_energies="energies" in known,
            devices=self.devices, dtypes=(self.dtype,),
        )  # fmt: skip

    def evaluate(
        self, structures: Sequence[Structure], *, site_energies: bool = False, features: bool = False
    ) -> Evaluation:
        """Evaluate all structures; see `coupling.contracts.Potential`.

        Raises:
            InputError: a structure cannot be evaluated, or the calculator has no site energies
                or features and they are asked for.
            ForeignError: the calculator failed.
            NotFinite: its energy or a force is not a number.
        """
        require_asked(self, site_energies, features)
        atoms = self._checked(structures)
        with Meter() as meter, foreign(f"calculator {self.name!r}"):
            rows = [self._one(one, site_energies, place_of(index, len(atoms))) for index, one in enumerate(atoms)]
        energies, forces, stresses, sites = zip(*rows, strict=True)
        found = Evaluation(
            energies=np.array(energies),
            forces=forces,
            stresses=np.array(stresses),
            cost=Cost(len(atoms), sum(map(len, atoms)), len(atoms), meter.seconds, meter.peak_memory_bytes),
            site_energies=sites if site_energies else None,
        )
        return finite(found, atoms, self.name)

    def as_ase(self) -> Calculator:
        """An ASE calculator of this potential, for other tools."""
        from atomistic.potentials.as_ase import PotentialCalculator

        return PotentialCalculator(self)

    def _checked(self, structures: Sequence[Structure]) -> list[Atoms]:
        return checked(structures, self.elements, self.name)

    def _one(self, atoms: Atoms, sites: bool, where: str) -> Answer:
        volume = atoms.get_volume() if has_volume(atoms) else 0.0
        if self.vacuum is not None:
            atoms.cell = boxed_cell(atoms, self.vacuum)
        elif self.needs_cell and not volume:
            atoms.cell = effective_cell(atoms.cell.array, atoms.pbc)
        found = ask(self.calculator, atoms, stress=volume > 0 and self.capabilities.stress, sites=sites)
        stress = found["stress"] * (atoms.get_volume() / volume) if "stress" in found else np.full((3, 3), np.nan)
        return float(found["energy"]), found["forces"], stress, found.get("sites")
