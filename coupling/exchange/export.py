"""Cohesive laws for finite-element codes: CSV, Abaqus, MOOSE, Akantu; SI numbers, units in comments.

Abaqus takes the tabulated normal response as it is. MOOSE and Akantu take a bilinear law: any other is
fitted first (work of separation and peak kept), and the fit error is written beside it. An initially rigid law
goes to Akantu's extrinsic elements; the other two need a finite stiffness (`InitiallyRigid.on_spring`).

Keywords and their meaning were compared with the Abaqus keyword reference (2016 and 2024: *ELASTIC,
*DAMAGE INITIATION, *DAMAGE EVOLUTION), and with the sources of MOOSE (`BiLinearMixedModeTraction`) and of
Akantu (`MaterialCohesiveLinear`, `MaterialCohesiveBilinear`); the blocks were not run in those codes.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from coupling.contracts import FloatArray
from coupling.errors import InputError, unknown_choice
from coupling.exchange.damage_table import DamageTable, damage_table
from coupling.exchange.storage import write_atomically
from coupling.interface.error_bars import landmark_std
from coupling.interface.fit import fit
from coupling.laws.bilinear import Bilinear
from coupling.laws.law import Law

RISING, SOFTENING = 50, 150
"""Rows of a table before and beyond the peak."""
KEPT = 0.005
"""Of peak and work: by how much those of an exported damage table may differ from the law's."""
FOLLOWED = 0.05
"""Of the peak: the largest RMS traction error of an exported damage table."""


def export(law: Law, path: str | Path, form: str, name: str = "interface") -> None:
    """Write a law for a finite-element code.

    Args:
        law: Any law; its normal response (and the shear that the form asks for) is written.
        path: The file.
        form: One of `FORMS`.
        name: Of the material (and of the boundary, in MOOSE): letters, digits, underscores, hyphens.

    Raises:
        InputError: the form is unknown, the name or the law cannot be written in it, or the folder
            cannot be written.
    """
    if form not in FORMS:
        raise unknown_choice("export form", form, FORMS)
    if not name.replace("_", "").replace("-", "").isalnum():
        raise InputError(f"The material name {name!r} must consist of letters, digits, underscores and hyphens.")
    write_atomically(Path(path), FORMS[form](law, name))


def table(law: Law) -> FloatArray:
    """Rows (opening m, energy J/m², traction Pa) from the closed to the open interface, the peak among them."""
    opening = np.unique(np.concatenate([[0.0], _openings(law)]))
    energy, traction, _ = law.normal(opening)
    return np.column_stack([opening, energy, traction])


def to_csv(law: Law, name: str = "interface") -> str:
    """The normal response as comma-separated values: columns with units, landmarks in comments.

    Samples of a law that has them, else `table`; standard deviations where the law carries them.
    """
    columns: dict[str, FloatArray]
    if law.sampled:
        units = {"opening": "m", "energy": "J_per_m2", "traction": "Pa"}
        columns = {f"{key}_{unit}": getattr(law, key) for key, unit in units.items()}
        errors = {
            f"{key}_std_{unit}": getattr(law, f"{key}_std", None)
            for key, unit in (("energy", "J_per_m2"), ("traction", "Pa"))
        }
        columns.update({name: values for name, values in errors.items() if values is not None})
    else:
        columns = dict(zip(("opening_m", "energy_J_per_m2", "traction_Pa"), table(law).T, strict=True))
    rows = (",".join(_text(value) for value in row) for row in np.column_stack(list(columns.values())))
    return "\n".join([*(f"# {line}" for line in _header(law, name)), ",".join(columns), *rows]) + "\n"


