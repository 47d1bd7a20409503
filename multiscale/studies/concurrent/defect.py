"""What is in the middle of the crystal: a section of the input that makes the problems."""

from abc import abstractmethod
from typing import Any, ClassVar

from coupling.discovery import refuse_twin
from multiscale.inputs.base import Section
from multiscale.studies.concurrent.loading import LoadedProblems, Setting


class Defect(Section):
    """A defect, under the key by which an input file calls it.

    Attributes:
        key: Of the input file; a class with a key is listed in `DEFECTS`.
        is_open: Whether it has free surfaces.
        moves_region: Whether a method's region can be adapted to it.
        needs_line: Whether it is offered in plane problems only.
        slips: Whether dislocations are in it or leave it, so that it stands on the crystal's stacking faults.
    """

    key: ClassVar[str] = ""
    is_open: ClassVar[bool] = False
    moves_region: ClassVar[bool] = True
    needs_line: ClassVar[bool] = False
    slips: ClassVar[bool] = False

    @classmethod
    def __pydantic_init_subclass__(cls, **options: Any) -> None:
        """List the defect."""
        super().__pydantic_init_subclass__(**options)
        if cls.key:
            refuse_twin("defect", cls.key, DEFECTS.get(cls.key), cls)
            DEFECTS[cls.key] = cls

    @abstractmethod
    def problems(self, setting: Setting) -> LoadedProblems:
        """The problems that are solved one after another.

        Raises:
            InputError: crystal, box and defect do not go together.
        """


DEFECTS: dict[str, type[Defect]] = {}
"""The defects whose modules are loaded, by key; all that there are: `multiscale.studies.concurrent.defects.defect_kinds`."""
