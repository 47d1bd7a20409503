"""What a thermal study reports."""

from collections.abc import Sequence

import numpy as np
import yaml

from atomistic.properties.elastic import cubic_constants
from coupling.contracts import FloatArray
from coupling.findings import Finding
from coupling.units import ANGSTROM
from multiscale.runtime.records import Amount, NextStep, Plot, PlotSeries, Table
from multiscale.runtime.results import Results
from multiscale.stages.warm_crystal import WarmRecord
from multiscale.studies.thermal.records import QuasiHarmonic
from multiscale.studies.thermal.schema import ThermalStudy

_NAMES = ("C11", "C12", "C44")
_PLACES = ((0, 0), (0, 1), (3, 3))
_BARS = 4.0
"""Standard errors by which two independent compressibilities differ once in 16,000 runs."""


def report(
    results: Results, study: ThermalStudy, warm: Sequence[WarmRecord], compared: Sequence[QuasiHarmonic]
) -> None:  # fmt: skip
    """Numbers of the lowest temperature, curves over all, the quasi-harmonic values, and how a mesh takes them."""
    first, add = warm[0], results.add
    kelvin: FloatArray = np.array(study.temperatures)
    lattice = np.array([one.crystal.lattice_parameter for one in warm]) * ANGSTROM
    spread = lattice * [one.lattice_std for one in warm]
    theory = np.array([one.lattice_parameter for one in compared]) * ANGSTROM
    add("temperature", float(kelvin[0]), "K", "lowest temperature, of which the numbers are")
    add(
        "lattice_parameter",
        float(lattice[0]),
        "m",
        "mean lattice parameter",
        uncertainty=float(spread[0]),
        headline=True,
    )
    add("lattice_quasi_harmonic", float(theory[0]), "m", "the same in the quasi-harmonic theory")
    constants = np.array([cubic_constants(one.crystal.stiffness_voigt) for one in warm])
    harmonic = np.array([cubic_constants(one.stiffness_voigt) for one in compared])
    for k, (name, place) in enumerate(zip(_NAMES, _PLACES, strict=True)):
        std = float(first.stiffness_std[place])
        add(name, float(constants[0, k]), "Pa", f"isothermal elastic constant {name}", uncertainty=std, headline=True)
        add(f"{name}_quasi_harmonic", float(harmonic[0, k]), "Pa", f"{name} in the quasi-harmonic theory")
    _report_bulk(results, first)
    slopes = _report_expansion(results, kelvin, lattice, spread, theory) if len(kelvin) > 1 else None
    _curves(results, kelvin, lattice, spread, theory, constants, harmonic)
    results.tables.append(_table(kelvin, lattice, spread, constants, slopes))
    results.summary = (
        "At {temperature} the lattice parameter is {lattice_parameter}, and C11 {C11}, C12 {C12}, C44 {C44}."
    )
    results.notes.append(
        f"Atoms move by Newton's laws: below the Debye temperature the expansion is too large. Cells have {first.atoms} atoms; bars are "
        "those of the sampling, at this size of cell. The quasi-harmonic values are classical, too, with the waves of 27 cells."
    )
    _onward(results, study)


def _report_bulk(results: Results, first: WarmRecord) -> None:
    """B_T by strain and κ_T by fluctuations, and whether they agree."""
    bulk, kappa = first.bulk_modulus, first.compressibility
    results.add("bulk_modulus", bulk, "Pa", "isothermal bulk modulus, by strain", uncertainty=first.bulk_modulus_std)
    what = "isothermal compressibility, by fluctuations of the volume"
    results.add("compressibility", kappa, "1/Pa", what, uncertainty=first.compressibility_std)
    what = "linear thermal expansion, by fluctuations"
    results.add("expansion_fluctuations", first.expansion, "1/K", what, uncertainty=first.expansion_std)
    ratio = kappa * bulk
    bar = ratio * float(np.hypot(first.compressibility_std / kappa, first.bulk_modulus_std / bulk))
    results.add(
        "compressibility_ratio", ratio, "", "compressibility by fluctuations over that by strain", uncertainty=bar
    )
    if abs(ratio - 1) > _BARS * bar:
        said = "the compressibilities by fluctuations and by strain differ by more than their error bars"
        results.findings.append(Finding(said, "", abs(ratio - 1) / bar, "give more dynamics: steps", False))


