"""What the checks of a result say: the figure of each, and findings with size and way out; a fatal one refutes the result."""

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


@dataclass(frozen=True)
class Criterion:
    """One check of a result, passed or failed, with its figure.

    Attributes:
        name: What was checked, in a few words, such as "energy balance".
        value: The figure.
        limit: The most that it may be; where `at_least`, the least.
        unit: Of both, "" for a pure number.
        at_least: Whether the figure must reach the limit.
    """

    name: str
    value: float
    limit: float
    unit: str = ""
    at_least: bool = False

    @property
    def passed(self) -> bool:
        """Whether the figure is on the right side of its limit, to rounding."""
        reached = self.limit - self.value if self.at_least else self.value - self.limit
        return reached <= 1e-12 * abs(self.limit)


def refute(findings: Iterable[Finding]) -> None:
    """Raise what is fatal.

    Raises:
        Refuted: with the sentences of all fatal findings.
    """
    fatal = [str(finding) for finding in findings if finding.fatal]
    if fatal:
        raise Refuted(" ".join(fatal))
