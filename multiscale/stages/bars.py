"""Error bars of a law that held-out labelled paths bear out, or the sentence that says why there are none."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from scipy.special import ndtri

from coupling.findings import Finding
from coupling.interface.error_bars import rescaled_error_bars
from coupling.laws.law import Law

if TYPE_CHECKING:
    from atomistic.trust.bars import Bar, HeldOut

COVERAGE = 0.9
OF_LAW = ("work_of_separation", "peak_traction")


class Barred(NamedTuple):
    """A standard deviation that was checked, and the bar that it comes from.

    Attributes:
        bar: As it was found.
        std: Of a normal distribution with this bar; None where it is withheld.
    """

    bar: "Bar"
    std: float | None


def barred(held: "Mapping[str, HeldOut]", quantity: str, value: float, std: float) -> Barred:
    """The bar of a quantity from what the held-out paths say of it.

    Args:
        held: By quantity; what is not there has no paths.
        quantity: Its name there.
        value: What is reported.
        std: Its standard deviation over the samples of the potential.
    """
    from atomistic.trust.bars import HeldOut

    bar = held.get(quantity, HeldOut.none(quantity)).bar(value, std, COVERAGE)
    return Barred(bar, None if bar.radius is None else bar.radius / float(ndtri(0.5 + COVERAGE / 2)))


def barred_law(law: Law, stds: Mapping[str, float], held: "Mapping[str, HeldOut]") -> "tuple[Law, tuple[Bar, ...]]":
    """A law whose standard deviations are those of its bars: of ψ as of its work, of T as of its peak.

    Args:
        law: With the deviations over the samples of the potential.
        stds: Those of its work and of its peak.
        held: As above.
    """
    found = [barred(held, name, getattr(law, name), stds[name]) for name in OF_LAW]
    own = [getattr(law, f"{name}_std") for name in OF_LAW]
    factors = [None if one.std is None or not std else one.std / std for one, std in zip(found, own, strict=True)]
    return rescaled_error_bars(law, *factors), tuple(one.bar for one in found)


def bar_findings(bars: "tuple[Bar, ...]", where: str = "") -> list[Finding]:
    """A finding for each bar that is withheld."""
    return [
        Finding(f"the error bar of the {one.quantity.replace('_', ' ')} is withheld: {one.withheld}", where, 1.0, one.remedy, False)
        for one in bars if not one.given
    ]  # fmt: skip
