"""What a potential's fingerprint covers, whoever made the potential; and what stores of answers keep."""

import sys
from dataclasses import dataclass, field, replace
from importlib import invalidate_caches
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from atomistic import load_potential
from atomistic.embedding.model import embed
from atomistic.embedding.quantum import QuantumPotential
from atomistic.embedding.rules import Uncertain
from atomistic.embedding.store import Store, address
from atomistic.potentials import PotentialEntry, registry
from atomistic.trust.notebook import Notebook, Position
from atomistic.trust.oracle import Oracle
from coupling.contracts import Capabilities, Potential
from coupling.errors import NotConverged, NotFinite
from coupling.wrapped import Wrapped
from tests.atomistic.conftest import write_eam_alloy

CALCULATOR = """
from ase.calculators.emt import EMT

from shared_of_fingerprint import VALUE


class Mine(EMT):
    def __init__(self, file=None, tables=None):
        super().__init__()
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A calculator of one's own, with a module that it imports and files for its options."""
    (tmp_path / "calculator_of_fingerprint.py").write_text(CALCULATOR)
    (tmp_path / "shared_of_fingerprint.py").write_text("VALUE = 1\n")
    (tmp_path / "table").write_text("one")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    _forget()


def _forget() -> None:
    for name in [name for name in sys.modules if name.endswith("_of_fingerprint")]:
        del sys.modules[name]
    invalidate_caches()


OPTIONS = {"file": "table"}, {"tables": {"Cu": [{"path": "table"}]}}, {"tables": ["pair_coeff * * table Cu"]}
MAKERS = {
    "module:Class": lambda **options: load_potential("calculator_of_fingerprint:Mine", **options),
    "sum": lambda **options: load_potential("sum", terms=["zbl", {"name": "calculator_of_fingerprint:Mine", **options}]),
    "quantum": lambda **options: QuantumPotential("calculator_of_fingerprint:Mine", **options),
    "embedded": lambda **options: load_potential(
        "embedded", low="emt", larger={"name": "calculator_of_fingerprint:Mine", **options},
        regions={"one": {"kind": "atoms", "atoms": [0]}},
    ),
}  # fmt: skip


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("kind", MAKERS)
def test_class_imports_and_files_of_options_count(kind, options, own):
    def identity() -> str:
        _forget()
        return MAKERS[kind](**options).fingerprint

    before = identity()
    assert identity() == before
    for file in ("calculator_of_fingerprint.py", "shared_of_fingerprint.py", "table"):
        text = (own / file).read_text()
        (own / file).write_text(text + "\n# other\n")
        assert identity() != before, file
        (own / file).write_text(text)
    assert identity() == before
    (own / "elsewhere").mkdir()
    assert len({before, MAKERS[kind]().fingerprint}) == 2


def test_weights_at_the_same_path_count_and_the_path_does_not(tmp_path):
    path = write_eam_alloy(tmp_path / "a.eam.alloy")
    first = load_potential(str(path)).fingerprint
    (tmp_path / "b").mkdir()
    assert load_potential(str(write_eam_alloy(tmp_path / "b" / "c.eam.alloy"))).fingerprint == first
    path.write_text(path.read_text().replace("A model for tests", "Another one"))
    assert load_potential(str(path)).fingerprint != first


@dataclass
class Open:
    """A third party's potential whose fingerprint says nothing."""

    name: str
    elements: frozenset[int] = frozenset({29})
    cutoff: float = 5.0
    fingerprint: str = "always the same"
    capabilities: Capabilities = field(default_factory=lambda: Capabilities(stress=True))

    def evaluate(self, structures, *, site_energies=False, features=False):
        return load_potential("emt").evaluate(structures)


class Closed(Open):
    """One whose fingerprint cannot be set."""

    def __init__(self, name: str) -> None:
        self.name, self.elements, self.cutoff, self.capabilities = name, frozenset({29}), 5.0, Capabilities()

    @property
    def fingerprint(self) -> str:
        return "always the same"


