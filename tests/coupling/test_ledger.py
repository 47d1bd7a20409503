import numpy as np
import pytest

from coupling.errors import DoubleCounted, InputError, Uncounted
from coupling.interface.rigid_path import PathSamples, interface_ledger
from coupling.ledger import Ledger, Term, TermValue

SITES = ["a", "b", "c", "d"]


def spring(owner, region, counting_number, weights):
    weights = np.asarray(weights, dtype=float)
    return Term(
        owner,
        region,
        counting_number,
        weights,
        lambda x: TermValue(float(weights @ x**2), -2 * weights * x),
    )


@pytest.fixture
def embedding():
    cluster = [0.0, 1.0, 1.0, 0.0]
    return [
        spring("ML", "all", 1, np.ones(4)),
        spring("QM", "cluster", 1, cluster),
        spring("ML", "cluster", -1, cluster),
    ]


def test_subtractive_set_counts_once_and_identical_models_give_the_whole(embedding):
    ledger = Ledger(embedding, SITES)
    np.testing.assert_allclose(ledger.count, 1.0, atol=1e-15)
    x = np.array([0.3, -1.2, 0.7, 2.0])
    value = ledger.evaluate(x)
    assert value.energy == pytest.approx(x @ x, rel=1e-15)
    np.testing.assert_allclose(value.forces, -2 * x, rtol=1e-15)
    assert sum(row.energy for row in value.rows) == pytest.approx(value.energy, rel=1e-15)


def test_forgetting_the_subtraction_is_named(embedding):
    with pytest.raises(
        DoubleCounted, match=r"2 of 4 sites.*b \(2 times\), c \(2 times\).*\+ML\(all\).*\+QM\(cluster\)"
    ):
        Ledger(embedding[:2], SITES)


def test_a_hole_is_named(embedding):
    with pytest.raises(Uncounted, match=r"a \(0 times\), d \(0 times\).*nobody"):
        Ledger(embedding[1:2], SITES)


def test_what_is_double_and_what_is_missing_are_named_together():
    terms = [spring("FE", "left", 1, [1, 1, 0, 0]), spring("GNN", "middle", 1, [0, 1, 1, 0])]
    with pytest.raises(DoubleCounted, match=r"b \(2 times\).*1 of 4 sites are counted less than once: d \(0 times\)"):
        Ledger(terms, SITES)


def test_sites_that_share_a_name_are_refused():
    with pytest.raises(InputError, match="1 site names stand for more than one site: a;"):
        Ledger([spring("FE", "all", 1, np.ones(3))], ["a", "b", "a"])


def test_a_ledger_of_nothing_is_refused():
    with pytest.raises(InputError, match="counts nothing"):
        Ledger([], [])


def test_blended_weights_must_add_up():
    beta = np.array([0.0, 0.25, 0.75, 1.0])
    Ledger([Term("GNN", "core", 1, 1 - beta), Term("FE", "far", 1, beta)], SITES)
    with pytest.raises(DoubleCounted, match=r"b \(1.1 times\)"):
        Ledger([Term("GNN", "core", 1, 1 - beta), Term("FE", "far", 1, beta + [0, 0.1, 0, 0])], SITES)


@pytest.mark.parametrize(
    ("counting_number", "weights", "message"),
    [
        (2, np.ones(4), "counting number"),
        (1, np.full(4, 1.5), r"\[0, 1\]"),
        (1, np.full(4, np.nan), r"\[0, 1\]"),
        (1, np.ones(3), "3 weights for 4 sites"),
    ],
)
def test_bad_terms_are_refused(counting_number, weights, message):
    with pytest.raises(InputError, match=message):
        Ledger([Term("FE", "bulk", counting_number, weights)], SITES)


def test_interface_ledger_counts_every_spacing_once_and_breaks_without_a_bulk_term():
    samples = PathSamples(np.array([0.0]), np.array([0.0]), np.array([0.0]), 1.0, (5, 6))
    ledger = interface_ledger(samples)
    assert len(ledger.sites) == 12 and "interface" in ledger.sites
    with pytest.raises(DoubleCounted, match="A1"):
        Ledger(ledger.terms[:3] + ledger.terms[4:], ledger.sites)
    with pytest.raises(Uncounted, match="B6"):
        Ledger([t for t in ledger.terms if t.label != "FE(body B)"], ledger.sites)


def test_table_names_everybody(embedding):
    ledger = Ledger(embedding, SITES)
    table = ledger.table(ledger.evaluate(np.ones(4)).rows)
    for word in ("ML", "QM", "cluster", "sum"):
        assert word in table
    assert table.splitlines()[-1].split()[-1] == "4"
