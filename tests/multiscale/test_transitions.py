"""Transitions in scripts: options by name, and what an interruption leaves."""

import numpy as np
import pytest

import multiscale as ms
from benchmarks.model_surfaces import FREE, PlanePotential, at, muller_brown
from coupling.errors import InputError
from coupling.wrapped import Wrapped

SURFACE = PlanePotential(muller_brown, "Müller-Brown")
ENDS = at(-0.558, 1.442), at(-0.05, 0.467)


class Stops(Wrapped):
    """Is interrupted after some batches."""

    def __init__(self, potential, after):
        super().__init__(potential)
        self.left = after

    def evaluate(self, structures, **asked):
        if not self.left:
            raise KeyboardInterrupt
        self.left -= 1
        return self.bare.evaluate(structures, **asked)


def test_an_interrupted_transition_goes_on_and_leaves_nothing_but_what_was_there(tmp_path):
    kept = tmp_path / "mine.txt"
    kept.write_text("mine")
    told = []
    exact = ms.transition(SURFACE, *ENDS, free=FREE, progress=lambda *words: told.append(words[0]))
    assert list(dict.fromkeys(told)) == ["ends", "Hessians", "nudged elastic band", "saddle", "reaction path"]
    with pytest.raises(KeyboardInterrupt):
        ms.transition(Stops(SURFACE, 20), *ENDS, free=FREE, folder=tmp_path)
    left = len(list(tmp_path.rglob("*.npz")))
    assert left == 20
    resumed = Stops(SURFACE, 1000)
    found = ms.transition(resumed, *ENDS, free=FREE, folder=tmp_path)
    assert found.barrier == exact.barrier and np.array_equal(found.path.energies, exact.path.energies)
    assert 1000 - resumed.left <= exact.cost.batches - left
    assert kept.read_text() == "mine" and not list(tmp_path.rglob("*.npz"))


def test_an_unknown_option_is_named_with_its_neighbour():
    with pytest.raises(InputError, match=r"Unknown option of a transition 'image'; .*Did you mean 'images'"):
        ms.transition(SURFACE, *ENDS, free=FREE, image=5)
    with pytest.raises(InputError, match="2 images do not show a barrier; use 3 or more"):
        ms.transition(SURFACE, *ENDS, free=FREE, images=2)
