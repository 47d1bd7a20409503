"""Addresses: equal for equal requests, different for all that alters a result; code, files and options by content."""

import os
import subprocess
import sys
import time
from functools import partial
from importlib import import_module, invalidate_caches
from pathlib import Path

import numpy as np
import pytest

from coupling.errors import InputError
from coupling.identity.addresses import Environment, Request, arrays_hash, file_hash, is_finite, sources_hash
from coupling.identity.content import MOST_FILES, contents_named, described
from coupling.identity.sources import code_behind, code_of

HERE = Environment("code", (("numpy", "2"),), "3.12")
BASE = Request("law", {"a": 1, "b": [1.0, 2.0]}, HERE, (("emt", "f1"), ("lj", "f2")))


def test_an_address_is_all_that_determines_a_result():
    same = Request("law", {"b": np.array([1.0, 2.0]), "a": np.int64(1)}, HERE, (("renamed", "f1"), ("lj", "f2")))
    assert same.address == BASE.address and len(BASE.address) == 64
    others = [
        Request("path", BASE.settings, HERE, BASE.potentials),
        Request("law", {"a": 1, "b": [1.0, 2.0000001]}, HERE, BASE.potentials),
        Request("law", {"a": 1, "b": [2.0, 1.0]}, HERE, BASE.potentials),
        Request("law", BASE.settings, HERE, (("emt", "f1"), ("lj", "f3"))),
        Request("law", BASE.settings, HERE, BASE.potentials[::-1]),
        Request("law", BASE.settings, Environment("other", HERE.versions, "3.12"), BASE.potentials),
        Request("law", BASE.settings, Environment("code", (("numpy", "3"),), "3.12"), BASE.potentials),
        Request("law", BASE.settings, Environment("code", HERE.versions, "3.13"), BASE.potentials),
    ]
    assert len({one.address for one in [BASE, *others]}) == 1 + len(others)
    with pytest.raises(ValueError):
        _ = Request("law", {"a": float("nan")}, HERE).address


def test_arrays_are_told_apart_by_shape_type_and_bits():
    flat = np.arange(6.0)
    hashes = [
        arrays_hash(flat), arrays_hash(flat.reshape(2, 3)), arrays_hash(flat.astype(int)), arrays_hash(np.nextafter(flat, 9)),
        arrays_hash(flat, None), arrays_hash(None, flat), arrays_hash(flat[:3], flat[3:]), arrays_hash(), arrays_hash(-0.0 * flat[:1]),
    ]  # fmt: skip
    assert len(set(hashes)) == len(hashes)
    assert arrays_hash(flat[::2]) == arrays_hash(flat[::2].copy())


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_none_is_found_wherever_it_lies(bad):
    good = {
        "a": np.ones((2, 2)),
        "b": [1, 2.0, {"c": (3.0, None, "nan")}],
        "n": np.arange(3),
        "t": np.array(["nan"]),
        "z": np.array(1j),
    }
    assert is_finite(good, None, 1.0, "inf")
    for where in (
        {"a": np.array([1.0, bad])}, {"a": [1.0, [bad]]}, {"a": {"b": (bad,)}}, {"a": np.float32(bad)}, {"a": np.array(bad)},
        {"a": np.array([complex(0, bad)])}, {"a": np.array([1.0, bad], dtype=object)},
    ):  # fmt: skip
        assert not is_finite(good | where)


def test_a_file_changed_at_once_and_of_the_same_size_has_another_hash(tmp_path):
    """Also where the clock of the file system has not gone on between two changes."""
    file, now, seen = tmp_path / "weights", time.time_ns(), set()
    for value in range(9):
        file.write_bytes(bytes([value]))
        os.utime(file, ns=(now, now))
        seen.add(file_hash(file))
    assert len(seen) == 9


