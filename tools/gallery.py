"""The gallery's pages: every folder of examples/, and in small, with pictures, those that take seconds.

`python -m tools.gallery [NAME ...]` writes build/gallery, which `make docs` then takes up. What has not
changed since it was last run is not run again.
"""

import hashlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import yaml

from coupling.files import write_text
from coupling.interface.excess import slab_totals
from coupling.units import EV_A3
from multiscale import Results, run_study
from multiscale.runtime.cache import code_fingerprint
from multiscale.runtime.drawing import drawing
from multiscale.runtime.numbers import amount_text
from multiscale.runtime.records import Plot, PlotSeries

ROOT = Path(__file__).parents[1]
EXAMPLES, BUILT = ROOT / "examples", ROOT / "build" / "gallery"
ORDER = (
    "counting_chain",
    "law_ni111",
    "law_cu_ni111",
    "fracture_ni111",
    "specimen_dcb",
    "adhesion_sphere",
    "sweep_ni111",
)
Lines = dict[str, tuple[Any, Any, str]]
Shown = tuple[str, list[str]]
"""A sentence of what was run and found, and pictures (SVG)."""


def diagram(x: tuple[str, str], y: tuple[str, str], lines: Lines, log: str = "") -> str:
    """A picture in the style of the reports.

    Args:
        x: Label and unit of the abscissa.
        y: Label and unit of the ordinate.
        lines: Abscissa, ordinate and style by label.
        log: Axes with a logarithmic scale.
    """
    drawn, series = Results("gallery", ""), []
    for number, (label, (across, up, style)) in enumerate(lines.items()):
        drawn.add_curve(f"line{number}", label, x=(x[1], np.asarray(across, float)), y=(y[1], np.asarray(up, float)))
        series.append(PlotSeries(f"line{number}", "x", "y", label, style))
    return drawing([Plot("", *x, *y, tuple(series), log=log)], drawn.curves).svg(alone=True)


def counting_chain(script: ModuleType) -> Shown:
    """Naive laws of three chains, and their one excess law."""
    slabs, laws, bars = script.main()
    lines: Lines = {
        f"naive, {n} spacings": (slab_totals(s)[0], s.traction * EV_A3 / 1e9, "dashed") for n, s in slabs.items()
    }
    lines["excess, all three"] = (laws[6].opening, laws[6].traction * EV_A3 / 1e9, "line")
    told = ", ".join(f"{name} {found.elongation:.4f} Å" for name, found in bars.items())
    return f"As it stands. A bar of 40 spacings breaks at: {told}.", [
        diagram(("opening", "Å"), ("traction", "GPa"), lines)
    ]


def law_ni111(script: ModuleType) -> Shown:
    """The relaxed law with effective medium theory."""
    slab, made = script.main("emt")
    lines: Lines = {
        "excess law": (made.opening, made.traction * EV_A3 / 1e9, "line"),
        "naive: the slab's elongation": (slab_totals(slab)[0], slab.traction * EV_A3 / 1e9, "dashed"),
    }
    told = (
        f"With effective medium theory in place of 7net-0: work of separation {made.law().work_of_separation:.4g} J/m²."
    )
    return told, [diagram(("opening", "Å"), ("traction", "GPa"), lines)]


def fracture_ni111(script: ModuleType) -> Shown:
    """The demo with effective medium theory."""
    law, record = script.main("emt", 8)
    lines: Lines = {"": (record.opening * 1e9, record.load, "line and points")}
    told = f"With effective medium theory and 8 planes: work of separation {law.work_of_separation:.4g} J/m²."
    return told, [diagram(("opening of the arms", "nm"), ("force for each metre of width", "N/m"), lines)]


def adhesion_sphere(script: ModuleType) -> Shown:
    """Pull-off forces between the two limits."""
    rows = np.array(script.main((20e9, 3e9, 1e9)))
    order = np.argsort(rows[:, 0])
    lines: Lines = {
        "finite elements": (rows[:, 0], rows[:, 1], "points"),
        "Maugis-Dugdale": (rows[order, 0], rows[order, 2], "dashed"),
    }
    told = f"Three moduli; the largest difference from Maugis-Dugdale is {abs(rows[:, 1] / rows[:, 2] - 1).max():.1%}."
    return told, [diagram(("Maugis' λ", ""), ("pull-off force over π w R", ""), lines, "x")]


def embedding_si_vacancy(script: ModuleType) -> Shown:
    """The vacancy with one network in the other."""
    from atomistic import load_potential

    ledger, table = script.main(
        load_potential("7net-0", dtype="float64"), load_potential("7net-l3i5", dtype="float64"), 2
    )
    lines: Lines = {
        "low + high − low": (table.radius, table.difference, "line and points"),
        "cheap model alone": (table.radius, np.full(len(table.radius), table.cheap), "dashed"),
    }
    terms = ", ".join(f"{row.counting_number:+d} {row.owner} ({row.region})" for row in ledger.rows)
    told = f"63 atoms, with 7net-l3i5 as the accurate model, so that no quantum code is needed. Terms: {terms}."
    return told, [diagram(("buffer", "Å"), ("largest force error in the core", "eV/Å"), lines)]


