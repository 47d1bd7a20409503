"""The batched engine: many structures through a model in few calls."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from ase import Atoms

from atomistic.potentials.answers import finite
from atomistic.potentials.crystal_laws import NetworkLaw
from atomistic.potentials.inputs import checked, has_volume
from atomistic.potentials.memory import require_memory
from atomistic.potentials.metering import Meter
from atomistic.potentials.neighbours import estimated_pairs
from atomistic.potentials.site_sums import NetworkSites
from coupling.capabilities import Capability, FeatureDerivatives, require, require_asked
from coupling.contracts import Capabilities, Cost, Evaluation, FloatArray, Structure
from coupling.errors import InputError, foreign

if TYPE_CHECKING:
    from ase.calculators.calculator import Calculator

SMALLEST_SHARE = 400
"""Pairs below which a separate batch on a CPU core does not pay."""


class BatchOutput(NamedTuple):
    """Results of a model for n structures with N atoms in all.

    Attributes:
        energies: (n,) eV.
        forces: (N, 3) eV/Å.
        stresses: (n, 3, 3) eV/Å³, positive in tension.
        site_energies: (N,) eV.
        features: (N, F) what the site energy is linear in, in units in which the weights are eV.
    """

    energies: FloatArray
    forces: FloatArray
    stresses: FloatArray
    site_energies: FloatArray | None = None
    features: FloatArray | None = None


BatchModel = Callable[[Sequence[Atoms]], BatchOutput]
"""Evaluates one batch; it also has the methods behind what its `BatchedPotential` declares."""


@dataclass
class BatchedPotential:
    """A `Potential` whose model takes many structures at once.

    On a CPU the batches stay small enough for the cache and each core works on its own;
    on a GPU they are as large as the memory takes, and halved when it does not.

    Attributes:
        name: As listed by `multiscale potentials`.
        elements: Atomic numbers that it knows.
        cutoff: Range of one message, Å.
        fingerprint: Hash of all that determines its numbers.
        model: Evaluates one batch; safe to call from several threads on the CPU.
        device: "cpu", "cuda" or "cuda:N".
        dtype: "float32" or "float64".
        batch_pairs: Neighbour pairs aimed at in one batch.
        bytes_per_pair: Measured peak memory per neighbour pair; None where it has not been measured.
        capabilities: What the model offers besides energies and forces.
    """

    name: str
    elements: frozenset[int]
    cutoff: float
    fingerprint: str
    model: BatchModel
    device: str
    dtype: str
    batch_pairs: float
    bytes_per_pair: float | None = None
    capabilities: Capabilities = field(default_factory=Capabilities)

    def __post_init__(self) -> None:
        self.capabilities = self.capabilities.running(self.device, self.dtype)

    def evaluate(
        self, structures: Sequence[Structure], *, site_energies: bool = False, features: bool = False
    ) -> Evaluation:
        """Evaluate all structures; see `coupling.contracts.Potential`.

        Raises:
            InputError: a structure cannot be evaluated, or one alone would exceed the memory, or the
                model has no site energies or features and they are asked for.
            ForeignError: the model failed.
            NotFinite: its energy or a force is not a number.
        """
        require_asked(self, site_energies, features)
        atoms = checked(structures, self.elements, self.name)
        if self.bytes_per_pair is not None:
            require_memory([self.predicted_memory(one) for one in atoms], atoms, self.device)
        with Meter(self.device) as meter, foreign(f"model of potential {self.name!r}"):
            parts = self._run(atoms)
        cost = Cost(len(atoms), sum(map(len, atoms)), len(parts), meter.seconds, meter.peak_memory_bytes)
        counts = np.cumsum([len(one) for one in atoms])[:-1]
        stresses = np.concatenate([part.stresses for part in parts])
        stresses[[not has_volume(one) for one in atoms]] = np.nan

        def per_atom(values: Iterable[FloatArray]) -> tuple[FloatArray, ...]:
            return tuple(np.split(np.concatenate(list(values)), counts))

        found = Evaluation(
            energies=np.concatenate([part.energies for part in parts]),
            forces=per_atom(part.forces for part in parts),
            stresses=stresses,
            cost=cost,
            site_energies=per_atom(part.site_energies for part in parts) if site_energies else None,
            features=per_atom(part.features for part in parts) if features else None,
        )
        return finite(found, atoms, self.name)

    def predicted_memory(self, structure: Structure) -> float:
        """Peak memory that one structure will need, bytes.

        Raises:
            InputError: this model's memory has not been measured.
        """
        if self.bytes_per_pair is None:
            raise InputError(f"The memory per atom of potential {self.name!r} has not been measured.")
        return self.bytes_per_pair * estimated_pairs(structure, self.cutoff)

    def feature_derivatives(self, structures: Sequence[Structure]) -> list[FeatureDerivatives]:
        """Features that the energy is linear in, and their derivatives.

        Raises:
            InputError: a structure cannot be evaluated, or the model provides no such features.
        """
        return self._granting("features").feature_derivatives(checked(structures, self.elements, self.name))

    def with_readout(self, change: FloatArray, shifts: Mapping[int, float]) -> "BatchedPotential":
        """This potential with another linear readout, at the same cost.

        Args:
            change: (F,) what is added to the weights of the features, eV.
            shifts: Atomic number to what is added to an atom's energy, eV.

        Raises:
            InputError: the model provides no features.
        """
        model = self._granting("features").with_readout(change, shifts)
        record = np.ascontiguousarray(change, dtype=float).tobytes() + repr(sorted(shifts.items())).encode()
        identity = hashlib.sha256(self.fingerprint.encode() + record).hexdigest()
        return replace(self, model=model, fingerprint=identity)

    def with_all_layers(self) -> "BatchedPotential":
        """This potential, but with the features of all layers of its network; its energies and forces are the same.

        Raises:
            InputError: the model provides no features.
        """
        identity = hashlib.sha256(f"{self.fingerprint} all layers".encode()).hexdigest()
        return replace(self, model=self._granting("features").with_all_layers(), fingerprint=identity)

    def weighted_sites(self, structure: Structure, weights: FloatArray) -> NetworkSites:
        """Σ w_i e_i of a structure at any positions; see `coupling.capabilities.SitePotential`.

        Raises:
            InputError: the structure cannot be evaluated, or the model has no such sums.
        """
        model = self._granting("weighted_sites")
        (atoms,) = checked([structure], self.elements, self.name)
        return NetworkSites(model.weighted, atoms, weights)

    def crystal_law(self, crystal: Structure) -> NetworkLaw:
        """A periodic cell of one atom as a function of F; see `coupling.capabilities.StrainPotential`.

        Raises:
            InputError: the cell cannot be evaluated, or the model is not differentiated twice.
        """
        model = self._granting("differentiable_strain")
        (atoms,) = checked([crystal], self.elements, self.name)
        return NetworkLaw(self, atoms, model.curvature)

    def network(self) -> Any:
        """The model, whose weights can be tuned.

        Raises:
            InputError: they cannot.
        """
        return self._granting("trainable")

    def with_network(self, network: BatchModel, fingerprint: str) -> "BatchedPotential":
        """This potential with another model, and its fingerprint."""
        return replace(self, model=network, fingerprint=fingerprint)

    def _granting(self, capability: Capability) -> Any:
        """The model, which has the methods behind a capability that is declared."""
        require(self, capability)
        return self.model

    def as_ase(self) -> "Calculator":
        """An ASE calculator of this potential, for other tools."""
        from atomistic.potentials.as_ase import PotentialCalculator

        return PotentialCalculator(self)

    def _run(self, atoms: list[Atoms]) -> list[BatchOutput]:
        import torch

        pairs = [estimated_pairs(one, self.cutoff) for one in atoms]
        threads = torch.get_num_threads()
        if self.device != "cpu" or threads == 1:
            return [part for batch in _batches(atoms, pairs, self.batch_pairs) for part in self._call(batch)]
        share = max(sum(pairs) / threads, SMALLEST_SHARE)
        batches = _batches(atoms, pairs, min(self.batch_pairs, share))
        workers = min(threads, len(batches))
        torch.set_num_threads(max(1, threads // workers))
        try:
            with ThreadPoolExecutor(workers) as pool:
                return list(pool.map(self.model, batches))
        finally:
            torch.set_num_threads(threads)

    def _call(self, batch: list[Atoms]) -> list[BatchOutput]:
        """Evaluate a batch, in halves where the memory does not suffice."""
        import torch

        try:
            return [self.model(batch)]
        except torch.OutOfMemoryError:
            if len(batch) == 1:
                raise InputError(
                    f"A structure of {len(batch[0])} atoms does not fit in the memory of {self.device!r}; "
                    "take fewer atoms, or device='cpu'."
                ) from None
        torch.cuda.empty_cache()
        self.batch_pairs /= 2
        middle = len(batch) // 2
        return self._call(batch[:middle]) + self._call(batch[middle:])


def _batches(atoms: list[Atoms], pairs: list[float], target: float) -> list[list[Atoms]]:
    """Consecutive structures, of about the target's pairs together."""
    batches: list[list[Atoms]] = [[]]
    filled = 0.0
    for one, size in zip(atoms, pairs, strict=True):
        if batches[-1] and filled + size > 1.05 * target:
            batches.append([])
            filled = 0.0
        batches[-1].append(one)
        filled += size
    return batches
