"""Every potential has a card, and the cards warn of what the models cannot do."""

import pytest

from atomistic import list_potentials
from atomistic.potentials.cards import card
from atomistic.potentials.registry import PotentialEntry
from coupling.errors import InputError

STRANGER = PotentialEntry("stranger", "own", "A third party's", "stranger:load")
ANYBODY_S = {
    "*.pth",
    "mace:*",
    "nequip:*",
    "metatomic:*",
    "orb:*",
    "uma:*",
    "mattersim:*",
    "lammps",
    "lammps:*",
    "*module:Class",
    "watched",
}
"""Files and classes that anybody may have made: no card can say what they are good for."""


def test_every_potential_has_a_card_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said of a potential that nobody knows does not count as one."""
    entries = list_potentials()
    monkeypatch.setattr("atomistic.potentials.cards.list_potentials", lambda: [*entries, STRANGER])
    unknown = card(STRANGER.name)
    assert (unknown.name, unknown.description) == (STRANGER.name, STRANGER.description)
    without = set()
    for entry in entries:
        found = card(entry.name)
        assert (found.name, found.description) == (entry.name, entry.description)
        own = [getattr(found, field) != getattr(unknown, field) for field in ("good_for", "not_for", "source")]
        assert all(own) or not any(own)
        if not any(own):
            without.add(entry.name)
    assert without <= ANYBODY_S


@pytest.mark.parametrize("name", ["7net-0", "7NET-L3I5", "7net-mf-0", "chgnet"])
def test_universal_models_warn_of_stacking_faults(name: str) -> None:
    assert "stacking faults are meaningless" in str(card(name))


@pytest.mark.parametrize(("name", "seen"), [("7net-0", "23.6 and 22.4 GPa"), ("7net-l3i5", "23.4 and 28.5 GPa")])
def test_universal_models_warn_of_iron(name: str, seen: str) -> None:
    """The peaks that they have and the one that they should have, and the work of (110)."""
    said = card(name).not_for
    assert all(one in said for one in ("cleavage of iron", seen, "35.05 GPa at 0.6 Å", "instead of 5.13"))


def test_embedded_atom_files_share_a_card() -> None:
    assert card("*.eam.fs").not_for == card("*.eam.alloy").not_for


def test_unknown_name() -> None:
    with pytest.raises(InputError, match="Did you mean '7net-0'"):
        card("7net0")
