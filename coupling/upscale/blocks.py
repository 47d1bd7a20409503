"""Blocks for other codes: a DAMASK phase (crystal plasticity) and an OpenDiS mobility (dislocation dynamics).

DAMASK: `dislotungsten`, whose kinetics are this law's, 1/v = b exp(ΔH/kT)/(h ω λ) + λ B/(2 h b τ); its B
acts on kinks that sweep a segment, so that a line's drag B is written as 2 h B/L. OpenDiS (pyexadis) has
linear mobilities: the block holds one for each temperature, through the flow stress at one strain rate,
and the whole law beside them for a mobility of one's own. Keys, defaults, limits and kinetics were compared with
the sources of DAMASK (`phase_mechanical_plastic_dislotungsten.f90`, 3.0) and of ExaDiS (`mobility_fcc0_fric.h`, its
bindings and `MobilityLaw`); the blocks were not run in those codes.
"""

import ast
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, cast

import numpy as np

from coupling.contracts import FloatArray
from coupling.errors import InputError, unknown_choice
from coupling.upscale.export import MISSING_LAW, DislocationParameters, from_yaml, to_yaml
from coupling.upscale.flow import UNITS, GlideLaw
from coupling.upscale.plain_yaml import dump, load, number

LATTICES = {"fcc": "cF", "bcc": "cI"}
"""DAMASK's names of the lattices that a block can be written for."""
_SYSTEMS, _INTERACTIONS = 12, 7
_DAMASK_UNITS = {
    "b_sl": "m", "rho_mob_0": "1/m^2", "rho_dip_0": "1/m^2", "Q_s": "J", "p_sl": "1", "q_sl": "1", "tau_Peierls": "Pa",
    "B": "Pa*s", "omega": "1/s", "h": "m", "w": "m", "i_sl": "1", "D": "m", "D_a": "1", "D_0": "m^2/s", "f_at": "1", "Q_cl": "J",
}  # fmt: skip
_OPENDIS_UNITS = {"burgmag": "m", "mu": "Pa", "nu": "1", "Medge": "1/(Pa*s)", "Mscrew": "1/(Pa*s)", "Mclimb": "1/(Pa*s)",
                  "Fedge": "Pa", "Fscrew": "Pa", "strain_rate": "1/s"}  # fmt: skip
_NO_CLIMB = 1e-4  # of the glide mobility


def to_damask(parameters: DislocationParameters) -> str:
    """A DAMASK phase with this friction alone: hardening, dipoles and climb are off and are the user's to set.

    The mobile density evolves, since DAMASK multiplies dislocations by the same length that the kinks sweep: the
    exported law is that of the first yielding.

    Raises:
        InputError: the lattice is not among `LATTICES`, or the elastic constants are missing.
    """
    if parameters.structure not in LATTICES:
        raise unknown_choice("structure for a DAMASK block", parameters.structure, LATTICES)
    if set(parameters.stiffness) != {"C_11", "C_12", "C_44"}:
        raise InputError("A DAMASK block needs the elastic constants C_11, C_12 and C_44.")
    stiffness = f"phase/{parameters.name}/mechanical/elastic"
    comments = {f"{stiffness}/{key}": "Pa" for key in parameters.stiffness}
    mechanical: dict[str, Any] = {"output": ["F", "P"], "elastic": {"type": "Hooke", **parameters.stiffness}}
    if parameters.law is None:
        comments[f"phase/{parameters.name}/mechanical"] = f"plastic {MISSING_LAW}"
    else:
        mechanical["plastic"], more = _plastic(parameters.law, f"phase/{parameters.name}/mechanical/plastic")
        comments |= more
    phase = {parameters.name: {"lattice": LATTICES[parameters.structure], "mechanical": mechanical}}
    return dump({"phase": phase}, comments, _header(parameters, "a phase of a DAMASK material.yaml"))


