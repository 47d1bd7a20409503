"""The house's benchmark: one of each kind is one file, the structure is whole, and both measures can fail."""

from dataclasses import replace

import pytest

from benchmarks import house_layout
from benchmarks.house_additions import added, additions


@pytest.mark.parametrize("kind", list(additions()))
def test_adding_one_takes_one_file(kind):
    assert added(additions()[kind]) == 1


def test_what_was_not_added_is_not_known():
    law = additions()["law"]
    with pytest.raises(RuntimeError, match="morse"):
        added(replace(law, files={"coupling/laws/other.py": '"""Nothing."""\n'}))


def test_the_structure_of_the_house():
    modules = house_layout.sources()
    graph = house_layout.import_graph(modules)
    assert house_layout.circles(graph) == []
    assert house_layout.upward(graph) == []
    assert house_layout.doubled_classes(modules) == {}
    assert house_layout.undocumented(modules) == []
    assert house_layout.without_all(modules) == []
    assert [name for name, path in modules.items() if len(path.read_text(encoding="utf-8").splitlines()) > 300] == []


def test_a_circle_hidden_in_a_function_would_be_seen(tmp_path):
    (tmp_path / "a.py").write_text("def f():\n    from b import g\n")
    (tmp_path / "b.py").write_text("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import a\n")
    modules = {name: tmp_path / f"{name}.py" for name in "ab"}
    assert house_layout.circles(house_layout.import_graph(modules)) == [["a", "b"]]


def test_an_upward_import_would_be_seen():
    assert house_layout.upward({"coupling.x": {"atomistic.y"}, "multiscale.z": {"coupling.x"}}) == [
        ("coupling.x", "atomistic.y")
    ]
