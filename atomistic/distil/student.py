"""Distillation in one call: label, train, write the checkpoint, measure the errors."""

from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np

from atomistic.distil.assess import Errors, by_family
from atomistic.distil.dataset import Dataset
from atomistic.distil.settings import Settings
from atomistic.potentials.check import repulsion
from atomistic.potentials.neighbours import neighbour_pairs
from atomistic.potentials.registry import load_potential
from atomistic.potentials.sevennet.loader import quiet, require_installed
from atomistic.potentials.zbl import ZBL, SumPotential
from coupling.contracts import Potential, Progress, silent
from coupling.errors import InputError
from coupling.identity.addresses import Environment, Request

CHECKPOINT = "student.pth"
STATE = "training.pth"
LARGEST_REACH = 2.3
"""Cutoff in nearest-neighbour distances, where it is not given."""


@dataclass(frozen=True)
class Student:
    """A trained student.

    Attributes:
        potential: The student, loaded from its checkpoint.
        checkpoint: That file, as sevenn and `load_potential` read it.
        errors: On the held-out paths: "all", and each family.
        history: (k, 3) epoch, training loss, validation loss.
        epochs: Epochs trained.
        seconds: Time of the training.
    """

    potential: Potential
    checkpoint: Path
    errors: dict[str, Errors]
    history: np.ndarray
    epochs: int
    seconds: float


def distil(
    teacher: Potential,
    dataset: Dataset,
    settings: Settings | None = None,
    *,
    folder: Path | str = "student",
    progress: Progress = silent,
) -> Student:
    """Train a small SevenNet on the teacher's labels of a dataset.

    Args:
        teacher: Any potential.
        dataset: Paths, labelled or not; `draw` makes them.
        settings: Network and training.
        folder: Where `student.pth` is written; an interrupted training resumes from `training.pth` there.
        progress: Called after each batch of labels and each epoch.

    Returns:
        The student; errors are those of its float32 potential on the CPU.

    Raises:
        InputError: the teacher cannot evaluate the structures, or the folder cannot be written.
        MissingBackend: SevenNet is not installed.
        NotConverged: the training diverged.
    """
    require_installed("A student")
    settings, folder = settings or Settings(), Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"The folder {folder} cannot be written ({error.strerror}); choose another.") from error
    if not dataset.is_labelled:
        dataset = dataset.labelled(teaching(teacher, dataset.elements), progress)
    with quiet():
        from atomistic.distil.network import write_checkpoint
        from atomistic.distil.newton import train_newton
        from atomistic.distil.radial import train_radial
        from atomistic.distil.training import train

    identity = _identity(dataset, settings)
    cutoff = settings.cutoff or _cutoff(teacher, dataset)
    if settings.newton:
        config, state = train_newton(dataset, settings, cutoff, progress)
    elif settings.layers == 1 and len(dataset.elements) == 1:
        config, state = train_radial(dataset, settings, cutoff, progress)
    else:
        config, state = train(dataset, settings, cutoff, folder / STATE, identity, progress)
    write_checkpoint(folder / CHECKPOINT, config, state.weights, state.best_epoch, identity)
    potential = load_potential(str(folder / CHECKPOINT), device="cpu")
    history = np.array(state.history)
    return Student(potential, folder / CHECKPOINT, by_family(potential, dataset), history, state.epoch, state.seconds)


def teaching(teacher: Potential, elements: tuple[int, ...]) -> Potential:
    """The teacher, with the ZBL prior where it would let two atoms collapse, since a student would learn that too."""
    return teacher if repulsion(teacher, elements).passed else SumPotential((teacher, ZBL()))


def _cutoff(teacher: Potential, dataset: Dataset) -> float:
    """The teacher's, or 2.3 distances of nearest neighbours in the first periodic structure."""
    nearest = []
    for path in dataset.train:
        atoms = path.structures[0]
        if atoms.pbc.all():
            vectors = neighbour_pairs(atoms, 2.0 * (atoms.get_volume() / len(atoms)) ** (1 / 3))[2]
            nearest.append(np.linalg.norm(vectors, axis=1).min())
    if not nearest:
        raise InputError("No structure is periodic, so that no cutoff can be guessed; give one in the settings.")
    return float(min(teacher.cutoff, LARGEST_REACH * np.median(nearest)))


def _identity(dataset: Dataset, settings: Settings) -> str:
    """Address of a training: one with other settings, data, code or libraries does not resume it."""
    record = {name: repr(value) for name, value in asdict(settings).items() if name != "threads"}
    return Request("training", {"settings": record, "dataset": dataset.fingerprint}, _environment()).address


@cache
def _environment() -> Environment:
    return Environment.of(("coupling", "atomistic"), ("e3nn", "numpy", "scipy", "sevenn", "torch"))
