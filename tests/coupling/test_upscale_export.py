"""What is exported is read back, by us and by others' rules."""

from dataclasses import replace

import numpy as np
import pytest
import yaml
from scipy.constants import Boltzmann

from coupling.errors import InputError
from coupling.upscale.blocks import read_damask, read_opendis, roundtrip, to_damask, to_opendis
from coupling.upscale.export import DislocationParameters, Value, from_yaml, read, save, to_yaml
from coupling.upscale.flow import GlideLaw

TUNGSTEN = DislocationParameters(
    "W", "bcc", "screw", GlideLaw(2.61154e-19, 2.03e9, 0.86, 1.69, 2.72e-10, 2.566e-10, drag=8.3e-5),
    {"peierls_stress": 1e8, "activation_enthalpy": 1e-20},
    {"C_11": 523e9, "C_12": 205e9, "C_44": 161e9}, 160e9, 0.28,
    {"partial_separation": Value(0.0, "m"), "peierls_barrier": Value(1e-11, "J/m", 1e-13)},
    {"angle": [0.0, 0.5], "prefactor": [1.6e11, 1.7e11], "energy": [1e-9, 1.1e-9], "tension": [2e-9, 1e-10]},
    {"potential": "some.eam: \"quoted\" # and more"}, ["ΔH₀ holds ln(R/r0)."],
)  # fmt: skip
ALUMINIUM = replace(
    TUNGSTEN, name="Al", structure="fcc", system="edge", law=GlideLaw(2e-20, 5e6, 0.7, 1.3, 2.86e-10, 2.5e-10)
)
TEMPERATURES, RATES = np.array([10.0, 77.0, 300.0, 700.0]), np.array([1e-3, 1.0, 1e3])


@pytest.mark.parametrize("parameters", [TUNGSTEN, ALUMINIUM], ids=["bcc", "fcc"])
def test_all_forms_give_the_same_flow_stress(parameters):
    assert roundtrip(parameters, TEMPERATURES, RATES) < 1e-9


def test_a_changed_number_would_be_seen():
    text = to_damask(TUNGSTEN)
    law = read_damask(text.replace("q_sl: [1.69]", "q_sl: [1.6901]"))
    assert abs(law.flow_stress(300.0, 1.0) / TUNGSTEN.law.flow_stress(300.0, 1.0) - 1) > 1e-6


def test_the_yaml_holds_everything_and_other_readers_read_it(tmp_path):
    save(TUNGSTEN, tmp_path / "w.yaml")
    assert read(tmp_path / "w.yaml") == TUNGSTEN
    assert list(tmp_path.iterdir()) == [tmp_path / "w.yaml"]
    data = yaml.safe_load(to_yaml(TUNGSTEN))
    assert data["glide"]["activation_enthalpy"] == {"value": 2.61154e-19, "unit": "J", "std": 1e-20}
    assert data["provenance"]["potential"] == 'some.eam: "quoted" # and more'
    assert data["line"]["tension"] == {"unit": "N", "value": [2e-9, 1e-10]}
    assert "PLACEHOLDER" in to_yaml(ALUMINIUM) and "PLACEHOLDER" not in to_yaml(TUNGSTEN)


def test_damask_s_own_kinetics_give_the_strain_rate():
    """The formula of `dislotungsten`, from the block as PyYAML reads it."""
    phase = yaml.safe_load(to_damask(TUNGSTEN))["phase"]["W"]
    assert phase["lattice"] == "cI" and phase["mechanical"]["elastic"]["C_44"] == 161e9
    own = {k: v[0] if isinstance(v, list) else v for k, v in phase["mechanical"]["plastic"].items()}
    for temperature in TEMPERATURES:
        stress = float(TUNGSTEN.law.flow_stress(temperature, 1.0))
        length = own["D"] - own["w"]
        ratio = stress / own["tau_Peierls"]
        waiting = own["b_sl"] * np.exp(
            own["Q_s"] / (Boltzmann * temperature) * (1 - ratio ** own["p_sl"]) ** own["q_sl"]
        )
        waiting /= own["omega"] * length
        running = length * own["B"] / (2 * own["b_sl"] * stress)
        rate = 2 * own["rho_mob_0"] * own["b_sl"] * 0.5 * own["h"] / (waiting + running)
        assert rate == pytest.approx(1.0, rel=1e-7)


