"""CHGNet, the charge-informed universal potential; its weights are in its wheel."""

import contextlib
import inspect
import io
from pathlib import Path

from atomistic.potentials.devices import resolve_device
from atomistic.potentials.entry import PotentialEntry
from atomistic.potentials.fingerprint import fingerprint
from atomistic.potentials.serial import SerialPotential
from coupling.errors import InputError

ENTRIES = (
    PotentialEntry(
        "chgnet", "chgnet", "CHGNet, MPtrj, 89 elements, charge-informed",
        "atomistic.potentials.chgnet:load", ("chgnet",), "chgnet", place=10,
    ),
)  # fmt: skip

CUTOFF = 6.0
"""Å, of the atom graph (Deng et al., Nat. Mach. Intell. 5 (2023) 1031)."""


def load(name: str, device: str, dtype: str | None) -> SerialPotential:
    """CHGNet through its ASE calculator.

    Args:
        name: "chgnet".
        device: "auto", "cpu", "cuda" or "cuda:N".
        dtype: None or "float32".
    """
    if dtype == "float64":
        raise InputError("Potential 'chgnet' computes in float32 alone; leave dtype out.")
    from chgnet.model.dynamics import CHGNetCalculator

    with contextlib.redirect_stdout(io.StringIO()):  # it announces its version on loading
        place = resolve_device(device)
        calculator = CHGNetCalculator(use_device=place, return_site_energies=True)
    weights = Path(inspect.getfile(CHGNetCalculator)).parents[1] / "pretrained"
    identity = fingerprint("chgnet", "default", {"weights": weights}, ("chgnet", "torch"), code=(CHGNetCalculator,))
    return SerialPotential(
        name, frozenset(range(1, 95)), CUTOFF, identity, calculator, vacuum=2 * CUTOFF, dtype="float32",
        interaction_range=CUTOFF * len(calculator.model.atom_conv_layers),
        devices=("cpu", "cuda") if place == "cpu" else ("cuda", "cpu"),
    )  # fmt: skip
