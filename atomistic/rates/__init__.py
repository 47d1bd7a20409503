"""Rates of thermally activated events: harmonic transition-state theory, classical and quantum, and its Arrhenius table."""

from atomistic.rates.arrhenius import Arrhenius, arrhenius
from atomistic.rates.diffusion import AlternatingHops
from atomistic.rates.harmonic import HarmonicRate

__all__ = ["AlternatingHops", "Arrhenius", "HarmonicRate", "arrhenius"]
