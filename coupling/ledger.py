"""Which model counts what: E = Σ_k c_k Σ_x w_k(x) e_k(x), with Σ_k c_k w_k(x) = 1 at every site.

A term has an owner (a model), a region, a counting number c = +1 or −1 and a weight in [0, 1]
at every site x. The identity is checked when the ledger is made, so that a ledger which exists
counts every joule exactly once.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from coupling.contracts import FloatArray
from coupling.errors import DoubleCounted, InputError, Uncounted

TOLERANCE = 1e-12
"""Largest deviation of Σ c w from one that rounding may cause."""
_NAMED = 6


class TermValue(NamedTuple):
    """Contribution of one model over its region: its energy and, where it has them, its forces.

    Attributes:
        energy: Σ_x w(x) e(x), without the counting number.
        forces: −dE/dx on all degrees of freedom of the ledger, or None.
    """

    energy: float
    forces: FloatArray | None = None


@dataclass(frozen=True)
class Term:
    """One model counted over one region.

    Attributes:
        owner: The model: "potential", "FE", "QM", …
        region: What it is evaluated on, for the reader.
        counting_number: +1 or −1.
        weights: (n_sites,) in [0, 1].
        evaluate: Maps the state to the term's value; None when it is evaluated elsewhere.
    """

    owner: str
    region: str
    counting_number: int
    weights: FloatArray
    evaluate: Callable[[Any], TermValue] | None = None

    def __post_init__(self) -> None:
        weights = np.asarray(self.weights, dtype=float)
        object.__setattr__(self, "weights", weights)
        if self.counting_number not in (1, -1):
            raise InputError(f"The counting number of {self.label} is {self.counting_number}; it must be +1 or -1.")
        if (
            weights.ndim != 1
            or not np.all(np.isfinite(weights))
            or weights.min(initial=0) < 0
            or weights.max(initial=0) > 1
        ):
            raise InputError(f"The weights of {self.label} must be a list of numbers in [0, 1].")

    @property
    def label(self) -> str:
        """Owner and region, as messages name the term."""
        return f"{self.owner}({self.region})"


class LedgerRow(NamedTuple):
    """One line of the printed table; `energy` is c·E of the term, None where not evaluated."""

    owner: str
    region: str
    counting_number: int
    sites: float
    energy: float | None


class LedgerValue(NamedTuple):
    """The sum of all terms: Σ c E, Σ c F, and the rows that make it up."""

    energy: float
    forces: FloatArray | None
    rows: tuple[LedgerRow, ...]


class Ledger:
    """A set of terms that together count every site exactly once.

    Args:
        terms: The terms; all weights have the length of `sites`.
        sites: The names of the sites: atoms, layer spacings, elements.

    Raises:
        DoubleCounted: Σ c w > 1 at some site; the message names the sites with Σ c w < 1 as well.
        Uncounted: Σ c w < 1 at some site, and at none more than 1.
        InputError: there are no sites, two have one name, or a term's weights do not fit them.
    """

    def __init__(self, terms: Sequence[Term], sites: Sequence[str]) -> None:
        self.terms = tuple(terms)
        self.sites = tuple(sites)
        if not self.sites:
            raise InputError("A ledger without sites counts nothing; give at least one site.")
        twice = [name for name, times in Counter(self.sites).items() if times > 1]
        if twice:
            raise InputError(
                f"{len(twice)} site names stand for more than one site: {_listed(twice)}; give each site a name of its own."
            )
        for term in self.terms:
            if len(term.weights) != len(self.sites):
                raise InputError(
                    f"{term.label} has {len(term.weights)} weights for {len(self.sites)} sites; give one a site."
                )
        self.check()

    @property
    def count(self) -> FloatArray:
        """(n_sites,) Σ_k c_k w_k(x): how often each site is counted."""
        total = np.zeros(len(self.sites))
        for term in self.terms:
            total += term.counting_number * term.weights
        return total

    def check(self) -> None:
        """Raise `DoubleCounted` or `Uncounted` unless every site is counted once; the message names all that is wrong."""
        count, said, kinds = self.count, [], []
        for error, wrong, word in (
            (DoubleCounted, count > 1 + TOLERANCE, "more than once"),
            (Uncounted, count < 1 - TOLERANCE, "less than once"),
        ):
            if wrong.any():
                kinds.append(error)
                said.append(self._complaint(np.flatnonzero(wrong), count, word))
        if kinds:
            raise kinds[0](" ".join([*said, "Every site must have sum(c*w) = 1."]))

    def _complaint(self, sites: np.ndarray, count: FloatArray, word: str) -> str:
        named = _listed([f"{self.sites[i]} ({count[i]:g} times)" for i in sites])
        owners = [f"{'+' if t.counting_number > 0 else '-'}{t.label}" for t in self.terms if t.weights[sites].any()]
        return (
            f"{len(sites)} of {len(self.sites)} sites are counted {word}: {named}; "
            f"counted there by {', '.join(owners) or 'nobody'}."
        )

    def evaluate(self, state: Any) -> LedgerValue:
        """Evaluate every term at `state` and add them up with their counting numbers.

        Raises:
            InputError: a term has nothing to evaluate.
        """
        energy, forces, rows = 0.0, None, []
        for term in self.terms:
            if term.evaluate is None:
                raise InputError(f"{term.label} has no evaluate function, so the ledger cannot be summed.")
            value = term.evaluate(state)
            energy += term.counting_number * value.energy
            if value.forces is not None:
                part = term.counting_number * np.asarray(value.forces)
                forces = part if forces is None else forces + part
            rows.append(self._row(term, value.energy))
        return LedgerValue(energy, forces, tuple(rows))

    def rows(self, energies: Sequence[float | None] | None = None) -> tuple[LedgerRow, ...]:
        """The table's lines; `energies` are the terms' own (without counting numbers)."""
        energies = energies if energies is not None else [None] * len(self.terms)
        return tuple(self._row(term, energy) for term, energy in zip(self.terms, energies, strict=True))

    @staticmethod
    def _row(term: Term, energy: float | None) -> LedgerRow:
        signed = None if energy is None else term.counting_number * energy
        return LedgerRow(term.owner, term.region, term.counting_number, float(term.weights.sum()), signed)

    def table(self, rows: Sequence[LedgerRow] | None = None, unit: str = "eV") -> str:
        """The table of who counts what, as plain text."""
        rows = self.rows() if rows is None else rows
        lines = [f"{'c':>2}  {'owner':<10} {'region':<40} {'sites':>10} {'energy / ' + unit:>20}"]
        for row in rows:
            energy = "" if row.energy is None else f"{row.energy:.10g}"
            lines.append(f"{row.counting_number:>+2d}  {row.owner:<10} {row.region:<40} {row.sites:>10g} {energy:>20}")
        total = sum(r.energy for r in rows if r.energy is not None)
        lines.append(f"{'':>2}  {'sum':<10} {'':<40} {len(self.sites):>10g} {total:>20.10g}")
        return "\n".join(lines)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
