"""The benchmark of attacks by input: its table, and what it finds."""

import os
import socket

import pytest

from benchmarks.attack_cases import CASES, cases
from benchmarks.attack_hostile import ATTACKS, hostile
from benchmarks.attack_inputs import answer, bad_inputs, is_clean, rows, working_folder
from benchmarks.attack_ports import listening


def test_the_table_is_large_and_each_row_is_its_own():
    names = [name for name, _, _ in rows()]
    assert len(names) == len(set(names)) >= 150 and len(ATTACKS) >= 30 and len(CASES) >= 20


def test_what_is_not_clean_would_be_seen():
    assert is_clean(2, "Error: a sentence.\n")
    for status, told in (
        (1, "Error: a sentence.\n"), (2, "Error: unexpected KeyError: 'a'.\n"), (2, "two\nlines\n"), (0, ""),
        (2, "Traceback (most recent call last)\n"),
    ):  # fmt: skip
        assert not is_clean(status, told)


def test_a_trace_would_be_seen(monkeypatch):
    with working_folder():
        monkeypatch.setattr("multiscale.studies.check_study", lambda _: open("left", "w").close())
        text = "study: cohesive_law\npotential: emt\nplane: {species: Cu, structure: fcc, miller: [1, 1, 1]}\n"
        assert answer("check", text)[2]


def test_a_port_that_takes_anybody_would_be_seen():
    with socket.create_server(("127.0.0.1", 0)) as open_port:
        assert open_port.getsockname() in listening(os.getpid())
    assert "a port of a sweep that others reach" in ATTACKS


def test_every_case_is_read_right_or_refused_for_what_it_is():
    found = cases()
    assert found["cases"] == found["cases_right"] == len(CASES)


@pytest.mark.slow
def test_bad_inputs_are_refused_in_one_sentence_and_leave_nothing():
    found = bad_inputs()
    assert found["clean"] == found["bad_inputs"] and found["traces_left"] == 0


@pytest.mark.slow
def test_no_hostile_input_gets_in(tmp_path):
    found = hostile(tmp_path)
    assert found["hostile_succeeded"] == 0, found["hostile_named"]
