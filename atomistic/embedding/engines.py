"""Which quantum codes there are, how each is called, and what is tried when its self-consistency fails."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from coupling.errors import InputError, MissingBackend, unknown_choice

DISTRIBUTION = "multiscale-coupling"


@dataclass(frozen=True)
class Engine:
    """How a code is called.

    Attributes:
        name: What the user writes.
        calculator: "module:Class" of its ASE calculator.
        requires: Import names of what must be installed.
        extra: The extra of this distribution that brings it.
        libraries: Distributions whose versions determine its numbers.
        options: What it gets by default.
        safer: Options for the second, third, … attempt: slower ways to the same solution.
        charges: Whether it takes point charges.
        boxed: Whether each direction must be periodic or none: vacuum is put around.
        largest: Largest atomic number that it knows.
        stress: Whether periodic cells have one; None where its class is asked.
    """

    name: str
    calculator: str
    requires: tuple[str, ...] = ()
    extra: str = ""
    libraries: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    safer: tuple[Mapping[str, Any], ...] = ()
    charges: bool = False
    boxed: bool = False
    largest: int = 118
    stress: bool | None = None

    def gives_stress(self, options: Mapping[str, Any]) -> bool:
        """Whether periodic cells have a stress with these options.

        Of GPAW they have one with plane waves alone, whatever its class announces.
        """
        if self.name == "gpaw":
            return "pw" in repr(options.get("mode", "")).lower()
        if self.stress is not None:
            return self.stress
        module, _, name = self.calculator.partition(":")
        try:
            return "stress" in vars(import_module(module))[name].implemented_properties
        except Exception:  # what keeps it from being loaded, the first calculation says
            return False


def _xtb(method: str) -> Engine:
    return Engine(
        f"{method.lower()}-xtb", "tblite.ase:TBLite", ("tblite",), "tblite", ("tblite",),
        {"method": f"{method}-xTB", "verbosity": 0, "accuracy": 0.1},
        ({"mixer_damping": 0.1, "max_iterations": 1000, "cache_api": False},
         {"mixer_damping": 0.02, "max_iterations": 4000, "cache_api": False}),
        boxed=True, largest=86, stress=True,
    )  # fmt: skip


ENGINES = {
    engine.name: engine
    for engine in (
        _xtb("GFN1"),
        _xtb("GFN2"),
        Engine(
            "pyscf", "atomistic.embedding.pyscf_calculator:PySCF", ("pyscf",), "pyscf", ("pyscf",),
            safer=({"level_shift": 0.3, "damp": 0.3, "max_cycle": 200}, {"newton": True, "max_cycle": 200}),
            charges=True, boxed=True, stress=False,
        ),
        Engine(
            "gpaw", "gpaw:GPAW", ("gpaw",), "gpaw", ("gpaw", "gpaw-data"),
            {"mode": "lcao", "basis": "dzp", "xc": "PBE", "kpts": {"density": 3.5, "gamma": True}, "txt": None},
            ({"mixer": {"beta": 0.02, "nmaxold": 5, "weight": 100}, "maxiter": 1000},),
        ),
    )
}  # fmt: skip
"""The engines known by name."""


def engine(name: str) -> Engine:
    """The engine of that name, or any ASE calculator as "module:Class".

    Raises:
        InputError: it is unknown.
        MissingBackend: its library is not installed.
    """
    found = ENGINES.get(name.lower())
    if found is None:
        if ":" not in name:
            raise unknown_choice("quantum engine", name, [*ENGINES, "module:Class"])
        found = Engine(name, name, (name.partition(":")[0].partition(".")[0],), libraries=("ase", "numpy"))
    missing = [module for module in found.requires if find_spec(module) is None]
    if missing:
        way = f"pip install '{DISTRIBUTION}[{found.extra}]'" if found.extra else "install it"
        raise MissingBackend(f"Quantum engine {name!r} needs {', '.join(missing)}, which is not installed; {way}.")
    return found


def check_charges(found: Engine) -> None:
    """Raise `InputError` unless the engine takes point charges."""
    if not found.charges:
        able = ", ".join(name for name, one in ENGINES.items() if one.charges)
        raise InputError(
            f"Quantum engine {found.name!r} takes no point charges; "
            f"use {able}, or leave charges out (mechanical embedding)."
        )
