"""The ledger of bodies and laws on a mesh, before it is solved."""

from coupling.specimen.claims import Claim, Site, claims_of, sites_of
from coupling.specimen.joint import Joint, in_plane_stiffness, mean_modulus
from coupling.specimen.ledger import SpecimenLedger, specimen_ledger
from coupling.specimen.records import (
    SIDES,
    BodyRecord,
    InterfaceRecord,
    Misfit,
    Shared,
    SideName,
    Spacing,
    Verdict,
    VerdictKind,
)
from coupling.specimen.verdicts import judged, remarks

__all__ = [
    "SIDES",
    "BodyRecord",
    "Claim",
    "InterfaceRecord",
    "Joint",
    "Misfit",
    "Shared",
    "SideName",
    "Site",
    "Spacing",
    "SpecimenLedger",
    "Verdict",
    "VerdictKind",
    "claims_of",
    "in_plane_stiffness",
    "judged",
    "mean_modulus",
    "remarks",
    "sites_of",
    "specimen_ledger",
]