def test_the_blocks_have_the_keys_that_the_codes_read():
    """As in DAMASK's `plastic_dislotungsten_init`, and in ExaDiS's `get_exadis_params` and `MobilityLaw`."""
    plastic = set(yaml.safe_load(to_damask(TUNGSTEN))["phase"]["W"]["mechanical"]["plastic"])
    required = {"type", "N_sl", "D", "D_0", "Q_cl", "rho_mob_0", "rho_dip_0", "b_sl", "Q_s", "i_sl", "tau_Peierls", "p_sl", "q_sl",
                "h", "w", "omega", "B", "D_a", "f_at", "h_sl-sl"}  # fmt: skip
    optional = {"output", "f_edge", "no_dipole_formation", "a_nonSchmid", "isotropic_bound", "atol_rho", "atol_gamma"}
    assert required <= plastic <= required | optional
    text = to_opendis(ALUMINIUM, [300.0], 1.0)
    block = read_opendis(text)
    assert set(block.state) | {"a", "maxseg", "minseg"} == {"crystal", "burgmag", "mu", "nu", "a", "maxseg", "minseg"}
    assert "a (core radius), maxseg and minseg" in text
    assert set(block.mobility[300.0]) == {"mobility_law", "Medge", "Mscrew", "Fedge", "Fscrew"}
    other = read_opendis(to_opendis(TUNGSTEN, [300.0], 1.0)).mobility[300.0]
    assert set(other) == {"mobility_law", "Medge", "Mscrew", "Mclimb"}


def test_opendis_blocks_are_arguments_with_units():
    block = read_opendis(to_opendis(ALUMINIUM, [77.0, 300.0], 1.0))
    assert block.mobility[77.0]["mobility_law"] == "FCC_0_FRIC"
    assert 0 < block.mobility[300.0]["Fedge"] < block.mobility[77.0]["Fedge"] < 5e6
    assert block.mobility[77.0]["Medge"] == pytest.approx(1 / ALUMINIUM.law.drag, rel=1e-6)
    assert block.flow_stress(300.0) == pytest.approx(float(ALUMINIUM.law.flow_stress(300.0, 1.0)), rel=1e-12)
    assert read_opendis(to_opendis(TUNGSTEN, [300.0], 1.0)).mobility[300.0]["mobility_law"] == "BCC_0B"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.replace('"unit": "Pa"', '"unit": "GPa"'), "unit 'GPa'"),
        (lambda t: t.replace("version: 1", "version: 2"), "version 1"),
        (lambda t: t.replace("  p:", "  pp:"), "incomplete or damaged"),
        (lambda t: t.replace("2.61154e-19", "NaN"), "finite numbers only"),
        (lambda t: t[: len(t) // 2], "incomplete or damaged|line 20"),
        (lambda t: t.replace("format:", "format"), "line 2"),
    ],
)
def test_damaged_yaml_is_refused(change, message):
    with pytest.raises(InputError, match=message):
        from_yaml(change(to_yaml(TUNGSTEN)))


def test_wrong_units_and_structures_are_refused(tmp_path):
    with pytest.raises(InputError, match="tau_Peierls has the unit 'MPa'"):
        read_damask(to_damask(TUNGSTEN).replace("2030000000.0]  # Pa", "2030000000.0]  # MPa"))
    with pytest.raises(InputError, match="drag has the unit"):
        read_opendis(to_opendis(TUNGSTEN, [300.0], 1.0).replace("'drag': 'Pa*s'", "'drag': 'mPa*s'"))
    with pytest.raises(InputError, match="structure for a DAMASK block"):
        to_damask(replace(TUNGSTEN, structure="hcp"))
    with pytest.raises(InputError, match="damaged"):
        read_opendis("state = print(1)")
    with pytest.raises(InputError, match="cannot be read"):
        read(tmp_path / "none.yaml")
    with pytest.raises(InputError, match="letters, digits"):
        replace(TUNGSTEN, name="W: x")
