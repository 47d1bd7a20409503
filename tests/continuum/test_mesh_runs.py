"""The same specimen in files of other forms breaks at the same load."""

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from multiscale import run_study
from multiscale.cli import app

DATA = Path(__file__).parent / "data" / "abaqus"


def with_cohesive_elements(text):
    """The upper body with nodes 31 to 35 of its own on the interface, joined by COH2D4 where the set `bond` was."""
    nodes, *blocks = text.split("*ELEMENT, ")
    upper = next(block for block in blocks if "ELSET=upper" in block)
    left = next(block for block in blocks if "ELSET=left" in block)
    own = {str(n): str(n + 20) for n in range(11, 16)}
    twins = "".join(
        f"{own[line.split(',')[0]]},{line.partition(',')[2]}\n"
        for line in nodes.split("\n")
        if line.split(",")[0] in own
    )
    replace = lambda block: "\n".join(  # noqa: E731
        ", ".join([head, *(own.get(node, node) for node in rest)]) if head.strip().isdigit() else line
        for line in block.split("\n")
        for head, *rest in [line.split(", ")]
    )
    bond = "TYPE=COH2D4, ELSET=bond\n" + "".join(f"{200 + n}, {n}, {n + 1}, {n + 21}, {n + 20}\n" for n in (12, 13, 14))
    changed = {upper: replace(upper), left: replace(left)} | {block: bond for block in blocks if "ELSET=bond" in block}
    loose = [block for block in blocks if "ELSET" not in block]
    return nodes + twins + "".join("*ELEMENT, " + changed.get(block, block) for block in blocks if block not in loose)


def run(folder, name, text):
    (folder / f"{name}.inp").write_text(text)
    study = (
        (DATA / "silent_right.yaml")
        .read_text()
        .replace("right.inp", f"{name}.inp")
        .replace("runs/right", f"runs/{name}")
    )
    (folder / f"{name}.yaml").write_text(study)
    done = CliRunner().invoke(app, ["check", str(folder / f"{name}.yaml")])
    assert done.exit_code == 0, done.stderr
    return run_study(folder / f"{name}.yaml")


def test_a_set_after_an_unnamed_block_holds_its_own_elements(tmp_path):
    """An unnamed block before the named one once gave 20.43 kN/m; the load is 10.07 kN/m in either order."""
    texts = {name: (DATA / f"silent_{name}.inp").read_text() for name in ("right", "wrong")}
    found = {name: run(tmp_path, name, text) for name, text in texts.items()}
    right, wrong = (found[name].quantities["peak_load"].value for name in ("right", "wrong"))
    assert wrong == right == pytest.approx(10.07e3, rel=5e-4)
    loads = [found[name].curves["load_displacement"].values["load"] for name in ("right", "wrong")]
    np.testing.assert_array_equal(*loads)
    assert len(loads[0]) > 10


def test_cohesive_elements_break_as_the_interface_does(tmp_path):
    """Its crack has doubled nodes where the other's has a facet without a law: the same load."""
    text = (DATA / "silent_right.inp").read_text()
    whole = run(tmp_path, "whole", text).quantities["peak_load"].value
    split = run(tmp_path, "split", with_cohesive_elements(text)).quantities["peak_load"].value
    assert split == pytest.approx(whole, rel=1e-6) and whole == pytest.approx(10.07e3, rel=5e-4)
