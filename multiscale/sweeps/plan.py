"""The points of a sweep, each validated and addressed by its content."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from coupling.errors import InputError
from coupling.identity.addresses import Request, file_hash
from coupling.identity.content import described
from multiscale.inputs.base import Study
from multiscale.inputs.changes import label, placed
from multiscale.inputs.consent import refuse_code
from multiscale.runtime.addresses import PACKAGES, request
from multiscale.studies.function.schema import FunctionStudy, check_arguments, find_function, in_si
from multiscale.studies.load import check_consent, check_study, parse_study
from multiscale.sweeps.inputs import Mpi, SweepInput
from multiscale.sweeps.ranges import Axis, axes_of, combinations
from multiscale.sweeps.tasks import FunctionTask, StudyTask, Task

_ADDRESS = 20  # digits of the address that name a point


@dataclass(frozen=True)
class Plan:
    """What is to be computed.

    Attributes:
        title: Heading.
        kind: Kind of study.
        base: What all points share, for the record.
        axes: The dimensions.
        tasks: One per point, the last axis running fastest; equal points have equal addresses.
    """

    title: str
    kind: str
    base: dict[str, Any]
    axes: list[Axis]
    tasks: list[Task]

    @property
    def distinct(self) -> dict[str, Task]:
        """The tasks by address, each once."""
        return {task.address: task for task in self.tasks}


def plan_of(sweep: SweepInput) -> Plan:
    """Every point of a sweep, all of them valid.

    Raises:
        InputError: a range or a point is not; it names the point and its values.
    """
    refuse_code(sweep.code, sweep.consent)
    make, tasks = _task_maker(sweep.engine.mpi), []
    for number, (values, study) in enumerate(studies_of(sweep)):
        with _naming(number, values):
            check_consent(study)
            tasks.append(make(study))
    return Plan(sweep.title, str(sweep.base.get("study")), sweep.base, axes_of(sweep.over), tasks)


def studies_of(sweep: SweepInput) -> Iterator[tuple[dict[str, Any], Study]]:
    """The swept values and the study of every point, checked; no code that a study names is run.

    Raises:
        InputError: a range or a point is not valid; it names the point and its values.
    """
    axes = axes_of(sweep.over)
    for key in (key for axis in axes for key in axis.columns):
        if key.partition(".")[0] == "output":
            raise InputError(f"over: {key!r} cannot be swept: all points lie in the sweep's own folder; leave it out.")
    for number, values in enumerate(combinations(axes)):
        with _naming(number, values):
            data, consent = placed(sweep.base, values), sweep.consent
            study = parse_study(data, sweep.folder, allow_code=consent.code, trust=consent.trust)
            check_study(study)
        yield values, study


def function_plan(function: Callable[..., Any], sweep: SweepInput) -> Plan:
    """The plan for a Python function whose keyword arguments are swept."""
    refuse_code(sweep.code, sweep.consent)
    axes = axes_of(sweep.over)
    behind, tasks = described(function, own=PACKAGES), []
    for number, values in enumerate(combinations(axes)):
        arguments = {name: in_si(value) for name, value in placed(sweep.base, values).items()}
        with _naming(number, values):
            check_arguments(function, arguments)
            tasks.append(_function_task(function, behind, arguments))
    return Plan(sweep.title, "function", sweep.base, axes, tasks)


def _task_maker(mpi: Mpi | None) -> Callable[[Study], Task]:
    """Makes the task of each point; the code of a function is read once."""

    @cache
    def behind(call: str, where: Path) -> Any:
        return described(find_function(call, where), own=PACKAGES)

    def make(study: Study) -> Task:
        if isinstance(study, FunctionStudy):
            return _function_task(study.call, behind(study.call, study.where), study.values, study.where)
        asked = request("study", study, files=sorted(map(file_hash, study.files())))
        return StudyTask(*_names(asked), study, mpi)

    return make


def _function_task(function: Any, behind: Any, arguments: dict[str, Any], where: Path | None = None) -> FunctionTask:
    asked = request("function", function=behind, arguments=described(arguments, own=PACKAGES))
    return FunctionTask(*_names(asked), function, arguments, where)


def _names(asked: Request) -> tuple[str, str]:
    """The address of a point, and of what is to compute it."""
    return asked.address[:_ADDRESS], asked.environment.address


class _naming:
    """A block whose `InputError` names the point."""

    def __init__(self, number: int, values: Mapping[str, Any]) -> None:
        self._number, self._values = number, values

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, InputError):
            said = ", ".join(f"{key} = {label(value)}" for key, value in self._values.items())
            raise type(error)(f"point {self._number} ({said}): {error}") from error


def describe(axes: Sequence[Axis]) -> str:
    """The axes in words: "plane.layers (4) × openings.max (3)"."""
    return " × ".join(f"{', '.join(axis.columns)} ({len(axis)})" for axis in axes)
