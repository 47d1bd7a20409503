"""Checks of a specimen's dimensions before anything is meshed."""

import itertools

import numpy as np

from coupling.errors import InputError


def check_lengths(specimen: object, *names: str) -> None:
    """Raise `InputError` unless these attributes are positive and finite."""
    for name in names:
        value = getattr(specimen, name)
        if not (np.isfinite(value) and value > 0):
            raise InputError(f"{name} = {value} of a {type(specimen).__name__} must be a positive length.")


def check_order(specimen: object, *names: str) -> None:
    """Raise `InputError` unless these attributes are positive and increase in this order."""
    check_lengths(specimen, *names)
    for less, more in itertools.pairwise(names):
        low, high = getattr(specimen, less), getattr(specimen, more)
        if not low < high:
            raise InputError(f"{less} = {low:g} of a {type(specimen).__name__} must be less than {more} = {high:g}.")
