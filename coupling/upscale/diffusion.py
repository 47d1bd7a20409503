"""Diffusion coefficients of a solute over temperatures, classical and quantum, with error bars: what transport takes from atoms."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import constants as physics

from coupling.contracts import FloatArray
from coupling.errors import InputError, unknown_choice
from coupling.files import sealed, unsealed, write_text
from coupling.records import pack, unpack

FORMAT = "multiscale-coupling diffusion"
TREATMENTS = ("classical", "wigner", "harmonic quantum", "centroid")
"""Classical atoms; with Wigner's factor for tunnelling; vibrations quantised too; path integrals. Later ones are better."""
_CLOSE = 1e-9


class DiffusionValue(NamedTuple):
    """D at a temperature and the ends of its bar, m²/s."""

    value: float
    lower: float
    upper: float


@dataclass(frozen=True)
class DiffusionCoefficient:
    """D at n temperatures in one treatment of the nuclei.

    Attributes:
        treatment: One of `TREATMENTS`.
        temperatures: (n,) rising, K.
        values: (n,) m²/s.
        lower: (n,) ends of the bars, m²/s; without bars the values themselves.
        upper: (n,) m²/s.
        coverage: Probability with which the bars hold D; 0 where nothing is known of its error.
    """

    treatment: str
    temperatures: FloatArray
    values: FloatArray
    lower: FloatArray
    upper: FloatArray
    coverage: float

    def __post_init__(self) -> None:
        if self.treatment not in TREATMENTS:
            raise unknown_choice("treatment of the nuclei", self.treatment, TREATMENTS)
        rows = [np.asarray(one, dtype=float) for one in (self.temperatures, self.values, self.lower, self.upper)]
        if len({one.shape for one in rows}) > 1 or rows[0].ndim != 1 or len(rows[0]) == 0:
            raise InputError(
                "A diffusion coefficient needs as many values, lower and upper ends as temperatures; give each once."
            )
        if not (np.diff(rows[0]) > 0).all() or not all(np.isfinite(one).all() and (one > 0).all() for one in rows):
            raise InputError(
                "A diffusion coefficient needs rising temperatures and values above zero with bars; sort them, and leave out "
                "what is not known."
            )

    def at(self, temperature: float) -> DiffusionValue:
        """D at a temperature between those of the table: ln D is linear in 1/T between two of them.

        Args:
            temperature: K.

        Raises:
            InputError: it is outside the table.
        """
        first, last = float(self.temperatures[0]), float(self.temperatures[-1])
        if not first * (1 - _CLOSE) <= temperature <= last * (1 + _CLOSE):
            raise InputError(
                f"The {self.treatment} diffusion coefficient is known from {first:g} to {last:g} K, not at {temperature:g} K; "
                "calculate it for a range that holds that temperature."
            )
        inverse = 1 / self.temperatures[::-1]
        return DiffusionValue(*(
            float(np.exp(np.interp(1 / temperature, inverse, np.log(one[::-1])))) for one in (self.values, self.lower, self.upper)
        ))  # fmt: skip

    @property
    def arrhenius(self) -> tuple[float, float]:
        """D₀ in m²/s and the activation energy in J/mol of the straight line nearest to ln D over 1/T.

        Raises:
            InputError: there is one temperature alone.
        """
        if len(self.temperatures) < 2:
            raise InputError(f"One temperature, {self.temperatures[0]:g} K, makes no Arrhenius plot; give two or more.")
        slope, offset = np.polyfit(1 / (physics.R * self.temperatures), np.log(self.values), 1)
        return float(np.exp(offset)), float(-slope)


@dataclass(frozen=True)
class SoluteDiffusion:
    """How a solute diffuses in a crystal.

    Attributes:
        solute: Its symbol.
        host: Of the crystal.
        potential: Fingerprint of the potential.
        curves: One for each treatment, classical first, the best last.
    """

    solute: str
    host: str
    potential: str
    curves: tuple[DiffusionCoefficient, ...]

    @property
    def classical(self) -> DiffusionCoefficient:
        """Of classical nuclei."""
        return self.of("classical")

    def of(self, treatment: str) -> DiffusionCoefficient:
        """The curve of a treatment.

        Raises:
            InputError: there is none.
        """
        for one in self.curves:
            if one.treatment == treatment:
                return one
        raise unknown_choice("treatment of the nuclei", treatment, [one.treatment for one in self.curves])

    def quantum(self, temperature: float) -> DiffusionValue:
        """D at a temperature by the best treatment whose table holds it; see `DiffusionCoefficient.at`.

        Args:
            temperature: K.

        Raises:
            InputError: none does.
        """
        for one in self.curves[::-1]:
            if one.temperatures[0] * (1 - _CLOSE) <= temperature <= one.temperatures[-1] * (1 + _CLOSE):
                return one.at(temperature)
        return self.curves[-1].at(temperature)

    def __str__(self) -> str:
        rows = [f"{self.solute} in {self.host}: D (m²/s), least, most"]
        for one in self.curves:
            rows += [f"{one.treatment:>16} {t:8.5g} K  {d:10.4g}  {low:10.4g}  {high:10.4g}" for t, d, low, high in zip(
                one.temperatures, one.values, one.lower, one.upper, strict=True)]  # fmt: skip
        return "\n".join(rows)


def save_diffusion(diffusion: SoluteDiffusion, path: str | Path) -> None:
    """Write it as JSON with a checksum; the file is whole or not there.

    Raises:
        InputError: the folder does not exist.
    """
    record = {
        name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in pack(diffusion).items()
    }
    try:
        Path(path).parent.stat()
        write_text(Path(path), json.dumps(sealed({"format": FORMAT, **record}), indent=1, allow_nan=False) + "\n")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.") from None


def load_diffusion(path: str | Path) -> SoluteDiffusion:
    """What `save_diffusion` wrote, bit for bit.

    Raises:
        InputError: the file is missing, damaged, or something else.
    """
    try:
        record = unsealed(json.loads(Path(path).read_text(encoding="utf-8")))
        if record.pop("format", None) != FORMAT:
            raise ValueError(f'it does not say "format": "{FORMAT}"')
        return unpack(SoluteDiffusion, record)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, InputError) as error:
        raise InputError(
            f"{path} is no diffusion of a solute ({error}); give a file that save_diffusion wrote."
        ) from None
