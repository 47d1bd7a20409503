"""What third parties bring is found when it is installed, also while the program runs."""

from coupling.discovery import third_parties, third_party_names

GROUP = "multiscale.group_of_this_test"


def test_a_distribution_that_is_installed_later_is_found(tmp_path, monkeypatch):
    """All entry points are read once; a folder on the path that changes is read again."""
    monkeypatch.syspath_prepend(tmp_path)
    assert third_party_names(GROUP) == []
    info = tmp_path / "later-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: later\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\nroot = math:sqrt\nside = math:hypot\n", encoding="utf-8")
    assert third_party_names(GROUP) == ["root", "side"]
    assert third_parties(GROUP, "root")["root"](4.0) == 2.0
    monkeypatch.undo()
    assert third_party_names(GROUP) == []
