"""The agreement between scales: units, contracts, the ledger, cohesive laws.

numpy and scipy only: nothing here knows torch, FEniCSx or an ASE calculator.

Nothing is imported here: a name's module loads when the name is first used.
"""

from typing import TYPE_CHECKING

from coupling.lazy import on_first_use

if TYPE_CHECKING:
    from coupling.capabilities import (
        Capability,
        ChargedPotential,
        CrystalLaw,
        FeatureDerivatives,
        LinearPotential,
        SitePotential,
        StrainPotential,
        TrainablePotential,
        WeightedSites,
        require,
        require_asked,
    )
    from coupling.contracts import (
        Capabilities,
        CohesiveLaw,
        Cost,
        Evaluation,
        FloatArray,
        GapOwner,
        LawValue,
        Potential,
        Progress,
        Structure,
        silent,
    )
    from coupling.errors import (
        CountingError,
        DoubleCounted,
        InputError,
        MissingBackend,
        MultiscaleError,
        NotConverged,
        Refuted,
        Uncounted,
        unknown_choice,
    )
    from coupling.findings import Finding, refute
    from coupling.ledger import Ledger, LedgerRow, LedgerValue, Term, TermValue
    from coupling.records import pack, unpack
    from coupling.units import parse_quantity
    from coupling.wrapped import Wrapped

__all__ = [
    "Capabilities",
    "Capability",
    "ChargedPotential",
    "CohesiveLaw",
    "Cost",
    "CountingError",
    "CrystalLaw",
    "DoubleCounted",
    "Evaluation",
    "FeatureDerivatives",
    "Finding",
    "FloatArray",
    "GapOwner",
    "InputError",
    "LawValue",
    "Ledger",
    "LedgerRow",
    "LedgerValue",
    "LinearPotential",
    "MissingBackend",
    "MultiscaleError",
    "NotConverged",
    "Potential",
    "Progress",
    "Refuted",
    "SitePotential",
    "StrainPotential",
    "Structure",
    "Term",
    "TermValue",
    "TrainablePotential",
    "Uncounted",
    "WeightedSites",
    "Wrapped",
    "pack",
    "parse_quantity",
    "refute",
    "require",
    "require_asked",
    "silent",
    "unknown_choice",
    "unpack",
]

__getattr__, __dir__ = on_first_use(__name__)
