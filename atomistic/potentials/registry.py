"""Which potentials there are, and how to get one by name."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from atomistic.potentials.fingerprint import OWN, identified
from coupling.contracts import Potential
from coupling.errors import InputError, MissingBackend, unknown_choice

DISTRIBUTION = "multiscale-coupling"
ENTRY_POINT_GROUP = "multiscale.potentials"
"""A third party's entry point in this group names a `PotentialEntry`."""


@dataclass(frozen=True)
class PotentialEntry:
    """A potential, or a family of files, that can be loaded.

    Attributes:
        name: What the user writes; a leading `*` stands for a path or a class, `kind:*` for "kind:PATH".
        kind: The family: "sevennet", "eam", "chgnet", "tblite", "mace", "nequip", "metatomic", "orb", "ase", "prior", "sum".
        description: One line.
        loader: "module:function" of a `(name, device, dtype, **options) -> Potential`.
        requires: Import names of the backends.
        extra: The extra of this distribution that brings them; empty for the core.
    """

    name: str
    kind: str
    description: str
    loader: str
    requires: tuple[str, ...] = ()
    extra: str = ""

    @property
    def missing(self) -> tuple[str, ...]:
        """The backends that are not installed."""
        return tuple(module for module in self.requires if find_spec(module) is None)

    @property
    def available(self) -> bool:
        """Whether all backends are installed."""
        return not self.missing

    @property
    def install(self) -> str:
        """The command that brings what is missing; empty when nothing is."""
        if self.available:
            return ""
        target = f"'{DISTRIBUTION}[{self.extra}]'" if self.extra else " ".join(self.missing)
        return f"pip install {target}"


_SEVENNET = ("sevenn", "torch", "matscipy")
_BUILT_IN = (
    PotentialEntry(
        "7net-0", "sevennet", "SevenNet-0 (11 July 2024), MPtrj, 89 elements",
        "atomistic.potentials.sevennet.loader:load", _SEVENNET,
    ),
    PotentialEntry(
        "7net-l3i5", "sevennet", "SevenNet-l3i5, MPtrj, 89 elements; slower and more accurate",
        "atomistic.potentials.sevennet.loader:load", _SEVENNET,
    ),
    PotentialEntry(
        "7net-mf-0", "sevennet", "SevenNet-MF-0, PBE and r2SCAN; takes modal='PBE' or 'R2SCAN'",
        "atomistic.potentials.sevennet.loader:load", _SEVENNET,
    ),
    PotentialEntry(
        "*.pth", "sevennet", "A SevenNet checkpoint file; takes trust=True where the file holds code",
        "atomistic.potentials.sevennet.loader:load", _SEVENNET,
    ),
    PotentialEntry(
        "chgnet", "chgnet", "CHGNet, MPtrj, 89 elements, charge-informed",
        "atomistic.potentials.chgnet:load", ("chgnet",), "chgnet",
    ),
    *(
        PotentialEntry(
            name, "tblite", f"{name.upper()[:4]}-xTB tight binding, 86 elements; molecules and large cells (Γ point)",
            "atomistic.potentials.tblite:load", ("tblite",), "tblite",
        )
        for name in ("gfn2-xtb", "gfn1-xtb")
    ),
    PotentialEntry(
        "emt", "ase", "ASE's effective medium theory for simple fcc metals; for tests and teaching",
        "atomistic.potentials.ase_calculator:load_emt", ("ase",),
    ),
    PotentialEntry(
        "embedded", "embedding", "A quantum engine or a larger potential in regions of another one; takes low, quantum, regions",
        "atomistic.embedding.options:load", ("ase",),
    ),
    PotentialEntry(
        "zbl", "prior", "Screened repulsion of nuclei (Ziegler, Biersack, Littmark), a term of a sum; takes reach",
        "atomistic.potentials.additive:load_zbl", ("ase",),
    ),
    PotentialEntry(
        "coulomb", "prior", "Point charges by Ewald summation, a term of a sum; takes charges by element",
        "atomistic.potentials.coulomb:load", ("matscipy",),
    ),
    PotentialEntry(
        "d3", "prior", "D3 dispersion, a term of a sum; takes method (functional) and damping",
        "atomistic.potentials.dispersion:load", ("dftd3",), "d3",
    ),
    PotentialEntry(
        "sum", "sum", "Several potentials added up; takes terms, a list of names or of blocks with name and options",
        "atomistic.potentials.additive:load", ("ase",),
    ),
    *(
        PotentialEntry(
            suffix, "eam", "An embedded-atom file in the form of this suffix",
            "atomistic.potentials.eam:load", ("matscipy",),
        )
        for suffix in ("*.eam.alloy", "*.eam.fs", "*.eam")
    ),
    *(
        PotentialEntry(
            f"{kind}:*", kind, description, f"atomistic.potentials.checkpoints:load_{kind}",
            (module, "torch_sim"), extra,
        )
        for kind, description, module, extra in (
            ("mace", "A MACE model file, mace:PATH; takes trust=True and head", "mace", "mace"),
            ("nequip", "A compiled NequIP or Allegro model, nequip:PATH; takes trust=True", "nequip", "nequip"),
            ("metatomic", "A metatomic model, metatomic:PATH; takes trust=True, extensions",
             "metatomic_torchsim", "metatomic"),
            ("orb", "Weights of an Orb model, orb:PATH; takes architecture", "orb_models", "orb"),
        )
    ),
    PotentialEntry(
        "*module:Class", "ase", "Any ASE calculator; the options go to the class",
        "atomistic.potentials.ase_calculator:load", ("ase",),
    ),
)  # fmt: skip


