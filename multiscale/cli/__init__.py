"""The command line: `multiscale run|sweep|status|report|distil|learn|validate|check|schema|potentials|version`."""

import sys

import typer

from multiscale.cli.answers import STOPPED, complain, exit_status, silence
from multiscale.cli.checking import check, potentials, schema, version
from multiscale.cli.meshes import mesh
from multiscale.cli.running import distil, learn, run
from multiscale.cli.signals import stoppable
from multiscale.cli.sweeping import report, status, sweep
from multiscale.cli.validation import validate

__all__ = ["app", "main"]

app = typer.Typer(
    name="multiscale",
    help="From a graph-neural-network potential to a fracture load.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for _command in (run, distil, learn, sweep, status, report, check, schema, potentials, version, validate):
    app.command()(_command)
app.add_typer(mesh, name="mesh")


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
