"""`multiscale validate`: a potential's errors on labelled structures."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from multiscale.cli.answers import Debug, answering, say

if TYPE_CHECKING:
    from atomistic.trust.labels import LabelSet
    from atomistic.trust.posterior import Posterior


def validate(
    potential: Annotated[
        str, typer.Argument(help="A name or a file, as in `multiscale potentials`.", show_default=False)
    ],
    data: Annotated[Path, typer.Argument(help="Labelled structures, such as extended XYZ.", show_default=False)],
    posterior: Annotated[Path | None, typer.Option(help="A saved posterior of the potential, for error bars.")] = None,
    modal: Annotated[str | None, typer.Option(help="Level of theory, for a potential that has several.")] = None,
    trust: Annotated[bool, typer.Option("--trust", help="Accept a file that can run code.")] = False,
    debug: Debug = False,
) -> None:
    """Print a potential's errors of energy, force and stress, by group and by element."""
    with answering(debug):
        for line in validation_lines(potential, data, posterior, modal=modal, trust=trust):
            say(line)


def validation_lines(
    name: str, data: Path | str, posterior: Path | str | None = None, *, modal: str | None = None, trust: bool = False
) -> Iterator[str]:
    """The table, then the calibration of a posterior where one is given, and its bars on paths that it has not seen.

    Args:
        name: The potential.
        data: File of labelled structures; their `group` entries make the lines of the table.
        posterior: File of `atomistic.trust.storage`; its mean is what is judged.
        modal: Level of theory.
        trust: Accept a file that can run code.

    Raises:
        InputError: the potential, the data or the posterior cannot be used.
    """
    from atomistic import load_potential
    from atomistic.trust.labels import LabelSet
    from atomistic.trust.storage import load_posterior
    from atomistic.trust.validate import calibration, validate

    labels = LabelSet.load(data)
    options = ({"modal": modal} if modal is not None else {}) | ({"trust": True} if trust else {})
    potential = load_potential(name, **options)
    fitted = None if posterior is None else load_posterior(posterior, potential)
    found = validate(potential if fitted is None else fitted.mean_potential(), labels)
    yield from found.table().splitlines()
    zeros = ", ".join(f"{symbol} {value:+.4f}" for symbol, value in found.zeros.items())
    yield f"energy zeros fitted before comparing (eV): {zeros}"
    if fitted is not None:
        curve = calibration(fitted.predict(labels.structures), labels, 9)
        for stated, share in zip(curve.stated, curve.found, strict=True):
            yield f"forces within their {100 * stated:.0f} % interval: {100 * share:.1f} %"
        yield from _bar_lines(fitted, labels)


def _bar_lines(posterior: "Posterior", labels: "LabelSet") -> Iterator[str]:
    """What paths that the posterior has not seen say of reported quantities and of their bars."""
    from atomistic.trust.bars import HeldOut, held_out

    known = {one.identity for one in posterior.labels}
    unseen = labels[[k for k, one in enumerate(labels) if one.path and one.identity not in known]]
    own = held_out(posterior)
    for name, one in held_out(posterior, unseen).items() if len(unseen) else ():
        source = own.get(name, HeldOut.none(name))
        bars = [source.bar(value, std) for value, std in zip(one.predicted, one.stds, strict=True)]
        held = [bar.covers(true) for bar, true in zip(bars, one.true, strict=True) if bar.given]
        yield (
            f"{name.replace('_', ' ')} on {len(bars)} paths: mean error {(one.errors / one.true).mean():+.1%}; "
            f"{sum(held)} of {len(held)} bars of 90 % hold"
        )
        yield from [str(bar) for bar in bars if not bar.given][:1]
