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


def test_lengths_in_messages_have_a_unit_that_suits_them():
    texts = [units.length_text(x, 3) for x in (1.05e-9, 3.9e-11, 2.5e-4, 0.99999e-3, 1.2, 0.0, -4e-8)]
    assert texts == ["1.05 nm", "0.39 Å", "250 µm", "1 mm", "1.2 m", "0 m", "-40 nm"]