@pytest.mark.parametrize("kind", [Open, Closed])
def test_a_third_partys_potential_counts_with_its_loader_options_and_files(kind, tmp_path, monkeypatch):
    monkeypatch.setattr(
        sys.modules[__name__], "load_theirs", lambda name, device, dtype, **options: kind(name), raising=False
    )
    entry = PotentialEntry("theirs:*", "theirs", "a toy", f"{__name__}:load_theirs")
    monkeypatch.setattr(registry, "_BUILT_IN", (entry, *registry._BUILT_IN))
    (tmp_path / "weights").write_text("one")
    (tmp_path / "extra").write_text("one")
    name, options = f"theirs:{tmp_path / 'weights'}", {"extra": [str(tmp_path / "extra")]}

    def loaded(**more) -> Potential:
        return load_potential(name, **options | more)

    first = loaded()
    assert isinstance(first, Potential) and first.fingerprint == loaded().fingerprint != "always the same"
    assert first.evaluate([bulk("Cu")]).energies.shape == (1,) and first.elements == {29}
    assert len({first.fingerprint, loaded(head=1).fingerprint, loaded(dtype="float32").fingerprint}) == 3
    for file in ("weights", "extra"):
        (tmp_path / file).write_text("two")
        assert loaded().fingerprint != first.fingerprint, file
        (tmp_path / file).write_text("one")
    monkeypatch.setattr(
        sys.modules[__name__], "load_theirs", lambda name, device, dtype, **given: kind(f"{name}"), raising=False
    )
    assert loaded().fingerprint != first.fingerprint


def test_regions_by_long_lists_and_by_functions_are_told_apart(emt):
    def fingerprint(uncertainty) -> str:
        return embed(emt, load_potential("zbl"), {"unsure": Uncertain(uncertainty, 0.5)}).fingerprint

    values = np.linspace(0, 1, 5000)
    other = values.copy()
    other[2500] += 1e-9
    assert fingerprint(values) == fingerprint(values.copy()) != fingerprint(other)
    made = [lambda s, k=k: np.full(len(s.numbers), k) for k in (1.0, 2.0)]
    assert fingerprint(made[0]) == fingerprint(made[0]) != fingerprint(made[1])


class Mended(Wrapped):
    """A potential that answers with something that is no number until it is mended; its fingerprint stays."""

    def __init__(self, potential: Potential, what: str, first: int = 0) -> None:
        super().__init__(potential)
        self.what, self.first, self.asked = what, first, 0

    def evaluate(self, structures, *, site_energies=False, features=False):
        found = super().evaluate(structures)
        self.asked += 1
        if not self.what or self.asked <= self.first:
            return found
        values = np.array(getattr(found, self.what)[0] if self.what == "forces" else getattr(found, self.what))
        values.flat[-1] = np.nan
        return replace(found, **{self.what: (values,) if self.what == "forces" else values})


def _numbers(folder: Path) -> list[np.ndarray]:
    return [value for file in folder.rglob("*.npz") for value in np.load(file).values() if value.dtype.kind == "f"]


@pytest.mark.parametrize("what", ["energies", "forces", "stresses"])
def test_an_oracles_answer_that_is_no_number_is_not_kept_and_asked_for_again(what, emt, tmp_path):
    broken = Mended(emt, what)
    asked = Oracle(broken, tmp_path)
    for _ in range(2):
        with pytest.raises(NotFinite, match=r"answered with no number for Cu in group 'bulk'"):
            asked.label(bulk("Cu"), "bulk")
    assert broken.asked == 2 and not _numbers(tmp_path)
    broken.what = ""
    assert asked.label(bulk("Cu"), "bulk").energy == emt.evaluate([bulk("Cu")]).energies[0]
    assert Oracle(broken, tmp_path).label(bulk("Cu"), "bulk").energy and broken.asked == 3


