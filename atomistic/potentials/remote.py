"""A potential that computes in a worker process: nothing of it is in this one but its numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import TIMEOUT_MAX
from typing import Any

import numpy as np
from ase import Atoms

from atomistic.potentials.answers import finite
from atomistic.potentials.fingerprint import fingerprint
from atomistic.potentials.inputs import checked, has_volume
from atomistic.potentials.metering import Meter
from atomistic.potentials.workers.process import (
    Failed,
    Maker,
    NoNumber,
    TooLong,
    Unmade,
    Worker,
    WorkerDied,
    WorkerRequest,
)
from coupling.capabilities import require_asked
from coupling.contracts import Capabilities, Cost, Evaluation, Structure
from coupling.errors import ForeignError, InputError, NotConverged, NotFinite

TIME_LIMIT = 3600.0
"""Seconds for the answer of one structure, and for loading the model, unless another limit is given."""
DEATHS = 2
"""A structure that has ended the process so many times is given up: it is started again once."""


@dataclass
class RemotePotential:
    """A `Potential` in a worker process.

    Attributes:
        name: As listed by `multiscale potentials`.
        elements: Atomic numbers that it knows.
        cutoff: Range of one interaction, Å; infinite where its calculator does not say.
        fingerprint: Hash of all that determines its numbers, its environment among it.
        capabilities: What its calculator declares.
        maker: How the worker makes its calculator.
        worker: The process.
    """

    name: str
    elements: frozenset[int]
    cutoff: float
    fingerprint: str
    capabilities: Capabilities
    maker: Maker
    worker: Worker

    def evaluate(
        self, structures: Sequence[Structure], *, site_energies: bool = False, features: bool = False
    ) -> Evaluation:
        """Evaluate all structures in one request; see `coupling.contracts.Potential`.

        Raises:
            InputError: a structure cannot be evaluated, or site energies or features are asked for and not declared.
            ForeignError: the calculator failed, or the process died twice of a structure.
            NotConverged: a structure took longer than the limit.
            NotFinite: an energy, a force or a stress is not a number.
        """
        require_asked(self, site_energies, features)
        atoms = checked(structures, self.elements, self.name)
        stressed = [self.capabilities.stress and has_volume(one) for one in atoms]
        with Meter() as meter:
            rows = self._answers(atoms, WorkerRequest(atoms, stressed, site_energies))
        none = np.full((3, 3), np.nan)
        found = Evaluation(
            energies=np.array([float(row["energy"]) for row in rows]),
            forces=tuple(row["forces"] for row in rows),
            stresses=np.array([row.get("stress", none) for row in rows]),
            cost=Cost(len(atoms), sum(map(len, atoms)), 1, meter.seconds, meter.peak_memory_bytes),
            site_energies=tuple(row["sites"] for row in rows) if site_energies else None,
        )
        return finite(found, atoms, self.name)

    def as_ase(self) -> Any:
        """An ASE calculator of this potential, for other tools."""
        from atomistic.potentials.as_ase import PotentialCalculator

        return PotentialCalculator(self)

    def close(self) -> None:
        """End the process; the next evaluation starts it again."""
        self.worker.stop()

    def _answers(self, atoms: list[Atoms], request: WorkerRequest) -> list[dict[str, Any]]:
        def told(at: int) -> str:
            where = f" under {self.worker.python}" if self.worker.python else ""
            return (
                f"Structure {at} of {len(atoms)} ({atoms[at].get_chemical_formula()}): potential {self.name!r}{where}"
            )

        try:
            return self.worker.answers(self.maker, request)
        except NoNumber as error:
            raise NotFinite(f"{told(error.at)}: {error}.") from error
        except Failed as error:
            raise ForeignError(f"{told(error.at)} failed: {error}.") from error
        except WorkerDied as error:
            raise ForeignError(f"{told(error.at)}: {error}; it may lack memory.") from error
        except TooLong as error:
            raise NotConverged(f"{told(error.at)}: {error}; raise time_limit (s) if it needs longer.") from error
        except Unmade as error:
            raise ForeignError(f"Potential {self.name!r} can no longer be made: {error}.") from error


def in_worker(
    name: str, kind: str, content: str, maker: Maker, *, python: Path | None = None, time_limit: float = TIME_LIMIT,
    counted: Mapping[str, Any] | None = None, dtype: str = "float64", elements: frozenset[int],
) -> RemotePotential:  # fmt: skip
    """The potential of a calculator that a worker makes; its process is started, for what the calculator declares.

    Args:
        name: As the user gave it.
        kind: The family of the potential.
        content: Hash of its weights, or the import path of its class.
        maker: How its calculator is made.
        python: The Python that it runs under; None for this one.
        time_limit: Seconds for the answer of one structure.
        counted: What counts in the fingerprint besides content and environment; by default the maker's options.
        dtype: Its arithmetic, where the calculator does not say.
        elements: Atomic numbers that it knows, where the calculator does not say.

    Raises:
        InputError: the time limit is none, the Python is no worker, or the calculator cannot be made.
        NotConverged: it is not made in time.
    """
    if isinstance(time_limit, bool) or not isinstance(time_limit, int | float) or not 0 < time_limit <= TIMEOUT_MAX:
        raise InputError(f"A time limit of {time_limit!r} is none; give seconds, up to {TIMEOUT_MAX:g}.")
    where = str(python) if python else "the worker"
    worker = Worker(python, time_limit=float(time_limit), deaths=DEATHS)
    try:
        facts = worker.facts(maker)
    except OSError as error:
        raise InputError(f"{where!r} cannot be run: {error}; give the path of a Python interpreter.") from error
    except WorkerDied as error:
        raise InputError(
            f"Potential {name!r} did not start under {where}: {error}; it needs Python 3.10 or newer with numpy, ASE "
            "and the model's package."
        ) from error
    except TooLong as error:
        raise NotConverged(f"Potential {name!r} did not start under {where}: {error}; raise time_limit (s).") from error
    except Unmade as error:
        raise InputError(f"Potential {name!r} cannot be made under {where}: {error}.") from error
    dtype = str(facts.get("dtype", dtype))
    counted = dict(maker.options if counted is None else counted) | {"dtype": dtype}
    said = {key: value for key, value in facts.items() if key not in ("elements", "properties")}
    properties = facts["properties"]
    offers = Capabilities(
        float(facts.get("interaction_range", np.inf)), stress="stress" in properties,
        site_energies="energies" in properties, devices=("cpu", "cuda"), dtypes=("float32", "float64"),
    ).running("cpu", dtype)  # fmt: skip
    return RemotePotential(
        name, frozenset(map(int, facts.get("elements", elements))), float(facts.get("cutoff", np.inf)),
        fingerprint(f"{kind} in a worker", content, {"options": counted, "facts": said}, ()), offers, maker, worker,
    )  # fmt: skip