def test_sources_count_by_name_and_content_but_not_those_that_show(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    package = tmp_path / "package_of_addresses"
    (package / "inner").mkdir(parents=True)
    for name in ("__init__.py", "inner/__init__.py", "inner/a.py", "inner/a.c", "inner/a.h", "page.py"):
        (package / name).write_text("A = 1\n")
    hashed = partial(sources_hash, [package.name], [f"{package.name}/page.py"])
    seen = [hashed()]
    (package / "page.py").write_text("A = 2\n")
    assert hashed() == seen[0]
    for change in (
        lambda: (package / "inner" / "a.py").write_text("A = 2\n"),
        lambda: (package / "inner" / "a.py").rename(package / "inner" / "b.py"),
        lambda: (package / "inner" / "a.c").write_text("int a = 2;"),
        lambda: (package / "inner" / "a.h").write_text("int a;"),
    ):
        change()
        seen.append(hashed())
    assert len(set(seen)) == 5
    assert sources_hash(["no_such_package_at_all"]) == sources_hash([])


CLASS = """import top_of_sources


class C:
    FACTOR = 2

    def f(self):
        from late_of_sources import g

        h = lambda x: x + 1
        return g() * h(self.FACTOR)
"""
MODULES = {
    "calc_of_sources.py": CLASS,
    "top_of_sources.py": "from importlib import import_module\n\nthird = import_module('called_of_sources')\n",
    "called_of_sources.py": "from package_of_sources.part import x\n",
    "late_of_sources.py": "def g():\n    return 1\n",
    "package_of_sources/__init__.py": "",
    "package_of_sources/part.py": "from . import beside\nfrom .deep.inner import x\n",
    "package_of_sources/beside.py": "",
    "package_of_sources/deep/__init__.py": "",
    "package_of_sources/deep/inner.py": "from ..beside import __doc__ as text\nimport numpy\nx = 1\n",
    "stranger_of_sources.py": "x = 1\n",
}


@pytest.fixture
def modules(tmp_path, monkeypatch):
    """Modules that import one another in every way, and one that none imports."""
    for name, text in MODULES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield tmp_path
    for name in [name for name in sys.modules if "_of_sources" in name]:
        del sys.modules[name]


@pytest.mark.parametrize("loaded", [False, True])
def test_the_code_behind_a_class_is_its_module_and_all_that_is_imported_from_beside_it(modules, loaded):
    if loaded:
        import_module("calc_of_sources")
    before = code_behind("calc_of_sources")
    assert {name for name, _ in before.sources} == {Path(name).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")
                                                    for name in MODULES} - {"stranger_of_sources"}  # fmt: skip
    assert dict(before.versions)["numpy"] == np.__version__
    for name in MODULES:
        text = (modules / name).read_text()
        (modules / name).write_text(text + "# changed\n")
        assert (code_behind("calc_of_sources") == before) == (name == "stranger_of_sources.py"), name
        (modules / name).write_text(text)
    assert code_behind("calc_of_sources", own=["package_of_sources"]) != before


@pytest.mark.parametrize(
    "edit", [("FACTOR = 2", "FACTOR = 3"), ("x + 1", "x + 2"), ("x + 1", "x - 1"), ("g() * h(", "g() + h(")]
)
def test_a_class_that_was_edited_after_its_import_is_told_from_the_new_one(modules, edit):
    """The file holds the new code, the process the old: neither the old address nor the new one is right."""
    kind = import_module("calc_of_sources").C
    first = code_of(kind)
    assert code_of(kind) == first and code_of(kind()) == first
    (modules / "calc_of_sources.py").write_text(MODULES["calc_of_sources.py"].replace(*edit))
    stale = code_of(kind)
    del sys.modules["calc_of_sources"]
    invalidate_caches()
    fresh = code_of(import_module("calc_of_sources").C)
    assert len({first, stale, fresh}) == 3


def test_an_installed_distribution_counts_with_its_version(modules):
    def behind(version: str) -> str:
        site = modules / f"site{version}"
        info = site / f"calc_of_sources-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: calc-of-sources\nVersion: {version}\n")
        (info / "RECORD").write_text("calc_of_sources.py,,\n")
        (site / "calc_of_sources.py").write_text("import late_of_sources, installed_of_sources\n\nclass C:\n    pass\n")
        (site / "installed_of_sources.py").write_text("import stranger_of_sources\n")
        path = os.pathsep.join([str(site), str(modules), str(Path(__file__).parents[2])])
        code = "from coupling.identity.sources import code_behind; print(code_behind('calc_of_sources').record)"
        return subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONPATH": path, "PYTHONHASHSEED": version[0]},
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    first, second = behind("1.0"), behind("2.0")
    assert "'calc-of-sources': '1.0'" in first and first.replace("1.0", "2.0") == second
    assert "late_of_sources" in first