def to_abaqus(law: Law, name: str = "interface") -> str:
    """Abaqus keywords: traction-separation elasticity, then damage as a table of the opening.

    The stiffness is the largest secant of the law and damage starts where the law leaves it, so that
    the table follows the rise as well as the softening: peak and work are those of the law. Damage only rises: where
    a secant of the law rises again the table differs, and says by how much (`coupling.exchange.damage_table`).

    Raises:
        InputError: the law drops at its peak, or its secants rise too much again, so that no damage table can follow it.
    """
    if law.final_opening <= law.opening_at_peak * (1 + 1e-9):
        raise InputError(
            f"The traction of this {law.kind} law drops at its peak; export coarsen(law, N, softening='bilinear')."
        )
    _stiff(law)
    table = damage_table(law, _openings(law))
    _followed(law, table)
    shear = float(law.evaluate(np.zeros((1, 3))).tangent[0, 1, 1])
    note = "of the law" if shear > 0 else "as normal: the law has no shear resistance"
    shear = shear if shear > 0 else table.stiffness
    lines = [f"** {line}" for line in [*_header(law, name), *_own(table)]]
    lines += [
        "** with *COHESIVE SECTION, RESPONSE=TRACTION SEPARATION, THICKNESS=SPECIFIED and a thickness of 1.0",
        f"** stiffness normal, shear, shear (Pa/m); shear {note}; shear starts to fail at the normal onset opening",
        f"*MATERIAL, NAME={name}",
        "*ELASTIC, TYPE=TRACTION",
        _row(table.stiffness, shear, shear),
        "** onset tractions (Pa), not the strength: the table holds the rise, too",
        "*DAMAGE INITIATION, CRITERION=MAXS",
        _row(table.stiffness * table.start, shear * table.start, shear * table.start),
        "** damage, effective opening beyond the onset (m)",
        "*DAMAGE EVOLUTION, TYPE=DISPLACEMENT, SOFTENING=TABULAR",
        *(_row(d, x) for d, x in zip(table.damage, table.opening, strict=True)),
    ]
    return "\n".join(lines) + "\n"


def _own(table: DamageTable) -> list[str]:
    """What a damage table itself is."""
    return [
        f"the damage table itself: peak_traction = {_text(table.peak_traction)} Pa, "
        f"work_of_separation = {_text(table.work_of_separation)} J/m^2; RMS traction error {table.rms_error:.3g} of the peak"
    ]


def _followed(law: Law, table: DamageTable) -> None:
    """Raise `InputError` unless a damage table keeps peak and work, and follows the law between."""
    peak, work = table.peak_traction / law.peak_traction - 1.0, table.work_of_separation / law.work_of_separation - 1.0
    if max(abs(peak), abs(work)) <= KEPT and table.rms_error <= FOLLOWED:
        return
    raise InputError(
        f"Damage only rises, and the secants of this {law.kind} law rise again beyond a minimum: its table would be off by {peak:+.1%} of "
        f"the peak, {work:+.1%} of the work and {table.rms_error:.1%} of the peak in RMS traction ({KEPT:.1%}, {KEPT:.1%} and "
        f"{FOLLOWED:.0%} are allowed); export fit(law, 'bilinear')."
    )


def to_moose(law: Law, name: str = "interface") -> str:
    """A MOOSE `BiLinearMixedModeTraction` block with the Benzeggagh-Kenane criterion."""
    _stiff(law)
    own, notes = _bilinear(law)
    values: dict[str, Any] = {
        "type": "BiLinearMixedModeTraction",
        "boundary": f"'{name}'",
        "penalty_stiffness": (own.stiffness, "Pa/m"),
        "normal_strength": (own.peak_traction, "Pa"),
        "shear_strength": (own.shear_peak_traction, "Pa"),
        "GI_c": (own.work_of_separation, "J/m^2"),
        "GII_c": (own.shear_work, "J/m^2"),
        "mixed_mode_criterion": "BK",
        "eta": (own.exponent, "1"),
        "viscosity": (0.0, "s"),
    }
    lines = [f"# {line}" for line in _header(law, name) + notes]
    return "\n".join([*lines, "[Materials]", f"  [{name}]", *_settings(values, "    "), "  []", "[]"]) + "\n"


