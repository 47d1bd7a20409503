"""The structure, the regions and the total charges that the embedding study's input names; no potential is needed."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from coupling.contracts import FloatArray
from coupling.errors import InputError
from coupling.units import ANGSTROM

if TYPE_CHECKING:
    from ase import Atoms

    from atomistic.embedding.rules import Rule, Selector
    from atomistic.structure_files import FileStructure
    from coupling.embedding.cluster import Cluster
    from coupling.embedding.terms import Region
    from coupling.embedding.totals import TotalCharges


class GivenRegion(Protocol):
    """A region of the input."""

    kind: str
    values: Path | None
    charge: int | None

    def model_dump(self, *, exclude_none: bool) -> dict[str, Any]:
        """Its keys."""
        ...


class Given(Protocol):
    """What the input says of regions, lengths in m."""

    @property
    def regions(self) -> Mapping[str, GivenRegion]:
        """By name."""
        ...

    buffer: float | None
    split: float | None
    termination: str


def selector(study: Given, *, remember: bool = False) -> "Selector":
    """The study's rules.

    Args:
        study: The input.
        remember: Whether atoms stay in until they are beyond the rule's outer radius.

    Raises:
        InputError: a rule cannot be used, or its file not be read.
    """
    from atomistic.embedding.rules import Selector

    rules = {name: _rule(name, region) for name, region in study.regions.items()}
    buffer = 0.0 if study.buffer is None else study.buffer / ANGSTROM
    split = None if study.split is None else study.split / ANGSTROM
    return Selector(rules, buffer, split, remember=remember)


def selected(study: Given, atoms: "Atoms") -> "tuple[list[Region], list[Cluster]]":
    """The regions of a structure, and the cluster of each.

    Raises:
        InputError: regions and structure do not fit together.
        DoubleCounted: two regions share an atom.
    """
    from atomistic.embedding.bonding import termination
    from coupling.embedding.terms import clusters_of

    regions = selector(study)(atoms)
    return regions, clusters_of(atoms, regions, termination(study.termination))


def totals(study: Given, given: "FileStructure | None") -> "TotalCharges":
    """The total charges of regions and of the whole: of the input, and of the structure's file where there is one."""
    from coupling.embedding.totals import TotalCharges

    own = {name: region.charge for name, region in study.regions.items() if region.charge is not None}
    return TotalCharges(own) if given is None else TotalCharges(own, given.charges, given.charge)


def _rule(name: str, region: GivenRegion) -> "Rule":
    from atomistic.embedding.options import rule

    given = region.model_dump(exclude_none=True)
    if region.values is not None:
        del given["values"]
        given["uncertainty"] = _numbers(region.values)
    if region.kind in ("atoms", "defects", "sphere", "layer"):
        given.setdefault("radius", 0.0)
    return rule(name, given)


def _numbers(path: Path) -> FloatArray:
    try:
        found = np.loadtxt(path, ndmin=1)
    except (OSError, ValueError) as error:
        raise InputError(f"{path.name} is not a list of one number per atom ({error}).") from error
    if not np.isfinite(found).all():
        raise InputError(f"{path.name} holds a number that is not finite; give one finite number per atom.")
    return found
