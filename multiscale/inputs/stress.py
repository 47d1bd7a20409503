"""Stresses in an input file."""

from multiscale.inputs.fields import quantity

Stress = quantity("stress", "Pa")
"""A positive stress or modulus in Pa, written as "70 GPa"."""
SignedStress = quantity("stress", "Pa", positive=False)
"""A stress in Pa of either sign."""
