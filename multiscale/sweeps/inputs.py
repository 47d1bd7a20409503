"""Input of a sweep: a base study, what is varied, where it runs."""

import re
from collections.abc import Mapping
from os.path import normpath
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, PrivateAttr, ValidationError, field_validator, model_validator

from coupling.errors import InputError
from multiscale.inputs.base import Output, Section
from multiscale.inputs.changes import placed
from multiscale.inputs.consent import NO_CONSENT, Consent
from multiscale.inputs.faults import sentence
from multiscale.inputs.template import Starter
from multiscale.inputs.yaml_file import read_yaml
from multiscale.sweeps.queues import QUEUES
from multiscale.sweeps.ranges import BlockInput

_OF_QUEUES = {
    "workers", "threads", "memory", "queue", "account", "walltime", "directives", "skip_directives", "prologue",
}  # fmt: skip
_WALLTIME = re.compile(r"(\d+-)?\d{1,3}:\d\d(:\d\d)?")
_WORD = re.compile(r"[\w.,:+-]+")
_MEMORY = re.compile(r"\d+(\.\d+)? ?([kMGT]i?)?B")


_LAUNCHER = "mpiexec -n {ranks}"


class Mpi(Section):
    """Every point under the site's MPI launcher."""

    ranks: int = Field(ge=1, le=100_000, description="MPI ranks of a point.")
    launcher: str = Field(default=_LAUNCHER, description="The site's launcher; {ranks} is their number.")

    @field_validator("launcher")
    @classmethod
    def _ranks(cls, launcher: str) -> str:
        if "{ranks}" not in launcher:
            raise InputError(
                f"{launcher!r} does not say where the number of ranks goes; write for example 'srun -n {{ranks}}'."
            )
        return launcher


class EngineInput(Section):
    """Where the points are computed: this machine, a queue, or a Dask scheduler that runs already."""

    kind: Literal["local", "slurm", "pbs", "lsf", "sge", "scheduler"] = Field(
        default="local", description="This machine, a queue, or a Dask scheduler that runs already."
    )
    workers: int | None = Field(
        default=None, ge=1, le=100_000, description="Points computed at once; by default as many as the cores allow."
    )
    threads: int = Field(default=1, ge=1, le=4096, description="Cores of a worker (OMP_NUM_THREADS).")
    memory: str | None = Field(
        default=None,
        description='Memory of a worker, such as "4 GiB"; by default not limited, and not requested from a queue.',
    )
    resources: dict[str, float] = Field(
        default_factory=dict, description="What each worker offers and each point uses, such as {GPU: 1}."
    )
    mpi: Mpi | None = None
    queue: str | None = Field(default=None, description="Queue or partition.")
    account: str | None = Field(default=None, description="Account or project that pays.")
    walltime: str | None = Field(default=None, description='Wall time of a worker\'s job, "02:00:00".')
    directives: list[str] = Field(
        default_factory=list, description='Further directives of the job, such as "--gres=gpu:1".'
    )
    skip_directives: list[str] = Field(
        default_factory=list,
        description='Directives that the site refuses, such as "--cpus-per-task": lines of the job with one are left out.',
    )
    prologue: list[str] = Field(
        default_factory=list, description='Shell lines before a worker starts, such as "module load mpi".'
    )
    address: str | None = Field(default=None, description='Address of a running scheduler, "tcp://host:8786".')

    @property
    def own_code(self) -> tuple[str, ...]:
        """Commands that run, and a trusted scheduler: it distributes what workers and driver run."""
        launcher = self.mpi.launcher if self.mpi is not None else _LAUNCHER
        own = () if launcher == _LAUNCHER else (launcher,)
        return (*own, *self.prologue, *([self.address] if self.address is not None else []))

    @model_validator(mode="after")
    def _fits(self) -> Self:
        given = self.model_fields_set - {"kind", "resources", "mpi"}
        own = {"local": {"workers", "threads", "memory"}, "scheduler": {"address"}}
        valid = own.get(self.kind, _OF_QUEUES)
        if foreign := sorted(given - valid):
            raise InputError(
                f"{foreign[0]} does not belong to kind: {self.kind}, which takes {', '.join(sorted(valid))}, mpi and resources."
            )
        if self.kind == "scheduler" and self.address is None:
            raise InputError('kind: scheduler needs an address, such as "tcp://host:8786".')
        if self.kind in QUEUES and self.workers is None:
            raise InputError(f"kind: {self.kind} needs workers, such as workers: 8.")
        if not all(text.strip() for text in self.skip_directives):
            raise InputError(
                "skip_directives holds an empty text, which would leave out all; write for example '--mem'."
            )
        for key, value, form, example in (
            ("memory", self.memory, _MEMORY, "4 GiB"),
            ("walltime", self.walltime, _WALLTIME, "02:00:00"),
        ):
            if value is not None and not form.fullmatch(value):
                raise InputError(f"{key}: {value!r} cannot be read; write it as '{example}'.")
        for key in ("queue", "account"):
            if (value := getattr(self, key)) is not None and not _WORD.fullmatch(value):
                raise InputError(f"{key}: {value!r} is not a valid name; give letters, digits and _ . - + : , alone.")
        for key, lines in (("directives", self.directives), ("prologue", self.prologue)):
            if any(len(line.splitlines()) != 1 for line in lines):
                raise InputError(
                    f"{key}: give one line each, not {next(x for x in lines if len(x.splitlines()) != 1)!r}."
                )
        if any(amount <= 0 for amount in self.resources.values()):
            raise InputError(f"resources {self.resources} must be greater than zero.")
        return self


