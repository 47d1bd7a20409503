"""Every potential has a card, and the cards warn of what the models cannot do."""

import pytest

from atomistic import list_potentials
from atomistic.potentials.cards import card
from coupling.errors import InputError


def test_every_potential_has_a_card() -> None:
    for entry in list_potentials():
        found = card(entry.name)
        assert found.name == entry.name
        assert found.good_for and found.not_for and found.source


@pytest.mark.parametrize("name", ["7net-0", "7NET-L3I5", "7net-mf-0", "chgnet"])
def test_universal_models_warn_of_stacking_faults(name: str) -> None:
    assert "stacking faults are meaningless" in str(card(name))


def test_embedded_atom_files_share_a_card() -> None:
    assert card("*.eam.fs").not_for == card("*.eam.alloy").not_for


def test_unknown_name() -> None:
    with pytest.raises(InputError, match="Did you mean '7net-0'"):
        card("7net0")