def list_potentials() -> list[PotentialEntry]:
    """All that `load_potential` accepts: built in, then third parties' entry points."""
    return [*_BUILT_IN, *(point.load() for point in entry_points(group=ENTRY_POINT_GROUP))]


def load_potential(name: str, device: str = "auto", dtype: str | None = None, **options: Any) -> Potential:
    """Load an interatomic potential.

    Args:
        name: A name of `list_potentials()`, a file, "mace:PATH" and the like, or an ASE calculator
            as "module:Class".
        device: "auto" (GPU where there is one), "cpu", "cuda" or "cuda:N".
        dtype: "float32" or "float64" arithmetic; None is the model's own.
        **options: What the potential takes besides, such as `modal`.

    Returns:
        A `coupling.contracts.Potential`, which also has `as_ase()`.

    Raises:
        InputError: the name, device, dtype, file or an option is not valid.
        MissingBackend: the potential's library is not installed.
    """
    entry = find_potential(str(name))
    if dtype not in (None, "float32", "float64"):
        raise unknown_choice("dtype", dtype, ("float32", "float64"))
    module, function = entry.loader.split(":")
    loader = getattr(import_module(module), function)
    _check_options(entry, loader, options)
    made = loader(str(name), device, dtype, **options)
    return made if module.partition(".")[0] in OWN else identified(made, loader, str(name), dtype, options)


def potential_file(name: str) -> str:
    """The path in the name of a potential that is read from a file; "" for any other."""
    entry = _pattern(name)
    if entry is None:
        return ""
    return name if entry.name.startswith("*.") else name.split(":", 1)[1]


def find_potential(name: str) -> PotentialEntry:
    """The entry that a name belongs to; nothing heavy is imported.

    Raises:
        InputError: it is unknown, or its file is missing.
        MissingBackend: its library is not installed.
    """
    entry = _find(name)
    if not entry.available:
        raise MissingBackend(
            f"Potential {name!r} needs {', '.join(entry.missing)}, which is not installed; {entry.install}."
        )
    return entry


def _pattern(name: str) -> PotentialEntry | None:
    """The entry of a file's suffix or of a prefix such as "mace:", if the name has one."""
    for entry in list_potentials():
        suffix, prefix = entry.name.startswith("*."), entry.name.endswith(":*")
        if (suffix and name.lower().endswith(entry.name[1:].lower())) or (prefix and name.startswith(entry.name[:-1])):
            return entry
    return None


def _find(name: str) -> PotentialEntry:
    entries = list_potentials()
    for entry in entries:
        if name.lower() == entry.name.lower() and "*" not in name:
            return entry
    pattern = _pattern(name)
    if pattern is not None:
        if not Path(potential_file(name)).is_file():
            raise InputError(
                f"Potential file {potential_file(name)!r} does not exist; give the path of a {pattern.name} file."
            )
        return pattern
    if ":" in name and "*" not in name:
        return next(entry for entry in entries if entry.name == "*module:Class")
    raise unknown_choice("potential", name, (entry.name for entry in entries))


def _check_options(entry: PotentialEntry, loader: Callable[..., Potential], options: dict[str, Any]) -> None:
    parameters = inspect.signature(loader).parameters.values()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return
    known = [parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY]
    for option in options:
        if option not in known:
            raise unknown_choice(f"option of potential {entry.name!r}", option, known)