def to_akantu(law: Law, name: str = "interface") -> str:
    """An Akantu `cohesive_bilinear` block; beta is the ratio of strengths, kappa that of energies.

    An initially rigid law becomes `cohesive_linear`, for elements that are inserted at the strength.
    """
    if law.initially_rigid:
        return _extrinsic(law, name)
    own, notes = _bilinear(law)
    values: dict[str, Any] = {
        "name": name,
        "sigma_c": (own.peak_traction, "Pa"),
        "G_c": (own.work_of_separation, "J/m^2"),
        "delta_0": (own.opening_at_peak, "m"),
        "beta": (own.shear_peak_traction / own.peak_traction, "1"),
        "kappa": (own.shear_work / own.work_of_separation, "1"),
        "penalty": (own.stiffness, "Pa/m"),
    }
    lines = [f"# {line}" for line in _header(law, name) + notes]
    return "\n".join([*lines, "material cohesive_bilinear [", *_settings(values, "  "), "]"]) + "\n"


def _extrinsic(law: Law, name: str) -> str:
    values: dict[str, Any] = {
        "name": name,
        "sigma_c": (law.peak_traction, "Pa"),
        "G_c": (law.work_of_separation, "J/m^2"),
        "beta": (1.0, "1"),
        "kappa": (1.0, "1"),
    }
    notes = ["linear softening with the law's work of separation and peak; shear taken as normal"]
    lines = [f"# {line}" for line in _header(law, name) + notes]
    return "\n".join([*lines, "material cohesive_linear [", *_settings(values, "  "), "]"]) + "\n"


FORMS: dict[str, Callable[[Law, str], str]] = {
    "csv": to_csv,
    "abaqus": to_abaqus,
    "moose": to_moose,
    "akantu": to_akantu,
}
"""The forms that laws can be exported in."""


def _stiff(law: Law) -> None:
    """Raise `InputError` for a law without a finite initial stiffness."""
    if law.initially_rigid:
        raise InputError(
            "An initially rigid law has no stiffness to give to this code; export law.on_spring(stiffness) instead."
        )


def _openings(law: Law) -> FloatArray:
    """Openings from a fiftieth of the peak's to the final one, closer together where the traction is large."""
    peak = law.opening_at_peak
    final = max(law.final_opening, (1.0 + 1e-6) * peak)
    rising = np.linspace(0.0, peak, RISING + 1)[1:]
    return np.concatenate([rising, peak + (final - peak) * np.linspace(0.0, 1.0, SOFTENING + 1)[1:] ** 2])


def _header(law: Law, name: str) -> list[str]:
    """What the file holds: what was counted, the law's landmarks, their standard deviations where known."""
    lines = [f"{name}: {law.kind} cohesive law, SI units", *law.count.in_words(law.gap)]
    units = {"work_of_separation": "J/m^2", "peak_traction": "Pa", "opening_at_peak": "m", "final_opening": "m"}
    for quantity, unit in units.items():
        std = landmark_std(law, quantity)
        error = "" if std is None else f" +- {_text(std)}"
        lines.append(f"{quantity} = {_text(getattr(law, quantity))}{error} {unit}")
    return lines


def _bilinear(law: Law) -> tuple[Bilinear, list[str]]:
    """The law itself where it is bilinear, else its fit and what to say about it."""
    if isinstance(law, Bilinear):
        return law, []
    fitted, error = fit(law, "bilinear")
    assert isinstance(fitted, Bilinear)
    return fitted, [
        f"bilinear fit: work of separation and peak kept; RMS traction error {error.traction:.3g} of the peak, "
        f"energy {error.energy:.3g} of the work; shear taken as normal"
    ]


def _settings(values: dict[str, Any], indent: str) -> list[str]:
    return [
        f"{indent}{key} = {value}" if isinstance(value, str) else f"{indent}{key} = {_text(value[0])}  # {value[1]}"
        for key, value in values.items()
    ]


def _row(*values: float) -> str:
    return ", ".join(f"{value:.12e}" for value in values)


def _text(value: float) -> str:
    """The shortest text that gives back the same binary64."""
    return repr(float(value))
