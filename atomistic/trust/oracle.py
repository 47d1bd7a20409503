"""Who is asked for labels: a quantum code, an ASE calculator or a larger potential, under one set of settings."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from atomistic.embedding.engines import ENGINES, check_engine
from atomistic.embedding.quantum import QuantumPotential
from atomistic.embedding.store import Store, address, has_stress
from atomistic.potentials.inputs import checked
from atomistic.potentials.neighbours import neighbour_pairs
from atomistic.potentials.registry import load_potential
from atomistic.trust.labels import UNNAMED, Label
from coupling.contracts import Cost, Potential, Structure
from coupling.errors import NotFinite
from coupling.identity.addresses import is_finite

_REACH = 6.0  # Å: distances that are compared to tell structures apart
_EQUAL = 1e-3  # Å


class Oracle:
    """A potential whose answers are labels; each is computed once, in this run or any other with its folder.

    Args:
        potential: Computes the labels; its fingerprint is the settings' hash.
        folder: Where answers are kept for later runs; None keeps them for this process.
        release: Called when no more labels are wanted.

    Attributes:
        settings_hash: Of all that determines its numbers.
        computed: Labels that were computed.
        recalled: Labels that came from the store.
        cost: What the computed ones took.
    """

    def __init__(
        self, potential: Potential, folder: Path | None = None, release: Callable[[], None] | None = None
    ) -> None:
        self.potential, self._release = potential, release
        self.name, self.settings_hash = potential.name, potential.fingerprint
        self.computed = self.recalled = 0
        self.cost = Cost()
        self._store = Store(folder)

    def label(self, structure: Structure, group: str = UNNAMED) -> Label:
        """The label of a structure.

        Raises:
            InputError: the structure cannot be evaluated.
            NotConverged: the code fails with its safest settings too.
            NotFinite: the energy, a force, or the stress where one is due, is no number; it is asked again the next time.
        """
        (atoms,) = checked([structure], self.potential.elements, self.name)
        key = address(self.settings_hash, atoms, None, None)
        kept = self._store.get(key)
        if kept is None:
            found = self.potential.evaluate([atoms])
            kept = {"energy": np.asarray(found.energies[0]), "forces": found.forces[0]}
            if has_stress(self.potential, atoms) or not np.isnan(found.stresses[0]).all():
                kept["stress"] = found.stresses[0]
            if not is_finite(kept):
                what = f"{atoms.get_chemical_formula()} in group {group!r}"
                raise NotFinite(f"{self.name} answered with no number for {what}.")
            self._store.put(key, kept)
            self.computed += 1
            self.cost += found.cost
        else:
            self.recalled += 1
        stress = kept.get("stress", np.full((3, 3), np.nan))
        return Label(atoms, float(kept["energy"]), kept["forces"], stress, group, self.settings_hash)

    def close(self) -> None:
        """End what computes the labels, such as the worker processes of a quantum code."""
        if self._release is not None:
            self._release()


def oracle(name: str, options: Mapping[str, Any] | None = None, folder: Path | None = None) -> Oracle:
    """An oracle by name.

    Quantum codes run in processes of their own, and are tried again with safer settings.

    Args:
        name: A quantum engine (gfn1-xtb, gfn2-xtb, pyscf, gpaw), an ASE calculator "module:Class", or
            any other potential of `load_potential`.
        options: For the code or the potential.
        folder: Where answers are kept for later runs.

    Raises:
        InputError: it is unknown, or its options are not valid.
        MissingBackend: it is not installed.
    """
    given = dict(options or {})
    if name.lower() in ENGINES:
        check_engine(name, given)
        code = QuantumPotential(name, **given)
        return Oracle(code, folder, code.close)
    return Oracle(load_potential(name, **given), folder)


def same(one: Atoms, other: Atoms) -> bool:
    """Whether two structures are the same up to translation, rotation, reflection and the atoms' order.

    They are when their elements, their volumes and all distances within 6 Å agree to 0.001 Å.
    """
    if len(one) != len(other) or not np.array_equal(np.sort(one.numbers), np.sort(other.numbers)):
        return False
    first, second = _distances(one), _distances(other)
    return len(first) == len(second) and bool(np.all(np.abs(first - second) < _EQUAL))


def known(structure: Atoms, labelled: Sequence[Atoms]) -> bool:
    """Whether a structure is the same as one of others."""
    return any(same(structure, other) for other in labelled)


def _distances(atoms: Atoms) -> np.ndarray:
    """Distances within reach, those of each pair of elements together; what is near the reach left out."""
    i, j, vectors = neighbour_pairs(atoms, _REACH)
    distances = np.linalg.norm(vectors, axis=1)
    kinds = np.sort(np.column_stack([atoms.numbers[i], atoms.numbers[j]]), axis=1)
    order = np.lexsort((distances, kinds[:, 1], kinds[:, 0]))
    return distances[order]
