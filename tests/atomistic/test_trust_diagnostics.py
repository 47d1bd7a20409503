"""Diagnostics of learning against refits without the labels, and what they show of noise and of other kinds."""

from dataclasses import replace

import numpy as np
import pytest

from atomistic.trust import LabelSet, fit_posterior
from atomistic.trust.diagnostics import diagnose, elements_of
from coupling.errors import InputError
from tests.atomistic.radial_model import radial
from tests.atomistic.test_trust import NOISES, TRUTH, crystals, noisy


@pytest.fixture(scope="module")
def posterior():  # type: ignore[no-untyped-def]
    labels = noisy(LabelSet.made(radial(TRUTH, {29: -3.0}), crystals(16)))
    named = tuple(replace(one, group="ab"[k >= 12]) for k, one in enumerate(labels))
    return fit_posterior(radial(), LabelSet(named))


def refitted(posterior, places, tested):  # type: ignore[no-untyped-def]
    """Errors of forces of a fit to some labels on others, at the same widths."""
    part = fit_posterior(radial(), posterior.labels[places], widths=posterior.widths)
    found = part.mean_potential().evaluate([posterior.labels.structures[k] for k in tested]).forces
    return np.concatenate([(posterior.labels.labels[k].forces - f).ravel() for k, f in zip(tested, found, strict=True)])


def test_errors_are_those_of_refits(posterior) -> None:  # type: ignore[no-untyped-def]
    found = diagnose(posterior, points=4)
    a, b = found.groups
    assert (a.group, a.labels, b.group, b.labels) == ("a", 12, "b", 4)
    alone = np.concatenate([refitted(posterior, [j for j in range(16) if j != k], [k]) for k in range(12, 16)])
    assert b.force == pytest.approx(np.sqrt(np.mean(alone**2)), rel=1e-6)
    outside = refitted(posterior, list(range(12)), list(range(12, 16)))
    assert b.force_outside == pytest.approx(np.sqrt(np.mean(outside**2)), rel=1e-6)
    assert found.counts.tolist() == [1, 6, 10, 15]
    first = refitted(posterior, [0], list(range(1, 16)))
    assert found.curve[0] == pytest.approx(np.sqrt(np.mean(first**2)), rel=1e-5)
    assert found.curve[-1] < found.curve[0]  # towards the noise
    assert found.worst.force == max(a.force, b.force)


def test_noise_is_told_from_what_labels_leave_open(posterior) -> None:  # type: ignore[no-untyped-def]
    """The student can represent the oracle: what is left is its noise, and the predicted parts add up to the error."""
    found = diagnose(posterior)
    for one in found.groups:
        assert one.aleatoric == pytest.approx(NOISES[1], rel=0.15)
        assert np.hypot(one.aleatoric, one.epistemic) == pytest.approx(one.force, rel=0.2)
    assert found.groups[0].epistemic < 0.5 * found.groups[0].aleatoric


def test_elements_are_kinds(posterior) -> None:  # type: ignore[no-untyped-def]
    (only,) = diagnose(posterior, elements_of(posterior)).groups
    assert only.group == "Cu" and np.isnan(only.force_outside)
    with pytest.raises(InputError, match="one kind for each"):
        diagnose(posterior, ["a"])
