"""What is known of a potential before it is loaded, and the files of this package that declare it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from coupling.errors import InputError, MissingBackend

DISTRIBUTION = "multiscale-coupling"
_NAME = "ENTRIES"


@dataclass(frozen=True)
class PotentialEntry:
    """A potential, or a family of files, that can be loaded.

    Attributes:
        name: What the user writes; a leading `*` stands for a path or a class, `kind:*` for "kind:PATH".
        kind: The family: "sevennet", "eam", "chgnet", "tblite", "mace", "nequip", "metatomic", "orb", "uma",
            "mattersim", "lammps", "ase", "prior", "sum".
        description: One line.
        loader: "module:function" of a `(name, device, dtype, **options) -> Potential`.
        requires: Import names of the backends.
        extra: The extra of this distribution that installs them; empty for the base.
        trust: Whether its file can run code when it is read, so that its loader takes `trust`: "" never, "some" files of
            that kind, "all" of them.
        elsewhere: Function of `atomistic.potentials.workers.models` that makes it in a worker process, so that another Python can
            run it (`python=PATH`); "" where there is none.
        place: Where it stands in lists, small first; equal ones by the names of their files.
    """

    name: str
    kind: str
    description: str
    loader: str
    requires: tuple[str, ...] = ()
    extra: str = ""
    place: int = 500
    trust: str = ""
    elsewhere: str = ""

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
        """What makes it usable where something is missing; empty when nothing is."""
        if self.available:
            return ""
        target = f"'{DISTRIBUTION}[{self.extra}]'" if self.extra else " ".join(self.missing)
        here = "" if self.elsewhere and not self.extra else f"pip install {target}"
        there = "python: PATH, of another Python that has it (docs/potentials.md)" if self.elsewhere else ""
        return ", or ".join(way for way in (here, there) if way)

    def require(self, what: str) -> None:
        """Raise `MissingBackend` unless all backends are installed, with the command that installs them.

        Args:
            what: Needs them; the first word of a sentence.
        """
        if not self.available:
            raise MissingBackend(f"{what} needs {', '.join(self.missing)}, which is not installed; {self.install}.")


def untrusted(name: str) -> InputError:
    """The error for a file that is a program as well as weights, and that nobody vouches for."""
    return InputError(
        f"Checkpoint {name!r} is a program as well as weights, and reading it can run any code that it contains; "
        "if you trust where it comes from, pass trust=True (on the command line --trust)."
    )


def declared(folder: Path) -> tuple[PotentialEntry, ...]:
    """The `ENTRIES` of all files in a folder, by their places; the files are read and not run, so that nothing is imported.

    Args:
        folder: Where to look, at any depth.

    Raises:
        ValueError: some `ENTRIES` are not a tuple of `PotentialEntry(...)` of plain literals.
    """
    found = [entry for path in sorted(folder.rglob("*.py")) for entry in _entries(path)]
    return tuple(sorted(found, key=lambda entry: entry.place))


def _entries(path: Path) -> Iterator[PotentialEntry]:
    source = path.read_text(encoding="utf-8")
    if f"\n{_NAME}" not in source:
        return
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and _NAME in map(ast.unparse, _targets(node)):
            try:
                yield from _evaluated(node.value)
            except (NameError, TypeError, ValueError) as error:
                raise ValueError(
                    f"{_NAME} of {path} must be PotentialEntry(...) of literals in a tuple: {error}"
                ) from error


def _targets(node: ast.Assign | ast.AnnAssign) -> list[ast.expr]:
    return node.targets if isinstance(node, ast.Assign) else [node.target]


def _evaluated(value: ast.expr | None) -> tuple[PotentialEntry, ...]:
    """What an expression says that knows `PotentialEntry` and `tuple` alone."""
    if value is None:
        raise TypeError("nothing is assigned")
    known = {"__builtins__": {}, "PotentialEntry": PotentialEntry, "tuple": tuple}
    entries = eval(compile(ast.Expression(value), _NAME, "eval"), known)
    if not isinstance(entries, tuple):
        raise TypeError("no tuple is assigned")
    for one in entries:
        if not isinstance(one, PotentialEntry):
            raise TypeError(f"{one!r} is no PotentialEntry(...)")
    return entries