def test_compiled_code_is_the_same_in_every_process(tmp_path):
    code = (
        "from coupling.identity.sources import code_of\n"
        "from tests.coupling.test_addresses import Sets\n"
        "print(code_of(Sets).record)"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=Path(__file__).parents[2],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(told) == 1 and "Sets" in told.pop()


class Sets:
    """A class whose constants have no order of their own."""

    NAMES = frozenset({"a", "b", "c", "d"})

    def f(self, x):
        return x in {"alpha", "beta", "gamma", "delta"} or x in self.NAMES


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Cu.upf").write_text("one")
    (tmp_path / "data" / "inner").mkdir(parents=True)
    (tmp_path / "data" / "inner" / "Ag.upf").write_text("one")
    return tmp_path


@pytest.mark.parametrize(
    ("option", "file"),
    [
        ("Cu.upf", "Cu.upf"),
        (Path("Cu.upf"), "Cu.upf"),
        ({"pseudo": {"Cu": ["Cu.upf"]}}, "Cu.upf"),
        ({"commands": ["pair_style eam/alloy", "pair_coeff * * Cu.upf Cu"]}, "Cu.upf"),
        ("basis=Cu.upf,cutoff=3", "Cu.upf"),
        (("'data/inner/Ag.upf'",), "data/inner/Ag.upf"),
        ({"pseudo_dir": "data"}, "data/inner/Ag.upf"),
        ("{place}/Cu.upf", "Cu.upf"),
        ({3: "{place}/data"}, "data/inner/Ag.upf"),
    ],
)
def test_a_file_that_an_option_names_counts_with_its_content(option, file, place):
    option = _filled(option, place)
    before = described(option)
    assert described(option) == before
    (place / file).write_text("two")
    assert described(option) != before
    assert contents_named(option) and contents_named(option)[0][1] not in str(before)
    (place / file).write_text("one")
    assert described(option) == before


def _filled(option, place):
    if isinstance(option, str):
        return option.replace("{place}", str(place))
    if isinstance(option, dict):
        return {key: _filled(value, place) for key, value in option.items()}
    return option


def test_a_folder_that_moved_is_the_same_and_what_is_written_does_not_count(place):
    before = described({"file": str(place / "Cu.upf"), "log": "run.log", "directory": "."})
    (place / "run.log").write_text("much")
    assert described({"directory": ".", "log": "run.log", "file": str(place / "Cu.upf")}) == before
    other = place / "elsewhere"
    other.mkdir()
    (other / "Cu.upf").write_text("one")
    assert described({"file": str(other / "Cu.upf"), "log": "run.log", "directory": "."}) == before
    assert described("no such file") == "no such file" and described("a\0b") == "a\0b"


def test_too_large_a_folder_is_named(place, monkeypatch):
    monkeypatch.setattr("coupling.identity.content.MOST_FILES", 1)
    (place / "data" / "second").write_text("x")
    with pytest.raises(InputError, match="too many to tell when one of them changes"):
        described({"pseudo_dir": "data"})
    assert MOST_FILES > 1000


class Thing:
    def __init__(self, values):
        self.values = values
        self.circle = self

    def scaled(self, x):
        return x * self.values


class Silent:
    __slots__ = ()


def test_what_options_mean_is_told_apart_to_the_last_bit():
    long = np.arange(5000.0)
    other = long.copy()
    other[2500] += 1e-9  # numpy prints neither
    assert repr(long) == repr(other)

    def made(factor, default=1):
        def function(x, power=default):
            return x**power * factor

        return function

    pairs = [
        (long, other), ([long], [other]), ({"a": {"b": long}}, {"a": {"b": other}}), (Thing(long), Thing(other)),
        (made(1.0), made(2.0)), (made(long), made(other)), (made(1.0, 1), made(1.0, 2)), (partial(made, 1.0), partial(made, 2.0)),
        (Thing(long).scaled, Thing(other).scaled), (lambda x: x + 1, lambda x: x + 2), (1, 1.5), (1, "1"), (float("inf"), "inf"), (b"a", b"b"),
        ({1, 2}, {1, 3}), ({1: "a"}, {"1": "a"}), (Thing, Sets),
    ]  # fmt: skip
    for one, two in pairs:
        assert described(one) == described(one)
        assert described(one) != described(two), (one, two)
    assert described({"a": 1, "b": np.float64(2)}) == described({"b": 2.0, "a": np.int64(1)})
    assert described({3, 1, 2}) == described({2, 3, 1}) and described(Thing(1)) == described(Thing(1))
    assert described(Silent()) != described(Silent()), "what says nothing of itself is never the same"
