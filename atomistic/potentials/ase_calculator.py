"""ASE calculators by import path, and ASE's own EMT by name."""

import math
from collections.abc import Iterable
from importlib import import_module
from typing import Any

from atomistic.potentials.devices import require_cpu
from atomistic.potentials.entry import PotentialEntry
from atomistic.potentials.fingerprint import fingerprint
from atomistic.potentials.serial import SerialPotential
from atomistic.potentials.workers.served import unread
from coupling.errors import InputError, MissingBackend, foreign, unknown_choice

ENTRIES = (
    PotentialEntry(
        "emt", "ase", "ASE's effective medium theory for simple fcc metals; for tests and teaching",
        "atomistic.potentials.ase_calculator:load_emt", ("ase",), place=30, elsewhere="emt",
    ),
    PotentialEntry(
        "*module:Class", "ase", "Any ASE calculator; the options go to the class",
        "atomistic.potentials.ase_calculator:load", ("ase",), place=1000, elsewhere="calculator",
    ),
)  # fmt: skip

ALL_ELEMENTS = frozenset(range(1, 119))


def load(name: str, device: str, dtype: str | None, **options: Any) -> SerialPotential:
    """Any ASE calculator.

    Args:
        name: "module:Class".
        device: "auto" or "cpu"; a calculator that runs elsewhere takes that as an option of its own.
        dtype: None or "float64".
        **options: Given to the class.

    Raises:
        InputError: there is no such class, or it does not take these options.
        MissingBackend: the module is not installed.
        ForeignError: the module, or the class, failed in another way.
    """
    require_cpu(device, name)
    _require_double(dtype, name)
    made = calculator_class(name)
    check_read(name, made, options)
    with foreign(f"calculator {name!r}"):
        try:
            calculator = made(**options)
        except TypeError as error:
            raise InputError(f"Calculator {name!r} does not take the options {options}: {error}.") from error
    cutoff = getattr(calculator, "cutoff", math.inf)
    identity = fingerprint("ase", name, options, ("ase", "numpy"), code=(made, type(calculator)))
    return SerialPotential(name, ALL_ELEMENTS, float(cutoff), identity, calculator)


def calculator_class(name: str) -> Any:
    """The class that "module:Class" names; its module is imported.

    Raises:
        InputError: there is no such class.
        MissingBackend: the module is not installed.
    """
    module, _, class_name = name.partition(":")
    with foreign(f"module {module!r} of calculator {name!r}"):
        try:
            members = vars(import_module(module))
        except ImportError as error:
            raise MissingBackend(f"Module {module!r} of calculator {name!r} cannot be imported: {error}.") from error
    if class_name not in members:
        raise unknown_choice(f"class of module {module!r}", class_name, (m for m in members if not m.startswith("_")))
    return members[class_name]


def check_read(name: str, calculator: Any, options: Iterable[str]) -> None:
    """Raise `InputError` for an option that a calculator would accept and ignore, as most of ASE's do.

    Args:
        name: Of the calculator.
        calculator: Its class. One that writes its options into another code's input may have any.
        options: Their names.
    """
    for option in unread(calculator, options):
        raise unknown_choice(f"option of calculator {name!r}", option, sorted(calculator.default_parameters))


def load_emt(name: str, device: str, dtype: str | None, *, asap_cutoff: bool = False) -> SerialPotential:
    """ASE's effective medium theory (Jacobsen, Stoltze, Nørskov, Surf. Sci. 366 (1996) 394).

    Args:
        name: As listed.
        device: "auto" or "cpu".
        dtype: None or "float64".
        asap_cutoff: Cut off as the Asap code does, by the elements of the structure, instead of by all that EMT knows.
    """
    from ase import Atoms
    from ase.calculators.emt import EMT, parameters
    from ase.data import atomic_numbers

    from atomistic.potentials.effective_medium import EffectiveMedium, EffectiveMediumPotential

    require_cpu(device, name)
    _require_double(dtype, name)
    calculator = EffectiveMedium(asap_cutoff=asap_cutoff)
    calculator.initialize(Atoms(list(parameters)))
    elements = frozenset(atomic_numbers[symbol] for symbol in parameters)
    identity = fingerprint(
        "emt", name, {"asap_cutoff": asap_cutoff}, ("ase", "matscipy", "numpy"), code=(EMT, EffectiveMedium)
    )
    cutoff = float(calculator.rc_list)
    return EffectiveMediumPotential(name, elements, cutoff, identity, calculator, interaction_range=cutoff)


def _require_double(dtype: str | None, name: str) -> None:
    if dtype == "float32":
        raise InputError(f"Potential {name!r} computes in float64 alone; leave dtype out.")
