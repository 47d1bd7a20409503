"""A name that is no potential is answered with the one that was meant, and with how its package is had."""

import re

import pytest

from atomistic.potentials.registry import find_potential, list_potentials
from coupling.errors import InputError

ELSEWHERE = "python: PATH, of another Python that has it"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("mace.model", "mace:mace.model"),
        ("mace-mp-0", "give mace:FILE"),
        ("best.pt", "mace:best.pt, nequip:best.pt"),
        ("uma-s-1", "give uma:FILE"),
        ("emtt", "Did you mean 'emt'"),
    ],
)
def test_the_hint_is_what_to_write(name, hint):
    with pytest.raises(InputError, match=re.escape(hint)):
        find_potential(name)


@pytest.mark.parametrize("name", ["mace.model", "mace-mp-0", "best.pt"])
def test_a_network_that_is_not_here_runs_with_its_extra_or_in_another_python(name, monkeypatch):
    monkeypatch.setattr("atomistic.potentials.entry.find_spec", lambda module: None)
    with pytest.raises(InputError) as told:
        find_potential(name)
    family = "orb" if name == "best.pt" else "mace"
    extra = next(entry.extra for entry in list_potentials() if entry.kind == family)
    assert f"{family}: pip install 'multiscale-coupling[{extra}]', or {ELSEWHERE}" in str(told.value)


def test_lammps_is_no_checkpoint():
    with pytest.raises(InputError) as told:
        find_potential("best.pt")
    assert "lammps" not in str(told.value)
