"""Measured relaxation: Prony series, shifts, master curves, and what one shift cannot do."""

import numpy as np
import pytest

from continuum.inelastic import lead
from continuum.relaxation import (
    ArrheniusShift,
    RelaxationData,
    WlfShift,
    fit_prony,
    fit_shift,
    learned_curve,
    master_curve,
    read_relaxation,
)
from continuum.relaxation.learned import held_out_errors
from coupling.errors import InputError

PLANTED, SECOND = WlfShift(15.0, 90.0, 340.0), ArrheniusShift(60e3, 340.0)


def peak(centre, width):
    """Relaxation times, s, and shares of a log-normal spectrum."""
    times = np.logspace(-3, 4, 15)
    shares = np.exp(-0.5 * ((np.log10(times) - centre) / width) ** 2)
    return times, shares / shares.sum()


def measured(second=0.0, noise=0.0, seed=0):
    """Moduli at nine temperatures and 17 times; with a second process that another energy drives."""
    temperature, time = (
        a.ravel() for a in np.meshgrid(np.linspace(330, 370, 9), np.logspace(-1, 3, 17), indexing="ij")
    )
    modulus = np.full_like(time, 1e7)
    for strength, shift, (times, shares) in ((1e9, PLANTED, peak(1, 1.2)), (second * 1e9, SECOND, peak(0, 0.5))):
        reduced = time / 10 ** shift.logarithm(temperature)
        modulus += strength * np.exp(-reduced[:, None] / times) @ shares
    return RelaxationData(
        temperature, time, modulus * np.exp(noise * np.random.default_rng(seed).standard_normal(len(time)))
    )


def test_a_planted_series_is_found_and_its_body_relaxes_so():
    times = np.array([0.1, 1.0, 10.0, 100.0])
    time = np.geomspace(0.01, 1e3, 60)
    modulus = 1e8 + np.exp(-time[:, None] / times) @ [3e8, 0.0, 2e8, 1e8]
    found = fit_prony(time, modulus, times)
    np.testing.assert_allclose(found.moduli, [3e8, 2e8, 1e8], rtol=1e-8)
    assert found.long_term == pytest.approx(1e8, rel=1e-8) and found.error < 1e-10
    path = lead(found.material(0.4), np.concatenate([[0, 1e-9], time]), np.tile([1e-3, 0, 0, 0, 0, 0], (62, 1)), (0,))
    np.testing.assert_allclose(path.stress[2:, 0] / 1e-3, modulus, rtol=1e-6)


def test_planted_shifts_are_recovered():
    curve = master_curve(measured(), 340.0)
    np.testing.assert_allclose(curve.logarithms, PLANTED.logarithm(curve.temperatures), atol=0.002)
    fitted = fit_shift("wlf", curve.temperatures, curve.logarithms, 340.0)
    assert (fitted.c1, fitted.c2) == pytest.approx((15.0, 90.0), rel=2e-3)
    inner = np.array([342.0, 356.0])
    np.testing.assert_allclose(curve.log_shift(inner), PLANTED.logarithm(inner), atol=0.01)
    arrhenius = ArrheniusShift(80e3, 300.0)
    found = fit_shift("arrhenius", np.array([280.0, 300, 320]), arrhenius.logarithm(np.array([280.0, 300, 320])), 300.0)
    assert found.energy == pytest.approx(80e3, rel=1e-12)


def test_where_one_shift_does_not_do_the_learned_curve_does():
    """Two processes: the learned curve's held-out error is a fraction of the classical one's; with one process it is no worse."""
    learned, classical = held_out_errors(measured(second=0.5, noise=0.01))
    assert learned < 0.4 * classical
    learned, classical = held_out_errors(measured(noise=0.01))
    assert learned < 1.05 * classical


def test_the_learned_curve_says_when_it_leaves_its_data():
    data = measured(second=0.5, noise=0.01)
    curve = learned_curve(data)
    modulus, deviation = curve.predict(data.time, data.temperature)
    assert np.mean(np.abs(np.log(modulus / data.modulus)) < 2 * deviation) > 0.9
    inside = curve.leaves_data(np.array([1.0, 30.0]), np.array([343.0, 352.0]))
    assert not inside.any() and curve.leaves_data(np.array([1e9]), np.array([331.0]))[0]


def test_data_are_read_in_their_unit(tmp_path):
    data = measured()
    file = tmp_path / "dma.csv"
    rows = [f"{a},{b},{c / 1e6!r}" for a, b, c in zip(data.temperature, data.time, data.modulus.tolist(), strict=True)]
    file.write_text("# measured\ntemperature_K,time_s,modulus_MPa\n" + "\n".join(rows) + "\n")
    np.testing.assert_allclose(read_relaxation(file).modulus, data.modulus, rtol=1e-12)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("temperature_K,time_s\n300,1\n", "must be temperature_K, time_s and modulus"),
        ("temperature_C,time_s,modulus_Pa\n20,1,1e9\n", "temperature_C"),
        ("temperature_K,time_s,modulus_Pa\n300,1,stiff\n", "modulus_Pa of bad.csv holds something that is no number"),
        ("temperature_K,time_s,modulus_Pa\n300,-1,1e9\n", "time of relaxation data must be positive"),
        ("", "the columns none"),
    ],
)
def test_bad_files_are_named(tmp_path, text, said):
    (tmp_path / "bad.csv").write_text(text)
    with pytest.raises(InputError, match=said):
        read_relaxation(tmp_path / "bad.csv")


def test_what_cannot_be_done_is_refused(tmp_path):
    data = measured()
    with pytest.raises(InputError, match=r"331.0 K is not among the data"):
        master_curve(data, 331.0)
    with pytest.raises(InputError, match="two temperatures"):
        master_curve(data.at(data.temperature == 340.0))
    with pytest.raises(InputError, match="too little in common"):
        master_curve(data.at((data.temperature == 330.0) | (data.temperature == 370.0)))
    with pytest.raises(InputError, match="reach from 330 to 370 K"):
        master_curve(data).modulus(np.array([1.0]), np.array([300.0]))
    with pytest.raises(InputError, match="WLF ends at 250 K"):
        PLANTED.logarithm(np.array([240.0]))
    with pytest.raises(InputError, match="liquid"):
        fit_prony(np.geomspace(0.1, 10, 20), np.exp(-np.geomspace(0.1, 10, 20))).material(0.4)
    with pytest.raises(InputError, match="cannot be read"):
        read_relaxation(tmp_path / "none.csv")
