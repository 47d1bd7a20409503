"""Error bars of a Peierls barrier: they follow the γ-surface of the samples."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from atomistic import load_potential
from atomistic.trust.propagate import propagate
from coupling.contracts import Capabilities, Potential
from coupling.errors import InputError
from multiscale.studies.dislocation.peierls import peierls


@pytest.fixture(scope="module")
def emt() -> Potential:
    return load_potential("emt")


@dataclass
class Scaled:
    """A potential times a number: barrier, stress and γ scale alike, at the same lattice."""

    inner: Potential
    factor: float
    capabilities: Capabilities = field(default_factory=lambda: Capabilities(stress=True))

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)

    def evaluate(self, structures, **wanted):  # type: ignore[no-untyped-def]
        """All energies, forces and stresses times the factor."""
        from dataclasses import replace

        found, f = self.inner.evaluate(structures, **wanted), self.factor
        return replace(
            found,
            energies=f * found.energies,
            forces=tuple(f * one for one in found.forces),
            stresses=f * found.stresses,
        )


def sines(potential, bulk, crystal, divisions, progress=None):  # type: ignore[no-untyped-def]
    """A γ-surface of copper's size, eV/Å², with the potential's factor: two sines in place of many relaxations."""
    angles = 2 * np.pi * np.arange(divisions) / divisions
    waves = 2 - np.cos(angles)[:, None] - np.cos(angles)[None]
    return np.diag([crystal.glide_period, crystal.length]), 0.01 * potential.factor * waves


def test_bars_are_those_of_the_samples(emt: Potential, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crystal stiffer by a tenth has a barrier higher by a tenth; two samples at ±10 % deviate by 0.1·√2."""
    monkeypatch.setattr("multiscale.studies.dislocation.peierls.slip_plane_energies", sines)
    quantities = peierls("Cu", "fcc", "edge", divisions=8, rows=60, points=12)
    found = propagate(quantities, Scaled(emt, 1.0), [Scaled(emt, 0.9), Scaled(emt, 1.1)])
    for name in ("peierls_barrier", "peierls_stress", "gamma_largest"):
        assert found[name].value > 0
        assert float(found[name].std / found[name].value) == pytest.approx(0.1 * np.sqrt(2), rel=0.02)


def test_a_slip_system_that_is_not_there_is_said() -> None:
    with pytest.raises(InputError, match="valid"):
        peierls("Cu", "fcc", "nowhere")
