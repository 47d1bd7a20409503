"""Record of what a distillation study finds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coupling.contracts import FloatArray

if TYPE_CHECKING:
    from atomistic.distil.assess import Comparison, Errors
    from atomistic.frames import Frames


@dataclass(frozen=True)
class DistilFindings:
    """A student beside its teacher.

    Attributes:
        errors: Of the student on held-out paths: "all", and each family.
        history: (k, 3) epoch, training loss, validation loss.
        epochs: Epochs trained.
        compared: Species, and a quantity of its crystal from both.
        teacher: Its name.
        timed_atoms: Atoms of the cell that both were timed on.
        student_ms: The student's time per atom, ms.
        teacher_ms: The teacher's, ms.
        held_out: Held-out paths.
        structures: How many each set has.
        warnings: Checks that the student fails.
        frames: The labelled structures, a part each.
        checkpoint: Name of the student's file.
        cautions: Warnings of the pre-check of the teacher's crystals.
    """

    errors: "Mapping[str, Errors]"
    history: FloatArray
    epochs: int
    compared: "tuple[tuple[str, Comparison], ...]"
    teacher: str
    timed_atoms: int
    student_ms: float
    teacher_ms: float
    held_out: int
    structures: Mapping[str, int]
    warnings: tuple[str, ...]
    frames: "tuple[Frames, ...]" = ()
    checkpoint: str = "student.pth"
    cautions: tuple[str, ...] = ()
