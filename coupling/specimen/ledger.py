"""The ledger of a specimen: who counts which joule of bodies, closed spacings and interfaces, before a solution.

Sites are the bodies (the layers beside an interface, which a slab of atoms holds too, apart from the rest), the
closed spacing across each interface (one half on either side), the interfaces, the misfit of a side that was strained to
match, and what two bodies or two interfaces share. The weights follow from the records: from what a law counted,
who owns its spacing, what the mesh holds, which side is rigid. A law of atoms is +slab −bulk plus −bulk minus.
Whatever site is then not counted once is named.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from coupling.errors import InputError
from coupling.ledger import Ledger, LedgerRow, Term
from coupling.specimen.claims import Claim, Site, claims_of, sites_of, twice_named
from coupling.specimen.joint import Joint
from coupling.specimen.records import SIDES, BodyRecord, InterfaceRecord, Shared, Verdict
from coupling.specimen.verdicts import judged, remarks

NEGLIGIBLE = 0.01
"""Share of the elastic energy across an interface up to which a closed spacing may be counted wrongly."""


@dataclass(frozen=True)
class SpecimenLedger:
    """Which model counts what in a specimen, and what is wrong with it.

    Attributes:
        sites: What is to be counted once.
        claims: Who claims which of them.
        verdicts: Errors first, then what the reader should know.
    """

    sites: tuple[Site, ...]
    claims: tuple[Claim, ...]
    verdicts: tuple[Verdict, ...]

    @property
    def errors(self) -> tuple[Verdict, ...]:
        """The verdicts that are double counts or leave something uncounted."""
        return tuple(verdict for verdict in self.verdicts if verdict.error is not None)

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """The claims as terms of a ledger."""
        return tuple(
            Term(claim.owner, claim.region, claim.sign, np.array([float(site in claim.sites) for site in self.sites]))
            for claim in self.claims
        )

    @property
    def ledger(self) -> Ledger:
        """The ledger.

        Raises:
            DoubleCounted, Uncounted: some site is not counted once.
        """
        return Ledger(self.terms, [site.name for site in self.sites])

    def check(self) -> None:
        """Raise unless every site is counted once.

        Raises:
            DoubleCounted, Uncounted: the kind of the first error; the message names all, a sentence each.
        """
        for error in (verdict.error for verdict in self.errors):
            if error is not None:
                raise error(" ".join(verdict.message for verdict in self.errors))
        self.ledger.check()

    def rows(
        self,
        bodies: Mapping[str, float] | None = None,
        interfaces: Mapping[str, float] | None = None,
        taken: Mapping[tuple[str, str], float] | None = None,
        lost: Mapping[str, float] | None = None,
    ) -> tuple[LedgerRow, ...]:
        """The table's lines with the energies that a solver found; they add up to the solver's total.

        Args:
            bodies: Energy of each body.
            interfaces: Energy of each interface.
            taken: Energy of the bulk that a law took away, at the interface's present traction, by
                (side, interface); the slab has it beside the law's. A line of which nothing is given has no energy.
            lost: What each body dissipated.
        """
        known: dict[tuple[str, str], float] = {
            ("body", name): energy for name, energy in (bodies or {}).items()
        } | dict(taken or {})
        known |= {("dissipation", name): energy for name, energy in (lost or {}).items()}
        for name, energy in (interfaces or {}).items():
            known["law", name] = energy
            known["slab", name] = energy + sum((taken or {}).get((which, name), 0.0) for which in SIDES)
        rows = []
        for claim in self.claims:
            found = None if claim.energy_of is None else known.get(claim.energy_of)
            signed = None if found is None else claim.sign * found
            rows.append(LedgerRow(claim.owner, claim.region, claim.sign, float(len(claim.sites)), signed))
        return tuple(rows)


def specimen_ledger(
    bodies: Sequence[BodyRecord],
    interfaces: Sequence[InterfaceRecord],
    shared: Sequence[Shared] = (),
    negligible: float = NEGLIGIBLE,
) -> SpecimenLedger:
    """The ledger of bodies and the laws between them, with its verdicts; `SpecimenLedger.check` raises the errors.

    Args:
        bodies: The bodies.
        interfaces: The laws on their interfaces.
        shared: What two of either share.
        negligible: See `NEGLIGIBLE`.

    Raises:
        InputError: `negligible` is not a fraction, or an interface lies on a body that is not there.
    """
    if not 0.0 <= negligible < 1.0:
        raise InputError(f"negligible = {negligible} must be a share of at least 0 and below 1, such as {NEGLIGIBLE}.")
    by_name = {body.name: body for body in bodies}
    for interface in interfaces:
        for name in (interface.plus, interface.minus):
            if name is not None and name not in by_name:
                raise InputError(f"The interface {interface.name!r} lies on a body {name!r} that is not in the ledger.")
    joints = [Joint(interface, by_name) for interface in interfaces]
    names = twice_named(bodies, interfaces)
    sites = sites_of(bodies, joints, shared, names)
    claims = claims_of(bodies, joints, shared, names)
    count = {site: sum(claim.sign for claim in claims if site in claim.sites) for site in sites}
    verdicts, waivers = judged(count, joints, shared, negligible)
    errors = [verdict for verdict in verdicts if verdict.error is not None]
    others = [verdict for verdict in verdicts if verdict.error is None]
    said = [verdict for joint in joints for verdict in remarks(joint)]
    return SpecimenLedger(sites, (*claims, *waivers), (*errors, *others, *said))
