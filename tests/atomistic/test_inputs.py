"""Bad input is one clear sentence, whichever engine it reaches."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from atomistic import list_potentials, load_potential
from atomistic.potentials.coulomb import Coulomb
from coupling.contracts import Potential
from coupling.errors import InputError, MissingBackend


def with_nan() -> Atoms:
    atoms = bulk("Cu") * 2
    atoms.positions[3, 1] = np.nan
    return atoms


BAD = {
    "no structures": ([], "list of structures is empty"),
    "one structure": (bulk("Cu"), "where a list of structures is needed"),
    "no atoms": ([bulk("Cu"), Atoms(cell=[3, 3, 3], pbc=True)], "Structure 1 of 2 has no atoms"),
    "NaN": ([with_nan()], "atom 3 has position"),
    "infinite cell": ([Atoms("Cu", cell=[3, 3, np.inf], pbc=True)], "not finite"),
    "same place": ([Atoms("Cu2", [[1, 1, 1], [1, 1, 1]])], "atom 0 and atom 1 are 0 Å apart"),
    "same place through the image": (
        [Atoms("Cu2", [[0, 0, 0], [4, 4, 3.99]], cell=[4, 4, 4], pbc=True)],
        "0.01 Å apart",
    ),
    "own image": ([Atoms("Cu", cell=[4, 4, 0.05], pbc=True)], "atom 0 and its image"),
    "unknown element": ([Atoms("Rf", cell=[4, 4, 4], pbc=True)], "lacks Rf; it knows"),
    "empty cell": ([Atoms("Cu", pbc=True)], "cell vector of length zero"),
    "singular cell": ([Atoms("Cu", cell=[[4, 0, 0], [0, 4, 0], [4, 4, 0]], pbc=True)], "singular"),
    "parallel in-plane": ([Atoms("Cu", cell=[[4, 0, 0], [8, 0, 0], [0, 0, 9]], pbc=[1, 1, 0])], "singular"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_structures(potential: Potential, case: str) -> None:
    structures, message = BAD[case]
    with pytest.raises(InputError) as caught:
        potential.evaluate(structures)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "7net0"}, "Did you mean '7net-0'?"),
        ({"name": "absent.eam.alloy"}, "does not exist"),
        ({"name": "absent.pth"}, "does not exist"),
        ({"name": "7net-0", "dtype": "float16"}, "valid: float32, float64"),
        ({"name": "7net-0", "device": "tpu"}, "valid: auto, cpu"),
        ({"name": "7net-0", "modal": "PBE"}, "takes no modal"),
        ({"name": "7net-0", "model": "PBE"}, "Did you mean 'modal'?"),
        ({"name": "7net-mf-0"}, "needs a modal; valid: PBE, R2SCAN"),
        ({"name": "7net-mf-0", "modal": "LDA"}, "valid: PBE, R2SCAN"),
        ({"name": "emt", "device": "cuda"}, "CPU alone"),
        ({"name": "emt", "dtype": "float32"}, "float64 alone"),
        ({"name": "ase.calculators.emt:EMTT"}, "Did you mean 'EMT'?"),
        ({"name": "ase.calculators.lj:LennardJones", "device": "cuda"}, "CPU alone"),
        ({"name": "no_such_module:Calculator"}, "cannot be imported"),
    ],
)
def test_bad_names_and_options(arguments: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=".") as caught:
        load_potential(**arguments)
    assert message in str(caught.value)


def test_missing_backend_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("atomistic.potentials.entry.find_spec", lambda module: None)
    with pytest.raises(MissingBackend, match=r"pip install 'multiscale-coupling\[chgnet\]'"):
        load_potential("chgnet")
    assert not any(entry.available for entry in list_potentials())


def test_unreadable_files(tmp_path: Path) -> None:
    table = tmp_path / "broken.eam.alloy"
    table.write_text("not a table\n")
    with pytest.raises(InputError, match="cannot be read as eam/alloy"):
        load_potential(str(table))
    checkpoint = tmp_path / "broken.pth"
    checkpoint.write_bytes(b"not a checkpoint")
    with pytest.raises(InputError, match="is damaged, or is none"):
        load_potential(str(checkpoint), trust=True)


def test_a_checkpoint_that_is_code_needs_trust(tmp_path: Path) -> None:
    import sevenn

    (packaged,) = Path(sevenn.__file__).parent.glob("pretrained_potentials/SevenNet_0__11Jul2024/*.pth")
    copy = tmp_path / "copy.pth"
    copy.write_bytes(packaged.read_bytes())
    with pytest.raises(InputError, match="trust=True"):
        load_potential(str(copy), device="cpu")
    trusted = load_potential(str(copy), device="cpu", trust=True)
    assert trusted.fingerprint == load_potential("7net-0", device="cpu").fingerprint


def test_no_features_is_said(emt: Potential) -> None:
    with pytest.raises(InputError, match="no features"):
        emt.evaluate([bulk("Cu")], features=True)
    with pytest.raises(InputError, match="no site energies"):
        Coulomb({"Cu": 0.0}).evaluate([bulk("Cu")], site_energies=True)
    assert emt.evaluate([bulk("Cu")], site_energies=True).site_energies[0].shape == (1,)


def test_importing_and_listing_is_light() -> None:
    code = (
        "import sys, atomistic; atomistic.list_potentials();"
        "print([m for m in ('torch', 'sevenn', 'torch_sim', 'matscipy', 'ase') if m in sys.modules])"
    )
    root = Path(__file__).parents[2]
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert out.stdout.strip() == "[]"
    assert out.stderr == ""