def _report_expansion(
    results: Results, kelvin: FloatArray, lattice: FloatArray, spread: FloatArray, theory: FloatArray
) -> FloatArray:  # fmt: skip
    """α between neighbouring temperatures."""
    apart = np.diff(kelvin)
    slopes, harmonic = np.diff(np.log(lattice)) / apart, np.diff(np.log(theory)) / apart
    errors = np.hypot(spread[1:] / lattice[1:], spread[:-1] / lattice[:-1]) / apart
    what = f"linear thermal expansion from {kelvin[0]:g} to {kelvin[1]:g} K"
    results.add("expansion", float(slopes[0]), "1/K", what, uncertainty=float(errors[0]), headline=True)
    results.add("expansion_quasi_harmonic", float(harmonic[0]), "1/K", "the same in the quasi-harmonic theory")
    results.add_curve(
        "expansion", "linear thermal expansion between neighbouring temperatures",
        temperature=("K", 0.5 * (kelvin[1:] + kelvin[:-1])), expansion=("1/K", slopes), error=("1/K", errors),
        quasi_harmonic=("1/K", harmonic),
    )  # fmt: skip
    return slopes


def _curves(
    results: Results, kelvin: FloatArray, lattice: FloatArray, spread: FloatArray, theory: FloatArray, constants: FloatArray,
    harmonic: FloatArray,
) -> None:  # fmt: skip
    results.add_curve(
        "lattice", "mean lattice parameter", temperature=("K", kelvin), lattice=("m", lattice), error=("m", spread),
        quasi_harmonic=("m", theory),
    )  # fmt: skip
    columns = {name: ("Pa", constants[:, k]) for k, name in enumerate(_NAMES)}
    columns |= {f"{name}_quasi_harmonic": ("Pa", harmonic[:, k]) for k, name in enumerate(_NAMES)}
    results.add_curve("elastic_constants", "isothermal elastic constants", temperature=("K", kelvin), **columns)
    if len(kelvin) > 1:
        lines = (PlotSeries("lattice", "temperature", "lattice", "dynamics", "line and points"),
                 PlotSeries("lattice", "temperature", "quasi_harmonic", "quasi-harmonic", "dashed"))  # fmt: skip
        results.plots.append(Plot("Lattice parameter", "temperature", "K", "lattice parameter", "m", lines))
        stiff = tuple(PlotSeries("elastic_constants", "temperature", name, name, "line and points") for name in _NAMES)
        results.plots.append(Plot("Elastic constants", "temperature", "K", "isothermal", "Pa", stiff))


def _table(
    kelvin: FloatArray, lattice: FloatArray, spread: FloatArray, constants: FloatArray, slopes: FloatArray | None
) -> Table:  # fmt: skip
    rows = tuple(
        (Amount(float(kelvin[k]), "K"), Amount(float(lattice[k]), "m", float(spread[k])),
         *(Amount(float(value), "Pa") for value in constants[k]),
         Amount(float(slopes[k]), "1/K") if slopes is not None and k < len(slopes) else "")
        for k in range(len(kelvin))
    )  # fmt: skip
    head = ("temperature", "lattice parameter", *_NAMES, "expansion to the next")
    return Table("The crystal at temperatures", head, rows)


def _onward(results: Results, study: ThermalStudy) -> None:
    low, high = study.temperatures[0], study.temperatures[-1]
    body = {"run": "FOLDER OF THIS RUN", "temperature": f"{low:g} K"}
    if len(study.temperatures) > 1:
        body["stress_free_at"] = f"{high:g} K"
    text = yaml.safe_dump({"bodies": {"NAME": body}}, sort_keys=False, default_flow_style=None, width=100)
    results.onward.append(NextStep("Take this crystal as a body of a mesh: put this into its specimen study", text))
