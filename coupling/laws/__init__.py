"""Cohesive laws, one a module: tabulated, initially rigid, mixed-mode, coarse-grained, and closed forms."""

from coupling.laws.bilinear import Bilinear
from coupling.laws.closed_form import ClosedForm, FitTarget
from coupling.laws.coarse import CoarseLaw
from coupling.laws.count import NOT_KNOWN, OWN_OPENING, BulkSide, Count, TakenAway, as_stated
from coupling.laws.coverage import CoverageLaw, CoverageValue
from coupling.laws.law import Law, count_of
from coupling.laws.mixed import CellErrors, MixedModeLaw
from coupling.laws.mixed_in_bulk import MixedInBulk
from coupling.laws.ppr import ParkPaulinoRoesler
from coupling.laws.registry import closed_forms, law_kinds
from coupling.laws.reservoir import CoverageJump, ReservoirLaw
from coupling.laws.rigid import InitiallyRigid
from coupling.laws.solute import Solute
from coupling.laws.tabulated import TabulatedLaw
from coupling.laws.uber import Uber
from coupling.laws.xu_needleman import XuNeedleman

__all__ = [
    "NOT_KNOWN",
    "OWN_OPENING",
    "Bilinear",
    "BulkSide",
    "CellErrors",
    "ClosedForm",
    "CoarseLaw",
    "Count",
    "CoverageJump",
    "CoverageLaw",
    "CoverageValue",
    "FitTarget",
    "InitiallyRigid",
    "Law",
    "MixedInBulk",
    "MixedModeLaw",
    "ParkPaulinoRoesler",
    "ReservoirLaw",
    "Solute",
    "TabulatedLaw",
    "TakenAway",
    "Uber",
    "XuNeedleman",
    "as_stated",
    "closed_forms",
    "count_of",
    "law_kinds",
]