def _plastic(law: GlideLaw, place: str) -> tuple[dict[str, Any], dict[str, str]]:
    """The plastic part of a phase, and its comments by place."""
    width = 10 * law.burgers
    plastic: dict[str, Any] = {
        "type": "dislotungsten", "output": ["rho_mob", "gamma_sl"], "N_sl": [_SYSTEMS],
        "b_sl": [law.burgers], "rho_mob_0": [law.mobile_density], "rho_dip_0": [1.0], "Q_s": [law.activation_enthalpy],
        "p_sl": [law.p], "q_sl": [law.q], "tau_Peierls": [law.peierls_stress],
        "B": [2 * law.kink_height * law.drag / law.segment_length], "omega": [law.attempt_frequency],
        "h": [law.kink_height], "w": [width], "h_sl-sl": [0.0] * _INTERACTIONS, "i_sl": [1e20],
        "D": law.segment_length + width, "D_a": 1.0, "D_0": 0.0, "f_at": 1.0, "Q_cl": 1.0, "no_dipole_formation": True,
    }  # fmt: skip
    comments = {f"{place}/{key}": unit for key, unit in _DAMASK_UNITS.items()}
    comments |= {f"{place}/B": "Pa*s on sweeping kinks: 2 h/L of the line's drag", f"{place}/h_sl-sl": "1; hardening is off",
                 f"{place}/rho_mob_0": "1/m^2; DAMASK lets it grow by 1/(b D) per unit strain and annihilate by 2 D_a rho",
                 f"{place}/D": "m; free segment length + w", f"{place}/i_sl": "1; forest dislocations are off"}  # fmt: skip
    if law.drag_is_placeholder:
        comments[f"{place}/B"] += "; PLACEHOLDER drag"
    return plastic, comments


def read_damask(text: str) -> GlideLaw:
    """The glide law of a DAMASK phase that `to_damask` wrote; units are checked.

    Raises:
        InputError: the text is no such phase.
    """
    data, comments = load(text, "The DAMASK block")
    try:
        ((name, phase),) = data["phase"].items()
        plastic = phase["mechanical"]["plastic"]
        for key, unit in _DAMASK_UNITS.items():
            found = comments.get(f"phase/{name}/mechanical/plastic/{key}", "").split(";")[0].split(" on ")[0]
            if found != unit:
                raise InputError(f"The DAMASK block: {key} has the unit {found!r}; it must be in {unit!r}.")
        first = {key: plastic[key][0] if isinstance(plastic[key], list) else plastic[key] for key in _DAMASK_UNITS}
    except (KeyError, ValueError, TypeError) as error:
        raise InputError(f"The DAMASK block is incomplete or damaged ({error}).") from error
    length = first["D"] - first["w"]
    return GlideLaw(
        first["Q_s"], first["tau_Peierls"], first["p_sl"], first["q_sl"], first["b_sl"], first["h"], length,
        first["omega"], first["B"] * length / (2 * first["h"]), first["rho_mob_0"],
    )  # fmt: skip


@dataclass(frozen=True)
class OpenDisBlock:
    """An OpenDiS block read back.

    Attributes:
        state: Crystal, burgmag, mu, nu.
        mobility: Arguments of `MobilityLaw` by temperature, K.
        strain_rate: At which the linear mobilities have the law's flow stress, 1/s.
        law: The whole law.
    """

    state: dict[str, Any]
    mobility: dict[float, dict[str, Any]]
    strain_rate: float
    law: GlideLaw

    def flow_stress(self, temperature: float) -> float:
        """What the linear mobility of a temperature in the block gives at the strain rate, Pa."""
        chosen = self.mobility[temperature]
        velocity = self.strain_rate / (self.law.mobile_density * self.state["burgmag"])
        return float(chosen.get("Fscrew", 0.0) + velocity / (chosen["Mscrew"] * self.state["burgmag"]))


