"""PySCF as an ASE calculator: molecules, also among point charges, and periodic cells."""

from typing import Any, ClassVar

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from ase.units import Bohr, Hartree

from coupling.errors import InputError


class PySCF(Calculator):
    """Hartree-Fock or Kohn-Sham with analytic gradients; all three directions periodic, or none.

    Args:
        xc: A functional of PySCF, or "hf".
        basis: A basis set of PySCF; periodic cells need one for `pseudo`, such as "gth-dzvp".
        pseudo: Pseudopotential of periodic cells.
        charge: Total charge, e.
        spin: Unpaired electrons; None is 0 for an even number of electrons and 1 for an odd one.
        kpts: k-points along each direction of a periodic cell.
        conv_tol: Of the energy, Hartree.
        max_cycle: Iterations of self-consistency.
        level_shift: Hartree, added to the empty orbitals.
        damp: Fraction of the old Fock matrix.
        newton: Second-order self-consistency.
    """

    implemented_properties: ClassVar[list[str]] = ["energy", "forces"]

    def __init__(
        self, *, xc: str = "pbe", basis: str = "def2-svp", pseudo: str = "gth-pbe", charge: int = 0,
        spin: int | None = None, kpts: tuple[int, int, int] = (1, 1, 1), conv_tol: float = 1e-10, max_cycle: int = 100,
        level_shift: float = 0.0, damp: float = 0.0, newton: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        self.xc, self.basis, self.pseudo, self.kpts = xc, basis, pseudo, tuple(kpts)
        self.charge, self.spin, self.newton = charge, spin, newton
        self.settings = {"conv_tol": conv_tol, "max_cycle": max_cycle, "level_shift": level_shift, "damp": damp}
        self.point_charges: tuple[np.ndarray, np.ndarray] | None = None
        self.charge_forces: np.ndarray | None = None

    def set_point_charges(self, charges: np.ndarray, places: np.ndarray) -> None:
        """Put charges (Q,), e, at places (Q, 3), Å, from now on."""
        self.point_charges = (charges, places)
        self.reset()

    def calculate(self, atoms: Atoms | None = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        """Fill `results`, and `charge_forces` where there are point charges.

        Raises:
            InputError: the atoms are periodic in some directions only, or periodic among point charges.
            ArithmeticError: self-consistency was not reached.
        """
        super().calculate(atoms, properties, system_changes)
        periodic = bool(self.atoms.pbc.all())
        if self.atoms.pbc.any() and (not periodic or self.point_charges is not None):
            raise InputError("PySCF takes atoms that are periodic in all directions without point charges, or in none.")
        field = self._cell() if periodic else self._molecule()
        field.set(**self.settings)
        if self.newton:
            field = field.newton()
        energy = field.kernel()
        if not field.converged:
            raise ArithmeticError(f"self-consistency was not reached in {self.settings['max_cycle']} cycles")
        gradient = field.nuc_grad_method()
        forces = -np.array(gradient.kernel()) * Hartree / Bohr
        if self.point_charges is not None:
            density = field.make_rdm1()
            total = density if density.ndim == 2 else density.sum(axis=0)
            self.charge_forces = -(gradient.grad_hcore_mm(total) + gradient.grad_nuc_mm()) * Hartree / Bohr
        self.results = {"energy": float(energy) * Hartree, "forces": forces}

    def _geometry(self) -> dict[str, Any]:
        electrons = int(self.atoms.numbers.sum()) - self.charge
        spin = electrons % 2 if self.spin is None else self.spin
        sites = [
            (symbol, tuple(place))
            for symbol, place in zip(self.atoms.get_chemical_symbols(), self.atoms.positions, strict=True)
        ]
        return {
            "atom": sites,
            "basis": self.basis,
            "charge": self.charge,
            "spin": spin,
            "unit": "Angstrom",
            "verbose": 0,
        }

    def _molecule(self) -> Any:
        from pyscf import dft, gto, qmmm, scf

        molecule = gto.M(**self._geometry())
        if self.xc.lower() == "hf":
            field = scf.UHF(molecule) if molecule.spin else scf.RHF(molecule)
        else:
            field = (dft.UKS if molecule.spin else dft.RKS)(molecule, xc=self.xc)
        if self.point_charges is not None:
            charges, places = self.point_charges
            field = qmmm.mm_charge(field, places, charges, unit="Angstrom")
        return field

    def _cell(self) -> Any:
        from pyscf.pbc import dft, gto, scf

        cell = gto.Cell(**self._geometry(), a=self.atoms.cell.array, pseudo=self.pseudo)
        cell.build()
        kpts = cell.make_kpts(list(self.kpts))
        if self.xc.lower() == "hf":
            return (scf.KUHF if cell.spin else scf.KRHF)(cell, kpts)
        return (dft.KUKS if cell.spin else dft.KRKS)(cell, kpts, xc=self.xc)
