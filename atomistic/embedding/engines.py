"""The known quantum codes, how each is run, and what is tried when its self-consistency fails."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from coupling.errors import InputError, MissingBackend, unknown_choice
from coupling.identity.code_names import is_code

DISTRIBUTION = "multiscale-coupling"


@dataclass(frozen=True)
class Engine:
    """How a code is run.

    Attributes:
        name: What the user writes.
        calculator: "module:Class" of its ASE calculator.
        requires: Import names of what must be installed.
        extra: The extra of this distribution that installs it.
        libraries: Distributions whose versions determine its numbers.
        options: What it gets by default.
        safer: Options for the second, third, … attempt: slower ways to the same solution.
        charges: Whether it takes point charges.
        takes: Options that its calculator has; empty where it refuses others itself.
        total_charge: The option that is the total charge, e; "" where there is none.
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
    takes: tuple[str, ...] = ()
    total_charge: str = ""
    boxed: bool = False
    largest: int = 118
    stress: bool | None = None

    def check_options(self, options: Iterable[str]) -> None:
        """Raise `InputError` for an option that its calculator does not have and would ignore."""
        for option in options:
            if self.takes and option not in self.takes:
                raise unknown_choice(f"option of the quantum engine {self.name}", option, self.takes)

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


_PLACES = ("directory", "folder", "label", "restart", "txt")
"""Options by which engines write files."""
_OWN_OPTIONS = ("workers", "safer", "time_limit")
"""Of `atomistic.embedding.quantum.QuantumPotential`, besides those of the engine."""
_XTB_OPTIONS = (
    "accuracy", "annealing", "cache_api", "charge", "electric_field", "electronic_temperature", "guess", "max_iterations",
    "mixer", "mixer_damping", "mixer_memory", "multiplicity", "solvation", "spin_polarization", "verbosity", "xtb_config",
)  # fmt: skip
"""Of tblite's calculator, which leaves others unread; the method is the engine's name."""
_PYSCF_OPTIONS = (
    "basis", "charge", "conv_tol", "damp", "kpts", "level_shift", "max_cycle", "newton", "pseudo", "spin", "xc",
)  # fmt: skip
"""Of `atomistic.embedding.pyscf_calculator.PySCF`."""


def _xtb(method: str) -> Engine:
    return Engine(
        f"{method.lower()}-xtb", "tblite.ase:TBLite", ("tblite",), "tblite", ("tblite",),
        {"method": f"{method}-xTB", "verbosity": 0, "accuracy": 0.1},
        ({"mixer_damping": 0.1, "max_iterations": 1000, "cache_api": False},
         {"mixer_damping": 0.02, "max_iterations": 4000, "cache_api": False}),
        boxed=True, largest=86, stress=True, takes=_XTB_OPTIONS, total_charge="charge",
    )  # fmt: skip


ENGINES = {
    engine.name: engine
    for engine in (
        _xtb("GFN1"),
        _xtb("GFN2"),
        Engine(
            "pyscf", "atomistic.embedding.pyscf_calculator:PySCF", ("pyscf",), "pyscf", ("pyscf",),
            safer=({"level_shift": 0.3, "damp": 0.3, "max_cycle": 200}, {"newton": True, "max_cycle": 200}),
            charges=True, boxed=True, stress=False, takes=_PYSCF_OPTIONS, total_charge="charge",
        ),
        Engine(
            "gpaw", "gpaw:GPAW", ("gpaw",), "gpaw", ("gpaw", "gpaw-data"),
            {"mode": "lcao", "basis": "dzp", "xc": "PBE", "kpts": {"density": 3.5, "gamma": True}, "txt": None},
            ({"mixer": {"beta": 0.02, "nmaxold": 5, "weight": 100}, "maxiter": 1000},), total_charge="charge",
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
        if not is_code(name):
            raise unknown_choice("quantum engine", name, [*ENGINES, "module:Class"])
        found = Engine(name, name, (name.partition(":")[0].partition(".")[0],), libraries=("ase", "numpy"))
    missing = [module for module in found.requires if find_spec(module) is None]
    if missing:
        way = f"pip install '{DISTRIBUTION}[{found.extra}]'" if found.extra else "install it"
        raise MissingBackend(f"Quantum engine {name!r} needs {', '.join(missing)}, which is not installed; {way}.")
    return found


def check_engine(name: str, options: Iterable[str] = ()) -> Engine:
    """The engine of that name, if it takes these options from an input; see `engine` for errors.

    Raises:
        InputError: an option would be ignored, or is not for inputs, such as where results are kept.
    """
    options = list(options)
    known = ENGINES.get(name.lower())
    for option in ("folder",) if is_code(name) else _PLACES:
        if option in options:
            raise InputError(
                f"Quantum engine {name!r}: {option!r} says where files go, which an input does not; leave it out."
            )
    if known is not None:
        known.check_options(option for option in options if option not in _OWN_OPTIONS)
    return engine(name)


def check_charges(found: Engine) -> None:
    """Raise `InputError` unless the engine takes point charges."""
    if not found.charges:
        able = ", ".join(name for name, one in ENGINES.items() if one.charges)
        raise InputError(
            f"Quantum engine {found.name!r} takes no point charges; "
            f"use {able}, or leave charges out (mechanical embedding)."
        )
