"""The ledger's lines as records that can be stored."""

from collections.abc import Iterable
from dataclasses import dataclass

from coupling.ledger import LedgerRow


@dataclass(frozen=True)
class Counted:
    """One line of the ledger.

    Attributes:
        owner: The model.
        region: What it is evaluated on.
        counting_number: +1 or -1.
        sites: That it counts.
        energy: With its counting number; None where it has none.
    """

    owner: str
    region: str
    counting_number: int
    sites: float
    energy: float | None = None

    @property
    def row(self) -> LedgerRow:
        """As results hold it."""
        return LedgerRow(self.owner, self.region, self.counting_number, self.sites, self.energy)


def counted(rows: Iterable[LedgerRow]) -> tuple[Counted, ...]:
    """The lines of a ledger."""
    return tuple(Counted(*row) for row in rows)
