"""Total charges: each given once, and both models told of the same."""

from dataclasses import replace

import numpy as np
import pytest

from coupling.contracts import Capabilities, Cost, Evaluation
from coupling.embedding.cluster import Atoms, Termination
from coupling.embedding.mixing import ForceMixing
from coupling.embedding.subtractive import Embedded
from coupling.embedding.terms import Region, clusters_of
from coupling.embedding.totals import TotalCharges
from coupling.errors import InputError

BARE = Termination({1: 0.3})
PLACES = np.outer([1.0, 4.0, 8.0, 13.0], [1.0, 0, 0])
ROW = Atoms(np.ones(4, dtype=int), PLACES, np.zeros((3, 3)), np.zeros(3, dtype=bool))
REGIONS = [Region("a", np.array([0])), Region("b", np.array([1, 2]))]


class Ions:
    """E = s (n + 10 q): of n atoms with the total charge q; every atom is pulled by s q along x."""

    name, elements, cutoff = "ions", frozenset({1}), 1.0

    def __init__(self, scale: float, charge: int = 0, *, takes: bool = True) -> None:
        self.scale, self.charge, self.fingerprint = scale, charge, f"{scale} {charge}"
        self.capabilities = Capabilities(total_charge=takes)

    def with_charge(self, charge):
        return Ions(self.scale, charge)

    def evaluate(self, structures, *, site_energies=False, features=False):
        sizes = np.array([len(one.numbers) for one in structures])
        forces = tuple(np.outer(np.ones(n), [self.scale * self.charge, 0, 0]) for n in sizes)
        energies = self.scale * (sizes + 10.0 * self.charge)
        return Evaluation(energies, forces, np.full((len(sizes), 3, 3), np.nan), Cost())


def embedded(totals: TotalCharges, low: Ions) -> Embedded:
    return Embedded(low, Ions(1.0), lambda _: REGIONS, BARE, totals=totals)


def test_low_all_high_and_minus_low_get_their_charges():
    totals = TotalCharges({"a": 1, "b": -3})
    low, high = 0.25, 1.0
    expected = low * (4 + 10 * -2) + (high - low) * (1 + 10 * 1) + (high - low) * (2 + 10 * -3)
    model = embedded(totals, Ions(low))
    found = model.evaluate([ROW])
    assert found.energies[0] == pytest.approx(expected)
    assert found.forces[0][:, 0].tolist() == pytest.approx(
        [low * -2 + (high - low) * 1] + [low * -2 + (high - low) * -3] * 2 + [low * -2]
    )
    assert model.ledger(ROW).energy == pytest.approx(expected)


def test_a_cheap_potential_that_takes_none_is_asked_as_it_is():
    found = embedded(TotalCharges({"a": 1}), Ions(0.25, takes=False)).evaluate([ROW])
    assert found.energies[0] == pytest.approx(0.25 * 4 + (11 - 0.25) + (2 - 0.5))


def test_charges_of_atoms_are_summed_over_clusters():
    totals = TotalCharges(atoms=np.array([1.0, -1.0, -2.0, 5.0]))
    clusters = clusters_of(ROW, REGIONS, BARE)
    assert totals.of(["a", "b"], clusters, 4) == (3, [1, -3])


@pytest.mark.parametrize(
    ("totals", "says"),
    [
        (TotalCharges(whole=1), "total charge of .1 e, and its regions .* charge: 1 in a"),
        (TotalCharges({"c": 1}), "given to region 'c'; the regions are a, b"),
        (TotalCharges({"a": 1}, np.array([2.0, 0, 0, 0])), "given a charge of .1 e, and the structure's atoms .*.2 e"),
        (TotalCharges(atoms=np.array([0.4, 0.6, 0, 0])), "add up to 0.4 e"),
        (TotalCharges(atoms=np.ones(3)), "of 3 atoms, and the structure has 4"),
    ],
)
def test_charges_that_disagree_are_refused(totals, says):
    with pytest.raises(InputError, match=says):
        totals.of(["a", "b"], clusters_of(ROW, REGIONS, BARE), 4)


def test_an_accurate_model_that_takes_none_is_refused():
    with pytest.raises(InputError, match="takes no total charge"):
        Embedded(Ions(0.25), Ions(1.0, takes=False), lambda _: REGIONS, BARE, totals=TotalCharges({"a": 1}))


def test_mixed_forces_have_the_charges_too():
    mixing = ForceMixing(Ions(0.25), Ions(1.0), BARE, "abrupt", TotalCharges({"a": 1, "b": 2}))
    low = 0.25 * 3
    net = (1 - low) + 2 * (2 - low)
    mixed = mixing.evaluate(ROW, REGIONS)
    assert mixed.correction[0] == pytest.approx(net)
    difference = replace(mixing, kind="difference").evaluate(ROW, REGIONS)
    assert difference.correction[0] == pytest.approx(0.75 * 1 + 2 * 0.75 * 2)


def test_charges_count_for_the_fingerprint():
    prints = {
        embedded(one, Ions(0.25)).fingerprint
        for one in (TotalCharges(), TotalCharges({"a": 1}), TotalCharges({"a": 2}))
    }
    assert len(prints) == 3
