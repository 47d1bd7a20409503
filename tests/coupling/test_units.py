"""The constants of the border between atomistic units and SI."""

from scipy import constants

from coupling import units


def test_the_constants_are_codata_s():
    """Exact since the SI of 2019, so they may be written down."""
    assert (units.EV, units.ANGSTROM, units.BOLTZMANN) == (
        constants.electron_volt,
        constants.angstrom,
        constants.Boltzmann,
    )
