"""Distillation: a small, fast SevenNet student learns one study's structures from a slow teacher.

    dataset = draw(teacher, [CrystalChoice("Al", "fcc", [(1, 1, 1)])])
    student = distil(teacher, dataset, Settings())
    student.potential.evaluate(structures)

The student is valid for structures like those of its data and nothing else; `student.errors` are its errors on paths
that it has not seen.
"""

from atomistic.distil.assess import Comparison, Errors, compare, milliseconds_per_atom
from atomistic.distil.dataset import Dataset, StructurePath
from atomistic.distil.draw import CrystalChoice, Sizes, draw
from atomistic.distil.settings import Settings
from atomistic.distil.student import Student, distil

__all__ = [
    "Comparison",
    "CrystalChoice",
    "Dataset",
    "Errors",
    "Settings",
    "Sizes",
    "StructurePath",
    "Student",
    "compare",
    "distil",
    "draw",
    "milliseconds_per_atom",
]
