"""What all commands share: options, errors as one sentence and an exit status, printed lines."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from coupling.errors import InputError, MultiscaleError, own_words
from multiscale.cli.signals import Terminated

if TYPE_CHECKING:
    from rich.console import Console

StudyFile = Annotated[Path, typer.Argument(help="The input file, in YAML.", show_default=False)]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
Output = Annotated[Path | None, typer.Option(help="The run's folder, instead of the input's.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress and no summary.")]
AllowCode = Annotated[
    bool, typer.Option("--allow-code", help="Let code that the input names run: classes, functions, commands.")
]
Trust = Annotated[bool, typer.Option("--trust", help="Read files that can run code, such as pickled checkpoints.")]
Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Put a value at a dotted key, such as loading.steps=20; may be repeated."
    ),
]
STOPPED = _INTERRUPTED, _TERMINATED = 130, 143
"""The exit statuses of a command that a signal ended."""
_GRACE_SECONDS = 1.0


@contextmanager
def answering(debug: bool) -> Iterator[None]:
    """Turn an error into one sentence on stderr and an exit status."""
    try:
        yield
    except typer.Exit:
        raise
    except (Exception, KeyboardInterrupt, SystemExit) as error:
        if debug:
            errors().print_exception()
        complain(error)
        raise typer.Exit(exit_status(error)) from None


def complain(error: BaseException) -> None:
    """Print an error as one sentence on stderr."""
    notes = " ".join(getattr(error, "__notes__", []))
    if isinstance(error, KeyboardInterrupt):
        text = f"{'Terminated' if isinstance(error, Terminated) else 'Interrupted'}."
    elif isinstance(error, MultiscaleError):
        text = f"Error: {error}"
    else:
        text = f"Error: unexpected {own_words(error)}; run again with --debug for the details."
    errors().print(f"{text} {notes}".rstrip(), markup=False, highlight=False, soft_wrap=True)


def exit_status(error: BaseException) -> int:
    """The exit status that an error ends the command with."""
    if isinstance(error, KeyboardInterrupt):
        return _TERMINATED if isinstance(error, Terminated) else _INTERRUPTED
    return error.exit_status if isinstance(error, MultiscaleError) else 1


def kinds() -> dict[str, str]:
    """What `multiscale new` writes: kinds of study and the sweep, each with the command that runs it."""
    from multiscale.studies import STUDIES

    own = {"distil", "learn"}
    return {name: name if name in own else "run" for name in STUDIES} | {"sweep": "sweep"}


def kind_names(incomplete: str) -> list[str]:
    """The kinds that begin so, for completion in a shell."""
    return [name for name in kinds() if name.startswith(incomplete)]


def require_file(path: Path) -> None:
    """Raise `InputError`, with the template on offer, where a kind of study is given in place of an input file."""
    if path.exists() or path.name not in kinds():
        return
    raise InputError(
        f"There is no file {path}; {path.name} is a kind of input. `multiscale new {path.name}` writes one to begin with, "
        f"{path.name}.yaml, which runs as it stands."
    )


@contextmanager
def ending_all_ranks(comm: Any) -> Iterator[None]:
    """Let no rank wait for one that failed: the failed rank ends all, after the first rank has printed its error."""
    from multiscale.runtime.parallel import is_collective, is_root

    try:
        yield
    except BaseException as error:
        if comm is None or (is_collective(error) and is_root(comm)):
            raise
        if is_collective(error):
            raise typer.Exit(exit_status(error)) from None
        if not is_root(comm):
            time.sleep(_GRACE_SECONDS)
        complain(error)
        silence()
        comm.Abort(exit_status(error))


def silence() -> None:
    """Print nothing from here on: the error has been printed, and messages of libraries in a stopped program are of no use."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def near(path: Path) -> str:
    """A path as short as it can be written from the working folder."""
    return min(str(path), os.path.relpath(path), key=len)


def say(text: str) -> None:
    """Print a line as it is; where nobody reads on, such as `head`, print no more.

    Raises:
        MultiscaleError: it cannot be written, such as to a file on a full disk.
    """
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        _shut(sys.stdout)
    except OSError as error:
        _shut(sys.stdout)
        raise MultiscaleError(f"What was to be said could not be written to the output ({error.strerror}).") from error


def _shut(stream: TextIO) -> None:
    """Let go of what a stream still holds, and of all that comes: Python would write it at its end, and fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def errors() -> "Console":
    """The console of stderr."""
    from rich.console import Console

    return Console(stderr=True)