def sweep_ni111(script: ModuleType) -> Shown:
    """Griffith's strength over crack length."""
    strength = script.main(BUILT / "sweep_ni111" / "run")["strength"]
    lines: Lines = {
        f"{float(energy):g} J/m²": (
            strength["crack"].values,
            strength.sel(surface_energy=energy).values / 1e9,
            "line and points",
        )
        for energy in strength["surface_energy"].values
    }
    return "script.py as it stands: 18 points.", [
        diagram(("half length of the crack", strength["crack"].attrs["units"]), ("strength", "GPa"), lines, "xy")
    ]


def _study(changes: dict[str, Any], note: str, pictures: int) -> Callable[[str], Shown]:
    """A study in small: its headlines and first diagrams."""

    def run(name: str) -> Shown:
        study = yaml.safe_load((EXAMPLES / name / "study.yaml").read_text(encoding="utf-8"))
        for key, value in changes.items():
            study[key] = study.get(key, {}) | value if isinstance(value, dict) else value
        for path in (EXAMPLES / name).glob("*.msh"):
            study["mesh"] = str(path)
        where = BUILT / name
        write_text(where / "study.yaml", yaml.safe_dump(study))
        found = run_study(where / "study.yaml", where / "run")
        headlines = [f"{q.description} {amount_text(q)}" for q in found.quantities.values() if q.headline]
        return f"{note}: {'; '.join(headlines)}.", [
            drawing([plot], found.curves).svg(alone=True) for plot in found.plots[:pictures]
        ]

    return run


SCRIPTS: dict[str, Callable[[ModuleType], Shown]] = {
    f.__name__: f
    for f in (counting_chain, law_ni111, fracture_ni111, adhesion_sphere, embedding_si_vacancy, sweep_ni111)
}
STUDIES = {
    "law_cu_ni111": _study({"potential": "emt"}, "With effective medium theory in place of 7net-0", 1),
    "phases_cuau": _study({"accurate": None}, "By effective medium theory alone", 1),
    "specimen_dcb": _study({"loading": {"opening": "2.6 mm", "steps": 13, "growth": 0.03}}, "Not pulled as far", 2),
}


def build(names: list[str]) -> None:
    """Run what has changed, and write the page."""
    wanted = names or [*SCRIPTS, *STUDIES]
    for name in wanted:
        stamp = hashlib.sha256(
            "".join([code_fingerprint(), *map(_text, _sources(name)), _text(Path(__file__))]).encode()
        ).hexdigest()
        if (BUILT / f"{name}.stamp").is_file() and _text(BUILT / f"{name}.stamp") == stamp:
            continue
        sys.stdout.write(f"{name}\n")
        told, pictures = SCRIPTS[name](_load(name)) if name in SCRIPTS else STUDIES[name](name)
        shown = [f"![{name}]({name}_{number}.svg)" for number in range(len(pictures))]
        for number, picture in enumerate(pictures):
            write_text(BUILT / f"{name}_{number}.svg", picture)
        write_text(BUILT / f"{name}.md", "\n\n".join([told, *shown]) + "\n")
        write_text(BUILT / f"{name}.stamp", stamp)
    write_text(BUILT / "gallery.md", page())


def page() -> str:
    """The gallery in Markdown."""
    found = sorted(
        path.name for path in EXAMPLES.iterdir() if (path / "script.py").is_file() or (path / "study.yaml").is_file()
    )
    parts = ["# Gallery", _text(Path(__file__).with_name("gallery.md")).strip()]
    for name in [*ORDER, *(name for name in found if name not in ORDER)]:
        small = BUILT / f"{name}.md"
        parts += [f"## {name}", _description(name), _command(name)]
        parts += [_text(small).strip() if small.is_file() else "*Not run for this page: it takes minutes.*"]
        parts += [_source(path) for path in _sources(name)]
    return "\n\n".join(parts) + "\n"


def _description(name: str) -> str:
    """The script's docstring, or the study's first comment."""
    script, study = EXAMPLES / name / "script.py", EXAMPLES / name / "study.yaml"
    if script.is_file():
        return " ".join((_load(name).__doc__ or "").replace("\n\n", "\n").split())
    return next(line[1:].strip() for line in _text(study).splitlines() if line.startswith("#"))


def _command(name: str) -> str:
    lines = [
        f"multiscale {'sweep' if path.stem == 'sweep' else 'run'} examples/{name}/{path.name}"
        for path in _sources(name)
        if path.suffix == ".yaml"
    ]
    lines += [f"python examples/{name}/script.py"] if (EXAMPLES / name / "script.py").is_file() else []
    return "```console\n" + "\n".join(lines) + "\n```"


def _source(path: Path) -> str:
    text = "\n".join(f"    {line}".rstrip() for line in _text(path).splitlines())
    kind = "python" if path.suffix == ".py" else "yaml"
    return f'??? example "{path.name}"\n\n    ``` {kind}\n{text}\n    ```'


def _sources(name: str) -> list[Path]:
    return [path for path in sorted((EXAMPLES / name).iterdir()) if path.suffix in {".py", ".yaml"}]


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _load(name: str) -> ModuleType:
    """The script as a module that workers of a sweep can import by name."""
    spec = importlib.util.spec_from_file_location(f"{name}_script", EXAMPLES / name / "script.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    build(sys.argv[1:])