def to_opendis(parameters: DislocationParameters, temperatures: Sequence[float], strain_rate: float) -> str:
    """OpenDiS (pyexadis) `state` and `MobilityLaw` arguments as Python, by temperature.

    fcc: FCC_0_FRIC, a friction stress and 1/B. bcc: BCC_0B, the secant mobility at the strain rate.

    Args:
        parameters: The dislocation; its law is written for screw and edge alike.
        temperatures: K.
        strain_rate: 1/s.

    Raises:
        InputError: the structure is neither fcc nor bcc, or the shear modulus is missing.
    """
    if parameters.structure not in LATTICES:
        raise unknown_choice("structure for an OpenDiS block", parameters.structure, LATTICES)
    if not parameters.shear_modulus > 0:
        raise InputError("An OpenDiS block needs the isotropic shear modulus and Poisson's ratio.")
    law = parameters.law
    if law is None:
        raise InputError(f"An OpenDiS block needs the glide law. {MISSING_LAW}.")
    velocity = strain_rate / (law.mobile_density * law.burgers)
    mobility: dict[float, dict[str, Any]] = {}
    for temperature in temperatures:
        stress = float(law.flow_stress(temperature, strain_rate))
        if parameters.structure == "fcc":
            friction = max(stress - velocity * law.drag / law.burgers, 0.0)
            slope = velocity / (law.burgers * (stress - friction))
            mobility[float(temperature)] = {"mobility_law": "FCC_0_FRIC", "Medge": slope, "Mscrew": slope,
                                            "Fedge": friction, "Fscrew": friction}  # fmt: skip
        else:
            secant = velocity / (law.burgers * stress)
            mobility[float(temperature)] = {
                "mobility_law": "BCC_0B",
                "Medge": secant,
                "Mscrew": secant,
                "Mclimb": _NO_CLIMB * secant,
            }
    state = {
        "crystal": parameters.structure,
        "burgmag": law.burgers,
        "mu": parameters.shear_modulus,
        "nu": parameters.poisson,
    }
    blocks = {"state": state, "mobility": mobility, "strain_rate": float(strain_rate), "kinetics": asdict(law),
              "units": _OPENDIS_UNITS | UNITS | {"temperature": "K"}}  # fmt: skip
    header = _header(
        parameters,
        "an OpenDiS mobility: pyexadis_base.MobilityLaw(state=state | discretisation, **mobility[temperature])",
    )
    notes = (f"{parameters.system} dislocation, taken for every character",
             "discretisation: a (core radius), maxseg and minseg in units of burgmag, which OpenDiS asks for too, are yours",
             f"the linear laws have the flow stress of the kinetics at a shear strain rate of {strain_rate:g}/s",
             "kinetics: the whole law, for a mobility module of one's own",
             *(("drag (and 1/M): PLACEHOLDER, not computed",) if law.drag_is_placeholder else ()))  # fmt: skip
    lines = [f"# {line}" for line in (*header, *notes)]
    return "\n".join([*lines, *(f"{name} = {_python(value)}" for name, value in blocks.items())]) + "\n"


def read_opendis(text: str) -> OpenDisBlock:
    """Read a block that `to_opendis` wrote, without running it; units are checked.

    Raises:
        InputError: it is no such block.
    """
    try:
        nodes = [node for node in ast.parse(text).body if isinstance(node, ast.Assign)]
        found = {cast(ast.Name, node.targets[0]).id: ast.literal_eval(node.value) for node in nodes}
        for key, unit in (_OPENDIS_UNITS | UNITS).items():
            if found["units"][key] != unit:
                raise InputError(
                    f"The OpenDiS block: {key} has the unit {found['units'][key]!r}; it must be in {unit!r}."
                )
        return OpenDisBlock(found["state"], found["mobility"], found["strain_rate"], GlideLaw(**found["kinetics"]))
    except (SyntaxError, KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"The OpenDiS block is incomplete or damaged ({error}).") from error


def roundtrip(parameters: DislocationParameters, temperatures: FloatArray, rates: FloatArray) -> float:
    """Largest relative difference of τ(T, rate) after writing and reading back YAML, DAMASK and OpenDiS blocks.

    Args:
        parameters: The dislocation; a structure without blocks has its YAML compared.
        temperatures: (n,) K.
        rates: (m,) 1/s.
    """
    grid = np.asarray(temperatures, dtype=float)[:, None], np.asarray(rates, dtype=float)
    again = from_yaml(to_yaml(parameters)).law
    if parameters.law is None or again is None:
        raise InputError(f"There is no glide law to compare. {MISSING_LAW}.")
    exact, laws = parameters.law.flow_stress(*grid), [again]
    worst = 0.0
    if parameters.structure in LATTICES:
        block = read_opendis(to_opendis(parameters, [float(t) for t in temperatures], float(rates[0])))
        laws += [read_damask(to_damask(parameters)), block.law]
        linear = np.array([block.flow_stress(float(t)) for t in temperatures])
        worst = float(np.max(np.abs(linear / exact[:, 0] - 1)))
    return max(worst, *(float(np.max(np.abs(law.flow_stress(*grid) / exact - 1))) for law in laws))


def _header(parameters: DislocationParameters, what: str) -> tuple[str, ...]:
    source = ", ".join(f"{key}: {value}" for key, value in parameters.provenance.items()) or "no provenance given"
    return (f"{parameters.name} {parameters.structure}, {parameters.system} dislocation: {what}; SI units", source)


def _python(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_python(key)}: {_python(item)}" for key, item in value.items()) + "}"
    return number(value) if isinstance(value, float) else repr(value)
