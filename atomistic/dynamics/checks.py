"""Checks of what an ensemble is given."""

from math import isfinite

from coupling.errors import InputError


def check_temperature(value: float) -> None:
    """Refuse what is no temperature at which atoms move."""
    if not (isfinite(value) and value > 0):
        raise InputError(f"Dynamics at {value} K do not move; give a positive temperature in K.")


def check_time(name: str, value: float) -> None:
    """Refuse what is no length of time in s or rate in 1/s, such as a number meant in fs."""
    if not (isfinite(value) and value > 0):
        raise InputError(f"The {name} of dynamics is {value}; give a positive number, in s or 1/s.")


def check_period(value: float) -> None:
    """Refuse what is no time constant in s."""
    check_time("period", value)
    if value > 1e-6:
        raise InputError(f"A period of {value} s is longer than any run; give it in s, such as 1e-13.")
