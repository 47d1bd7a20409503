"""Findings of the checks of a result: typed, with size and way out; a fatal one refutes the result."""

from collections.abc import Iterable
from dataclasses import dataclass

from coupling.errors import Refuted


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a result, or that its reader must know.

    Attributes:
        what: What is wrong, with its numbers, as a clause without a full stop.
        where: The place: an interface, a body, a stretch of the loading; "" for the whole.
        size: How large it is, in the same terms as the tolerance: a part, or a number of elements.
        change: What to change, as a clause without a full stop.
        fatal: Whether the result does not stand; else it stands, with this as a warning beside it.
    """

    what: str
    where: str
    size: float
    change: str
    fatal: bool

    def __str__(self) -> str:
        place = f" ({self.where})" if self.where else ""
        return f"{self.what}{place}; {self.change}."


def refute(findings: Iterable[Finding]) -> None:
    """Raise what is fatal.

    Raises:
        Refuted: with the sentences of all fatal findings.
    """
    fatal = [str(finding) for finding in findings if finding.fatal]
    if fatal:
        raise Refuted(" ".join(fatal))
