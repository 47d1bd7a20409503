"""A small student of 7net-l3i5 for Ni(111): its speed, and its errors on paths that it has not seen.

Run as `python -m benchmarks.distil [--json] [--teacher NAME --species Ni --structure fcc --plane 111
--minutes 14]`; about 22 minutes on two CPU cores with nothing else running. Labels are drawn and
computed in the run, the student is trained from nothing, and all is thrown away at the end.
"""

import argparse
import tempfile
import time

from atomistic import load_potential
from atomistic.distil import CrystalChoice, Settings, Student, compare, distil, draw, milliseconds_per_atom
from atomistic.potentials.check import check_potential
from atomistic.properties.bulk import equilibrium
from benchmarks.output import report
from coupling.contracts import Potential

TIMED = (5, 5, 5)
"""Repeats of the primitive cell on which both are timed."""
MINUTES = 14.0


def measure(
    teacher: str = "7net-l3i5",
    species: str = "Ni",
    structure: str = "fcc",
    plane: str = "111",
    minutes: float = MINUTES,
) -> dict[str, object]:
    """Draw, label, train, and compare with the teacher."""
    start = time.perf_counter()
    potential = load_potential(teacher, device="cpu")
    miller = tuple(int(digit) for digit in plane)
    dataset = draw(potential, [CrystalChoice(species, structure, [miller], [(1, 0, 0)])])
    with tempfile.TemporaryDirectory() as folder:
        student = distil(potential, dataset, Settings(minutes=minutes), folder=folder)
    sets = {f"{name}_structures": sum(len(p.structures) for p in getattr(dataset, name)) for name in ("train", "test")}
    figures = {"teacher": teacher, **_speed(potential, student.potential, species, structure), **_accuracy(student)}
    for one in compare(potential, student.potential, species, structure, [miller], faults=False):
        figures[f"{_key(one.name)}_relative_error"] = one.relative_error
    failures = [check.name for check in check_potential(student.potential).failures]
    return (
        figures
        | sets
        | {
            "held_out": "whole paths: other strains, thermal patterns, slip directions, gaps, openings and stackings",
            "failed_checks": failures,
            "epochs": student.epochs,
            "training_seconds": student.seconds,
            "seconds": time.perf_counter() - start,
        }
    )


def _speed(teacher: Potential, student: Potential, species: str, structure: str) -> dict[str, object]:
    cell = equilibrium(student, species, structure) * TIMED
    slow, fast = (milliseconds_per_atom(potential, cell) for potential in (teacher, student))
    return {"student_ms_per_atom": fast, "teacher_ms_per_atom": slow, "speedup": slow / fast, "timed_atoms": len(cell)}


def _accuracy(student: Student) -> dict[str, object]:
    every = student.errors["all"]
    figures: dict[str, object] = {
        "force_rmse_meV_A": every.force,
        "force_size_meV_A": every.force_size,
        "energy_rmse_meV_atom": every.energy,
        "stress_rmse_GPa": every.stress,
    }
    families = {kind.replace(" ", "_"): one for kind, one in student.errors.items() if kind != "all"}
    return figures | {f"force_rmse_{kind}_meV_A": one.force for kind, one in families.items()}


def _key(name: str) -> str:
    """ "work of separation (111)" is the key "wsep" of this benchmark, "peak traction (111)" is "peak_traction"."""
    plain = name.split(" (")[0]
    return "wsep" if plain == "work of separation" else plain.replace(" ", "_")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    for name, default in (("teacher", "7net-l3i5"), ("species", "Ni"), ("structure", "fcc"), ("plane", "111")):
        parser.add_argument(f"--{name}", default=default)
    parser.add_argument("--minutes", type=float, default=MINUTES)
    options = vars(parser.parse_args())
    as_json = options.pop("json")
    report(measure(**options), as_json)