class SweepOutput(Output):
    """Where the sweep is stored, and in which files besides netCDF and CSV."""

    formats: list[Literal["parquet", "zarr"]] = Field(
        default_factory=list, description="The table as Parquet, the Dataset as Zarr."
    )


class SweepInput(Section):
    """A sweep: every combination of the ranges, put into the base study, is a point."""

    base: dict[str, Any] = Field(description="The study, or the name of its input file.")
    over: list[BlockInput] = Field(
        min_length=1, description="Ranges by dotted key, or a list of blocks that are crossed."
    )
    title: str = Field(default="", max_length=300, description="Heading of the report.")
    engine: EngineInput = Field(default_factory=EngineInput)
    output: SweepOutput = Field(default_factory=dict, validate_default=True)
    _folder: Path = PrivateAttr(default_factory=Path.cwd)

    @property
    def folder(self) -> Path:
        """What relative file names in the base refer to."""
        return self._folder

    @field_validator("base", mode="after")
    @classmethod
    def _own_folder(cls, base: dict[str, Any]) -> dict[str, Any]:
        """The base without its output folder: points lie in that of the sweep."""
        output = base.get("output")
        if isinstance(output, dict):
            return base | {"output": {key: value for key, value in output.items() if key != "folder"}}
        return base

    @field_validator("over", mode="before")
    @classmethod
    def _blocks(cls, over: Any) -> Any:
        """A mapping of keys is one grid."""
        if isinstance(over, dict) and "keys" not in over:
            return [{"design": "grid", "keys": over}]
        return [over] if isinstance(over, dict) else over

    @classmethod
    def parse(
        cls,
        data: Any,
        folder: Path | None = None,
        name: str = "sweep",
        consent: Consent = NO_CONSENT,
        changes: Mapping[str, Any] | None = None,
    ) -> "SweepInput":
        """Validate plain data, as from a script.

        Args:
            data: What the input file would hold.
            folder: What relative file names refer to; by default the working folder.
            name: Name of the default output folder, under `runs`.
            consent: What whoever runs it has agreed to.
            changes: Values by dotted key, such as {"base.path": "rigid"}, in place of or besides those of the file and its base.

        Raises:
            InputError: something is not valid.
        """
        if not isinstance(data, dict):
            raise InputError("a sweep is a block with the keys base and over.")
        folder = where = (folder or Path.cwd()).absolute()
        if isinstance(data.get("base"), str):
            path = Path(normpath(folder / Path(data["base"]).expanduser()))
            data, where = data | {"base": read_yaml(path)}, path.parent
        data = placed(data, changes or {})
        try:
            sweep = cls.model_validate(data, context={"folder": folder, "name": name, "consent": consent})
        except ValidationError as error:
            raise InputError(sentence(error, data)) from error
        sweep._folder = where
        return sweep


def load_sweep(path: Path | str, changes: Mapping[str, Any] | None = None) -> SweepInput:
    """Read and validate the input file of a sweep; the points themselves are validated by `run_sweep`.

    Args:
        path: A YAML file.
        changes: Values by dotted key, in place of or besides the file's.

    Raises:
        InputError: the file or something in it is not valid.
    """
    path = Path(path)
    name = path.stem if path.stem != "sweep" else path.absolute().parent.name
    try:
        return SweepInput.parse(read_yaml(path), path.absolute().parent, name, changes=changes)
    except InputError as error:
        if str(path) in str(error):
            raise
        raise InputError(f"{path}: {error}") from error


STARTER = Starter(
    "The law of copper (111) over the thickness of the slab, in effective medium theory, on two cores of this machine.",
    {
        "title": "Cu(111) over the layers of the slab",
        "base": {
            "study": "cohesive_law",
            "potential": "emt",
            "plane": {"species": "Cu", "structure": "fcc", "miller": [1, 1, 1]},
            "openings": {"max": "5 Å", "points": 16},
        },
        "over": {"plane.layers": [4, 6]},
        "engine": {"workers": 2},
    },
)
