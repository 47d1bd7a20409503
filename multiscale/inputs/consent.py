"""What an input file cannot grant itself: it comes from outside the file, and travels with what was read of it."""

from collections.abc import Iterable
from dataclasses import dataclass

from coupling.errors import InputError


@dataclass(frozen=True)
class Consent:
    """What the person who runs an input has agreed to.

    Attributes:
        code: Python code and commands that the input names may run.
        trust: Files that can run code when they are read, such as pickled checkpoints, may be read.
    """

    code: bool = False
    trust: bool = False

    @property
    def flags(self) -> list[str]:
        """The options of the command line that say so."""
        return ["--allow-code"] * self.code + ["--trust"] * self.trust


NO_CONSENT = Consent()


def refuse_code(named: Iterable[str], consent: Consent) -> None:
    """Raise `InputError` for code that an input names, unless it may run."""
    found = list(named)
    if found and not consent.code:
        raise InputError(
            f"the input names code that would run ({_told(found)}), and an input file cannot allow that itself; if you "
            "trust it, add --allow-code (in a script: allow_code=True)."
        )


def refuse_files(named: Iterable[str], consent: Consent) -> None:
    """Raise `InputError` for files that can run code when they are read, unless they may."""
    found = list(named)
    if found and not consent.trust:
        raise InputError(
            f"the input names files that can run code when they are read ({_told(found)}), and an input file cannot vouch "
            "for them; if you trust where they come from, add --trust (in a script: trust=True)."
        )


def needed(code: Iterable[str], files: Iterable[str]) -> str:
    """What an input needs consent for, as a sentence; empty for nothing."""
    said = [
        f"{what} ({_told(found)}), which takes {flag}"
        for what, found, flag in (
            ("names code", list(code), "--allow-code"),
            ("reads files that can run code", list(files), "--trust"),
        )
        if found
    ]
    return f"It {' and '.join(said)} to run." if said else ""


def _told(names: list[str]) -> str:
    shown = [name if len(name) <= 60 else f"{name[:57]}..." for name in names]
    return ", ".join(shown[:4]) + (f" and {len(shown) - 4} more" if len(shown) > 4 else "")
