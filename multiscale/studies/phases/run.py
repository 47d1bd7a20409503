"""The phases study: candidates and a potential in; formation energies, hull, probabilities, stable interfaces out."""

import csv
import io
from typing import TYPE_CHECKING

from coupling.files import write_text
from coupling.records import pack, unpack
from multiscale.runtime.addresses import request
from multiscale.runtime.context import RunContext
from multiscale.runtime.records import Picture, RunFile
from multiscale.runtime.results import Results
from multiscale.stages.atoms_out import write_atoms
from multiscale.stages.models import Models
from multiscale.studies.phases.picture import draw_triangle
from multiscale.studies.phases.records import InterfacesRecord, LabelledRecord, PhasesRecord
from multiscale.studies.phases.report import report
from multiscale.studies.phases.schema import PhasesStudy

if TYPE_CHECKING:
    from coupling.contracts import Potential
    from multiscale.studies.phases.labels import Oracle

_CANDIDATES = {"elements", "prototypes", "lattices", "atoms", "structures"}
TABLE, PICTURE = "phases.csv", "hull.png"


def run(study: PhasesStudy, context: RunContext) -> Results:
    """Run the study; see `PhasesStudy` for its input.

    Raises:
        InputError: the potential lacks an element, or labels and candidates do not fit together.
        NotConverged: no crystal of an element, or an interface, relaxed.
    """
    results = Results("phases", study.title)
    models = Models(context, study.potential, None, study.seed)
    with context.stage("atomistic"):
        phases = _phases(study, models, context)
        labelled = _labelled(study, phases, models, context)
        interfaces = _interfaces(study, phases, models, context)
    report(results, study, phases, labelled, interfaces)
    if len(phases.elements) == 3:
        context.on_root(lambda: draw_triangle(phases, labelled, context.folder / PICTURE))
        caption = (
            "Phases by composition, coloured by their energy above the hull; lines join phases that stand side by side."
        )
        results.pictures.append(Picture(PICTURE, "Convex hull", caption))
    context.on_root(lambda: write_text(context.folder / TABLE, table(phases, labelled)))
    results.files.append(
        RunFile(TABLE, "all phases: composition, formation energy, height above the hull, probability")
    )
    write_atoms(results, study.output, context, "phases", phases.frames, "the relaxed phases, each with its name")
    return results


def _phases(study: PhasesStudy, models: Models, context: RunContext) -> PhasesRecord:
    """All candidates by the cheap potential, from the cache where they are known."""

    def work() -> dict[str, object]:
        potential = models()
        assert potential is not None  # rank 0 works, and has it
        return pack(_relaxed(study, potential, context))

    key = request("phases", study, include=_CANDIDATES, potentials=[models()])
    return unpack(PhasesRecord, context.cached("formation energies", key, work))


def _relaxed(study: PhasesStudy, potential: "Potential", context: RunContext) -> PhasesRecord:
    import numpy as np

    from atomistic.frames import Frames
    from atomistic.phases import ConvexHull, formation_energies, pair_densities

    found = formation_energies(potential, study.candidates(), progress=context.progress)
    frames = [
        Frames.of([atoms], {"name": np.array([name]), "formation_eV": np.array([formation])})
        for name, atoms, formation in zip(found.names, found.structures, found.formation, strict=True)
    ]
    return PhasesRecord(
        names=found.names,
        elements=found.elements,
        fractions=found.fractions,
        energies=found.energies,
        formation=found.formation,
        above=ConvexHull(found.fractions, found.formation).above,
        places=pair_densities(found.structures, found.elements),
        unrelaxed=found.unrelaxed,
        merged=tuple(one for one, _ in found.merged),
        twins=tuple(other for _, other in found.merged),
        frames=tuple(frames),
    )


def _labelled(study: PhasesStudy, phases: PhasesRecord, models: Models, context: RunContext) -> LabelledRecord | None:
    """What accurate energies say, from the cache where it is known; None without any."""
    choice = study.accurate
    if choice is None:
        return None
    accurate = None if choice.potential is None else models(choice.potential)

    def work() -> dict[str, object]:
        from multiscale.studies.phases.labels import asked, described, energies_of_labels

        if choice.labels is not None:
            return pack(described(phases, energies_of_labels(choice.labels, phases), choice.draws, study.seed))
        assert accurate is not None  # rank 0 works, and has it
        oracle = _oracle(study, phases, accurate, context)
        return pack(asked(phases, oracle, choice.budget, choice.bar, choice.draws, study.seed))

    key = request("accurate phases", study, include={*_CANDIDATES, "accurate", "seed"}, potentials=[models(), accurate])
    return unpack(LabelledRecord, context.cached("accurate energies", key, work))


def _oracle(study: PhasesStudy, phases: PhasesRecord, accurate: "Potential", context: RunContext) -> "Oracle":
    """Energies per atom of phases that the accurate potential relaxes from where the cheap one left them; each is kept."""
    from atomistic.phases.candidates import Phase
    from atomistic.phases.formation import check_elements
    from atomistic.relax import Constraints, relax

    structures = [frames.structures[0] for frames in phases.frames]
    check_elements(accurate, [Phase(name, atoms) for name, atoms in zip(phases.names, structures, strict=True)])

    def energy(k: int) -> float:
        atoms = structures[k]

        def work() -> dict[str, float]:
            context.log.info("accurate energy of %s", phases.names[k])
            found = relax(accurate, [atoms], Constraints(cell="full"), stress=2e7, progress=context.progress)
            return {"energy": float(found.energies[0]) / len(atoms)}

        start = {"numbers": atoms.numbers, "positions": atoms.positions, "cell": atoms.cell.array}
        key = request("accurate energy of a phase", potentials=[accurate], **start)
        return float(context.cache.get_or_compute(key, work).value["energy"])  # on rank 0, which alone is here

    return lambda numbers: [energy(k) for k in numbers]


def _interfaces(
    study: PhasesStudy, phases: PhasesRecord, models: Models, context: RunContext
) -> InterfacesRecord | None:
    """The interfaces, from the cache where they are known; None without any."""
    choice = study.interfaces
    if choice is None:
        return None

    def work() -> dict[str, object]:
        from multiscale.studies.phases.interfaces import compared

        potential = models()
        assert potential is not None  # rank 0 works, and has it
        return pack(compared(choice, phases, potential, context.progress))

    key = request("interfaces", study, include={*_CANDIDATES, "interfaces"}, potentials=[models()])
    return unpack(InterfacesRecord, context.cached("interfaces", key, work))


def table(phases: PhasesRecord, labelled: LabelledRecord | None) -> str:
    """All phases as CSV; energies per atom."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    more = (
        ["accurate_formation [eV]", "deviation [eV]", "probability [1]", "labelled [1]"] if labelled is not None else []
    )
    writer.writerow(["name", *(f"{one} [1]" for one in phases.elements), "formation [eV]", "above_hull [eV]", *more])
    for k, name in enumerate(phases.names):
        row = [name, *map(float, phases.fractions[k]), float(phases.formation[k]), float(phases.above[k])]
        if labelled is not None:
            columns = (labelled.formation, labelled.deviation, labelled.probability)
            row += [*(float(column[k]) for column in columns), int(k in labelled.labelled)]
        writer.writerow(row)
    return text.getvalue()
