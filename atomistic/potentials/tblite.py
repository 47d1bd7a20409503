"""Tight binding (xTB) through tblite: GFN2-xTB and GFN1-xTB."""

from atomistic.potentials.devices import require_cpu
from atomistic.potentials.entry import PotentialEntry
from atomistic.potentials.fingerprint import fingerprint
from atomistic.potentials.serial import SerialPotential
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


def load(name: str, device: str, dtype: str | None, *, accuracy: float = 0.01) -> SerialPotential:
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
    from tblite.ase import TBLite

    require_cpu(device, name)
    if dtype == "float32":
        raise InputError(f"Potential {name!r} computes in float64 alone; leave dtype out.")
    if not accuracy > 0:
        raise InputError(f"An accuracy of {accuracy} is not positive; tblite's default is 1, smaller is tighter.")
    method = METHODS[name.lower()]
    calculator = TBLite(method=method, accuracy=accuracy, verbosity=0)
    identity = fingerprint("tblite", method, {"accuracy": accuracy}, ("tblite",), code=(TBLite,))
    return SerialPotential(name, frozenset(range(1, 87)), float("inf"), identity, calculator)