def test_a_structure_without_a_stress_is_kept_without_one(emt, tmp_path):
    molecule = Atoms("Cu2", [[0, 0, 0], [0, 0, 2.5]])
    assert np.isnan(Oracle(emt, tmp_path).label(molecule).stress).all()
    again = Oracle(emt, tmp_path)
    assert np.isnan(again.label(molecule).stress).all() and again.recalled == 1
    assert np.isfinite(np.concatenate([value.ravel() for value in _numbers(tmp_path)])).all()


def test_a_stress_that_is_due_and_missing_is_not_kept(emt, tmp_path):
    class Lost(Wrapped):
        def evaluate(self, structures, **wanted):
            found = super().evaluate(structures)
            return replace(found, stresses=np.full_like(found.stresses, np.nan))

    with pytest.raises(NotFinite):
        Oracle(Lost(emt), tmp_path).label(bulk("Cu"))
    declared = Lost(emt)
    declared.capabilities = replace(emt.capabilities, stress=False)
    assert np.isnan(Oracle(declared, tmp_path).label(bulk("Cu")).stress).all()


def test_a_notebook_holds_numbers_alone_and_asks_again_for_what_was_none(emt, tmp_path):
    structures = [bulk("Cu", a=a, cubic=True) for a in (3.5, 3.6, 3.7)]
    broken = Mended(emt, "forces", first=1)
    book = Notebook(tmp_path, Oracle(broken))
    for one, radius in zip(structures, (np.nan, 0.1, 0.2), strict=True):
        book.choose(one, "strain", radius, Position())
    assert [entry.label is None for entry in book.entries] == [False, True, True]
    assert np.isfinite(np.concatenate([value.ravel() for value in _numbers(tmp_path)])).all()
    reopened = Notebook(tmp_path, Oracle(broken))
    assert np.isnan(reopened.entries[0].radius) and reopened.entries[1].radius == 0.1
    reopened.finish()
    assert [entry.label is None for entry in reopened.entries] == [False, True, True] and broken.asked == 5
    broken.what = ""
    mended = Notebook(tmp_path, Oracle(broken))
    mended.finish()
    assert [entry.label.energy for entry in mended.entries] == pytest.approx(
        emt.evaluate(structures).energies, abs=1e-12
    )
    assert all(entry.label is not None for entry in Notebook(tmp_path, Oracle(broken)).entries) and broken.asked == 7


def test_a_notebook_does_not_ask_again_where_the_code_failed(emt, tmp_path):
    class Failing(Wrapped):
        asked = 0

        def evaluate(self, structures, **wanted):
            self.asked += 1
            raise NotConverged("no self-consistency")

    failing = Failing(emt)
    Notebook(tmp_path, Oracle(failing)).choose(bulk("Cu"), "bulk", 0.1, Position())
    Notebook(tmp_path, Oracle(failing)).finish()
    assert failing.asked == 1


def test_a_store_neither_keeps_nor_believes_what_is_no_number(tmp_path):
    store, good = Store(tmp_path), {"energy": np.array(1.0)}
    for value in (np.nan, np.inf):
        store.put("ab", {"energy": np.array(value)})
        assert store.get("ab") is None and not list(tmp_path.rglob("*.npz"))
    store.put("ab", good)
    np.savez(tmp_path / "ab" / "ab.npz", energy=np.array(np.nan))  # as an older version kept it
    assert store.get("ab") == good and Store(tmp_path).get("ab") is None


def test_an_address_tells_molecules_in_charges_apart(emt):
    atoms, charges, places = bulk("Cu"), np.array([1.0]), np.zeros((1, 3))
    moved = atoms.copy()
    moved.positions[0, 0] = np.nextafter(0, 1)
    free = atoms.copy()
    free.pbc = False
    found = [address("a", *given) for given in (
        (atoms, None, None), (moved, None, None), (free, None, None), (atoms, charges, places), (atoms, charges, places + 1),
    )]  # fmt: skip
    assert len({*found, address("b", atoms, None, None)}) == 6
