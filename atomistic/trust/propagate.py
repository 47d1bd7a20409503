"""From error bars on a potential to error bars on all that is computed with it, by samples."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from coupling.contracts import FloatArray, Potential, Progress, silent
from coupling.errors import InputError, MultiscaleError
from coupling.units import ANGSTROM

Quantities = Callable[[Potential], Mapping[str, float | FloatArray]]
"""What is computed with a potential: numbers or arrays by name."""


@dataclass(frozen=True)
class Spread:
    """A quantity over the samples of a potential.

    Attributes:
        value: With the potential itself.
        samples: (n, ...) with each sample.
    """

    value: FloatArray
    samples: FloatArray

    @property
    def mean(self) -> FloatArray:
        """Mean over the samples."""
        return self.samples.mean(axis=0)

    @property
    def std(self) -> FloatArray:
        """Standard deviation over the samples."""
        return self.samples.std(axis=0, ddof=1)

    def quantile(self, level: float) -> FloatArray:
        """Quantile over the samples, `level` in [0, 1]."""
        return np.quantile(self.samples, level, axis=0)

    def bar(self, coverage: float = 0.9) -> FloatArray:
        """Half width about the value that holds a further sample with this probability.

        Student's t for the few samples that there are, of a normal distribution.
        """
        if not 0 < coverage < 1:
            raise InputError(f"A coverage of {coverage} is not a probability between 0 and 1.")
        n = len(self.samples)
        return float(student.ppf(0.5 + coverage / 2, n - 1)) * np.sqrt(1 + 1 / n) * self.std


def propagate(
    quantities: Quantities, potential: Potential, samples: Sequence[Potential], *, progress: Progress = silent
) -> dict[str, Spread]:
    """Compute the same quantities with a potential and with every sample of it.

    Args:
        quantities: Computes them; with equal names and shapes for every potential.
        potential: The potential that is reported.
        samples: Draws from a posterior, or the members of a committee.
        progress: Told after each sample.

    Raises:
        InputError: fewer than two samples.
        MultiscaleError: a sample cannot be computed; a note says which.
    """
    if len(samples) < 2:
        raise InputError(f"An error bar needs two samples of the potential or more, not {len(samples)}.")
    value = {name: np.asarray(item, dtype=float) for name, item in quantities(potential).items()}
    found: dict[str, list[FloatArray]] = {name: [] for name in value}
    for number, sample in enumerate(samples, 1):
        try:
            computed = quantities(sample)
        except MultiscaleError as error:
            error.add_note(
                f"This was sample {number} of {len(samples)}: the potential is known too little here; label more structures."
            )
            raise
        for name, item in computed.items():
            found[name].append(np.asarray(item, dtype=float))
        progress("samples", number, len(samples))
    return {name: Spread(value[name], np.array(rows)) for name, rows in found.items()}


def cleavage(
    species: str, structure: str, miller: tuple[int, int, int], *,
    layers: int = 12, largest: float = 6.0, points: int = 40,
) -> Quantities:  # fmt: skip
    """Work of separation (J/m²), peak traction (Pa) and opening there (m) of the rigid path, at the potential's lattice."""

    def quantities(potential: Potential) -> dict[str, float]:
        from atomistic.decohesion.rigid_path import default_openings, rigid_path
        from atomistic.decohesion.slab import cleavage_slab, conventional_cell
        from atomistic.properties.bulk import equilibrium
        from coupling.interface.rigid_path import rigid_law

        crystal = equilibrium(potential, species, structure)
        slab = cleavage_slab(crystal, miller, layers, conventional=conventional_cell(crystal))
        law = rigid_law(rigid_path(potential, slab, default_openings(largest, points), shear=False))
        return {name: getattr(law, name) for name in ("work_of_separation", "peak_traction", "opening_at_peak")}

    return quantities


def crystal(species: str, structure: str, planes: Sequence[tuple[int, int, int]] = ()) -> Quantities:
    """Lattice parameter (m), C11, C12, C44 (Pa) and relaxed surface energies (J/m²) of a cubic crystal."""

    def quantities(potential: Potential) -> dict[str, float]:
        from atomistic.decohesion.slab import conventional_cell
        from atomistic.properties.bulk import equilibrium
        from atomistic.properties.elastic import cubic_constants, relaxed_stiffness
        from atomistic.properties.surface import surface_energies

        cell = equilibrium(potential, species, structure)
        cube = conventional_cell(cell)
        found = {"lattice_parameter": float(cube[0, 0]) * ANGSTROM}
        found |= dict(zip(("C11", "C12", "C44"), cubic_constants(relaxed_stiffness(potential, cell)), strict=True))
        if planes:
            for one in surface_energies(potential, cell, planes, conventional=cube):
                found[f"surface_{''.join(map(str, one.miller))}"] = one.relaxed.value
        return found

    return quantities
