"""Potentials as sums of terms, each counted once on the ledger."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from atomistic.potentials.devices import require_cpu
from atomistic.potentials.entry import PotentialEntry
from atomistic.potentials.zbl import ZBL, SumPotential
from coupling.contracts import Potential, Structure
from coupling.errors import InputError
from coupling.ledger import Ledger, Term, TermValue

ENTRIES = (
    PotentialEntry(
        "zbl", "prior", "Screened repulsion of nuclei (Ziegler, Biersack, Littmark), a term of a sum; takes reach",
        "atomistic.potentials.additive:load_zbl", ("ase",), place=50,
    ),
    PotentialEntry(
        "sum", "sum", "Several potentials added up; takes terms, a list of names or of blocks with name and options",
        "atomistic.potentials.additive:load", ("ase",), place=80,
    ),
)  # fmt: skip


def load(name: str, device: str, dtype: str | None, *, terms: Sequence[str | Mapping[str, Any]]) -> SumPotential:
    """A model and its priors, such as `terms=["7net-0", {"name": "d3", "method": "PBE"}]`.

    Args:
        name: "sum".
        device: Of the first term; the others choose their own.
        dtype: None; each term has its own.
        terms: A name, or a name with options, for each.

    Raises:
        InputError: there are fewer than two terms, or one is not valid, or two are the same.
    """
    from atomistic.potentials.registry import load_potential

    if dtype is not None:
        raise InputError("A sum of potentials has no dtype of its own; give it to its terms.")
    if not isinstance(terms, list | tuple) or len(terms) < 2:
        raise InputError(f"A sum needs a list of two terms or more, such as ['7net-0', 'zbl'], not {terms!r}.")
    loaded = []
    for number, term in enumerate(terms):
        block = {"name": term} if isinstance(term, str) else dict(term) if isinstance(term, Mapping) else {}
        if not isinstance(block.get("name"), str):
            raise InputError(f"Term {number + 1} of the sum, {term!r}, is neither a name nor a block with one.")
        own = {"device": device} if number == 0 else {}
        loaded.append(load_potential(block.pop("name"), **(own | block)))
    ledger(SumPotential(tuple(loaded)))
    return SumPotential(tuple(loaded))


def load_zbl(name: str, device: str, dtype: str | None, *, reach: float = ZBL.reach) -> ZBL:
    """The universal repulsion of nuclei; see `ZBL`."""
    require_cpu(device, name)
    if dtype == "float32":
        raise InputError(f"Potential {name!r} computes in float64 alone; leave dtype out.")
    return ZBL(reach=float(reach))


def ledger(total: SumPotential) -> Ledger:
    """The ledger of a sum: every term owns its own kind of interaction, at one structure.

    The sites are the kinds of interaction, told apart by the fingerprints of their models; the state
    that the terms are evaluated at is a structure.

    Raises:
        DoubleCounted: two terms are the same potential.
    """
    kinds = list(dict.fromkeys(term.fingerprint for term in total.terms))
    sites = [next(term.name for term in total.terms if term.fingerprint == kind) for kind in kinds]
    return Ledger([_term(one, np.eye(len(kinds))[kinds.index(one.fingerprint)]) for one in total.terms], sites)


def _term(potential: Potential, weights: np.ndarray) -> Term:
    def evaluate(structure: Structure) -> TermValue:
        found = potential.evaluate([structure])
        return TermValue(float(found.energies[0]), found.forces[0])

    return Term(potential.name, "its interaction, all atoms", 1, weights, evaluate)
