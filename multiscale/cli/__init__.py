"""The command line: `multiscale new|check|run|sweep|status|report|…`; `multiscale -h` lists all of it."""

import sys
from collections.abc import Callable
from typing import Annotated

import typer

from multiscale.cli.answers import STOPPED, complain, exit_status, say, silence
from multiscale.cli.beginning import examples, keys, new
from multiscale.cli.checking import check, potentials, schema, version
from multiscale.cli.meshes import mesh
from multiscale.cli.running import distil, learn, run
from multiscale.cli.signals import stoppable
from multiscale.cli.sweeping import report, status, sweep
from multiscale.cli.validation import validate

__all__ = ["app", "main"]

app = typer.Typer(
    name="multiscale",
    epilog="\b\nBegin with:\n  multiscale new fracture\n  multiscale check fracture.yaml\n  multiscale run fracture.yaml",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
_COMMANDS: tuple[tuple[Callable[..., None], str], ...] = (
    (new, "multiscale new cohesive_law; multiscale new specimen joint.yaml"),
    (examples, "multiscale examples; multiscale examples specimen_dcb --run"),
    (keys, "multiscale keys fracture"),
    (check, "multiscale check study.yaml --set loading.steps=20"),
    (run, "multiscale run study.yaml; multiscale run study.yaml --output runs/fine --set plane.layers=12"),
    (distil, "multiscale distil examples/distil_ni111/study.yaml"),
    (learn, "multiscale learn examples/learn_si111/study.yaml"),
    (sweep, "multiscale sweep sweep.yaml --retry-failed; multiscale sweep sweep.yaml --set engine.workers=8"),
    (status, "multiscale status; multiscale status runs/sweep_ni111"),
    (report, "multiscale report runs/ni111_dcb"),
    (potentials, "multiscale potentials; multiscale potentials --card 7net-0"),
    (validate, "multiscale validate 7net-0 labels.extxyz"),
    (schema, "multiscale schema specimen > specimen.json"),
    (version, "multiscale version"),
)
"""The commands in the order of the help, each with what one would type."""
for _command, _example in _COMMANDS:
    app.command(epilog="\b\nFor example:\n  " + _example.replace("; ", "\n  "))(_command)
app.add_typer(mesh, name="mesh")


@app.callback()
def _options(
    asked: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=lambda asked: _version() if asked else None, help="Print the version."
        ),
    ] = False,
) -> None:
    """From an interatomic potential to a fracture load."""


def _version() -> None:
    from importlib.metadata import version as installed

    say(f"multiscale-coupling {installed('multiscale-coupling')}")
    raise typer.Exit


def main() -> None:
    """The entry point of the command `multiscale`."""
    try:
        with stoppable():
            app()
    except SystemExit as end:
        if end.code in STOPPED:
            silence()
        raise
    except KeyboardInterrupt as error:  # before or after the command's own work
        complain(error)
        silence()
        sys.exit(exit_status(error))
