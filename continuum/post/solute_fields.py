"""Where a solute is at a state: its concentration in the bodies, and the coverage of the interfaces."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from coupling.contracts import FloatArray

if TYPE_CHECKING:
    from continuum.transport.problem import TransportProblem


@dataclass(frozen=True)
class SoluteFields:
    """What a rank has of a solute.

    Attributes:
        concentrations: (n,) by body, in the lattice at the local nodes of its linear elements, mol/m³.
        coverages: (f,) by interface with sites, means over the facets that this rank owns.
    """

    concentrations: Mapping[str, FloatArray]
    coverages: Mapping[str, FloatArray]

    def arrays(self) -> dict[str, FloatArray]:
        """By numbers, to be stored."""
        parts = {"concentration": self.concentrations, "coverage": self.coverages}
        return {f"{kind}{k}": one for kind, found in parts.items() for k, one in enumerate(found.values())}

    def like(self, stored: Mapping[str, FloatArray]) -> "SoluteFields":
        """Those of another state of the same problem, from what `arrays` gave."""
        return SoluteFields(
            {name: stored[f"concentration{k}"] for k, name in enumerate(self.concentrations)},
            {name: stored[f"coverage{k}"] for k, name in enumerate(self.coverages)},
        )


def solute_fields(problem: "TransportProblem") -> SoluteFields:
    """The fields of a transport problem at its present state. Collective."""
    covered = dict[str, FloatArray]()
    for layer, coverage in zip(problem.layers, problem.coverages(problem.unknowns), strict=True):
        if layer.layer.capacity > 0:
            share = layer.weights / layer.weights.sum(axis=1, keepdims=True)
            covered[layer.layer.name] = np.einsum("fq,fq->f", share, coverage.reshape(layer.weights.shape))
    return SoluteFields(problem.concentrations(), covered)
