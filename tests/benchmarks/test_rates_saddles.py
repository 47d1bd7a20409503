"""The figures of saddles and rates that need no wheel: within their bounds, and able to leave them."""

import pytest

from benchmarks import rates_saddles
from coupling.errors import MissingBackend


def test_figures_on_surfaces_known_on_paper():
    figures = rates_saddles.model_figures()
    assert set(figures) == {"muller_brown_error", "vineyard_error", "vineyard_error_differences", "rate_bar_error"}
    assert figures["muller_brown_error"] < 1e-6
    assert figures["vineyard_error"] < 1e-6 and figures["vineyard_error_differences"] < 1e-6
    assert figures["rate_bar_error"] < 1e-4


def test_another_surface_is_not_taken_for_the_published_one(monkeypatch):
    def shifted(place, scale=0.01):
        return rates_saddles_surface(place + 0.1, scale)

    rates_saddles_surface = rates_saddles.muller_brown
    monkeypatch.setattr(rates_saddles, "muller_brown", shifted)
    with pytest.raises(RuntimeError, match="0.1 Å from the published ones"):
        rates_saddles.model_figures()


def test_without_the_wheel_the_extra_is_named(monkeypatch):
    import benchmarks.wheel as wheel

    monkeypatch.setattr(wheel, "find_spec", lambda name: None)
    with pytest.raises(MissingBackend, match=r"pip install .*\[bench\]"):
        rates_saddles.copper_figures()
