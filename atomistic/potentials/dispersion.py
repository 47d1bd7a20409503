"""Dispersion that a potential lacks: Grimme's D3, through the s-dftd3 library."""

from atomistic.potentials.devices import require_cpu
from atomistic.potentials.entry import PotentialEntry
from atomistic.potentials.fingerprint import fingerprint
from atomistic.potentials.serial import SerialPotential
from coupling.errors import InputError, unknown_choice

ENTRIES = (
    PotentialEntry(
        "d3", "prior", "D3 dispersion, a term of a sum; takes method (functional) and damping",
        "atomistic.potentials.dispersion:load", ("dftd3",), "d3", place=70,
    ),
)  # fmt: skip

DAMPINGS = ("d3bj", "d3zero")


def load(name: str, device: str, dtype: str | None, *, method: str = "PBE", damping: str = "d3bj") -> SerialPotential:
    """D3 dispersion with the damping of a functional (Grimme et al., J. Comput. Chem. 32 (2011) 1456).

    Args:
        name: "d3".
        device: "auto" or "cpu".
        dtype: None or "float64".
        method: The functional whose energies it is added to.
        damping: One of `DAMPINGS`.

    Raises:
        InputError: the functional or the damping is unknown, or the device or dtype is not valid.
    """
    from dftd3.ase import DFTD3
    from dftd3.interface import RationalDampingParam, ZeroDampingParam

    require_cpu(device, name)
    if dtype == "float32":
        raise InputError(f"Potential {name!r} computes in float64 alone; leave dtype out.")
    if damping not in DAMPINGS:
        raise unknown_choice("damping of D3", damping, DAMPINGS)
    try:
        {"d3bj": RationalDampingParam, "d3zero": ZeroDampingParam}[damping](method=method)
    except RuntimeError as error:
        raise InputError(
            f"D3 has no parameters for {method!r} with damping {damping!r}; take PBE, PBEsol, RPBE, SCAN, …"
        ) from error
    options = {"method": method, "damping": damping}
    identity = fingerprint("d3", "s-dftd3", options, ("dftd3",), code=(DFTD3,))
    calculator = DFTD3(**options)
    return SerialPotential(name, frozenset(range(1, 104)), float("inf"), identity, calculator)
