"""Tight binding (xTB) through tblite: GFN2-xTB and GFN1-xTB."""

from dataclasses import dataclass, field, replace

from atomistic.potentials.devices import require_cpu
from atomistic.potentials.entry import PotentialEntry
from atomistic.potentials.fingerprint import fingerprint
from atomistic.potentials.serial import SerialPotential
from coupling.contracts import Capabilities
from coupling.errors import InputError

ENTRIES = (
    PotentialEntry(
        "gfn2-xtb", "tblite", "GFN2-xTB tight binding, 86 elements; molecules and large cells (Γ point)",
        "atomistic.potentials.tblite:load", ("tblite",), "tblite", place=20,
    ),
    PotentialEntry(
        "gfn1-xtb", "tblite", "GFN1-xTB tight binding, 86 elements; molecules and large cells (Γ point)",
        "atomistic.potentials.tblite:load", ("tblite",), "tblite", place=20,
    ),
)  # fmt: skip

METHODS = {"gfn2-xtb": "GFN2-xTB", "gfn1-xtb": "GFN1-xTB"}


@dataclass
class TightBinding(SerialPotential):
    """xTB of structures with a total charge.

    Attributes:
        accuracy: Of the self-consistent charges.
        charge: Of the structures, e.
    """

    accuracy: float = 0.01
    charge: int = 0
    _ions: "dict[int, TightBinding]" = field(default_factory=dict, repr=False)

    @property
    def capabilities(self) -> Capabilities:
        """Those of the calculator, and any total charge."""
        return replace(super().capabilities, total_charge=True)

    def with_charge(self, charge: int) -> "TightBinding":
        """The same method for structures with a total charge; see `coupling.capabilities.IonPotential`."""
        if charge == self.charge:
            return self
        if charge not in self._ions:
            self._ions[charge] = _made(self.name, self.accuracy, charge)
        return self._ions[charge]


def load(name: str, device: str, dtype: str | None, *, accuracy: float = 0.01) -> TightBinding:
    """Extended tight binding (Bannwarth, Ehlert, Grimme, J. Chem. Theory Comput. 15 (2019) 1652).

    Periodic structures are computed at the Γ point alone: make their cells large.

    Args:
        name: A key of `METHODS`.
        device: "auto" or "cpu".
        dtype: None or "float64".
        accuracy: Of the self-consistent charges, tblite's own scale: 1 is its default, smaller is tighter.

    Raises:
        InputError: the device, the dtype or the accuracy is not valid.
    """
    require_cpu(device, name)
    if dtype == "float32":
        raise InputError(f"Potential {name!r} computes in float64 alone; leave dtype out.")
    if not accuracy > 0:
        raise InputError(f"An accuracy of {accuracy} is not positive; tblite's default is 1, smaller is tighter.")
    return _made(name, accuracy, 0)


def _made(name: str, accuracy: float, charge: int) -> TightBinding:
    from tblite.ase import TBLite

    method, total = METHODS[name.lower()], {"charge": charge} if charge else {}
    calculator = TBLite(method=method, accuracy=accuracy, verbosity=0, **total)
    identity = fingerprint("tblite", method, {"accuracy": accuracy} | total, ("tblite",), code=(TBLite,))
    return TightBinding(
        name, frozenset(range(1, 87)), float("inf"), identity, calculator, accuracy=accuracy, charge=charge
    )
