"""The identity of a potential: what determines its numbers, hashed."""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass, replace
from typing import Any

from coupling.contracts import FloatArray, Potential
from coupling.identity.addresses import canonical_json, file_hash, versions_of
from coupling.identity.content import described
from coupling.identity.sources import code_behind, code_of
from coupling.wrapped import Wrapped

__all__ = ["OWN", "file_hash", "fingerprint", "identified"]

OWN = ("coupling", "atomistic", "continuum", "multiscale")
"""Packages whose code belongs to the address of a result, see `coupling.identity.addresses.Environment`."""


def fingerprint(
    kind: str, content: str, options: Mapping[str, Any], libraries: tuple[str, ...], *, code: tuple[Any, ...] = ()
) -> str:
    """SHA-256 of all that determines a potential's numbers; the device is not part of it.

    Args:
        kind: The family of the potential.
        content: Hash of its weights or file, or the import path of its class.
        options: Options that change the numbers, the dtype among them. The files that they name count with their
            content, functions and objects with their code (`coupling.identity.content.described`).
        libraries: Distributions whose versions count.
        code: Classes and functions, or names of modules that are not loaded, whose source and provider count.
    """
    behind = [code_behind(one, own=OWN) if isinstance(one, str) else code_of(one, own=OWN) for one in code]
    identity = {
        "kind": kind,
        "content": content,
        "options": described(options, own=OWN),
        "versions": dict(versions_of(libraries)),
        "code": [one.record for one in behind],
    }
    return hashlib.sha256(canonical_json(identity).encode()).hexdigest()


def identified(
    potential: Potential, loader: Any, name: str, dtype: str | None, options: Mapping[str, Any]
) -> Potential:
    """A third party's potential with a fingerprint that also covers its loader, its package, its file and its options.

    Args:
        potential: As its loader made it; its own fingerprint counts too.
        loader: Made it.
        name: Of the potential, or a file's.
        dtype: As asked for.
        options: As given to the loader.
    """
    asked = {"name": name, "dtype": dtype, **options}
    foreign = type(potential).__module__.partition(".")[0] not in OWN
    code = (loader, type(potential)) if foreign else (loader,)
    identity = fingerprint("third party", potential.fingerprint, asked, (), code=code)
    if is_dataclass(potential) and any(item.name == "fingerprint" and item.init for item in fields(potential)):
        with suppress(TypeError):  # a constructor of its own
            return replace(potential, fingerprint=identity)
    return _Identified(potential, identity)


class _Identified(Wrapped):
    """A potential whose own fingerprint cannot be replaced, under another one."""

    def __init__(self, potential: Potential, identity: str) -> None:
        super().__init__(potential)
        self.fingerprint = identity

    def with_readout(self, change: FloatArray, shifts: Mapping[int, float]) -> Potential:
        """The potential with another readout, whose fingerprint covers this one's."""
        inside = super().with_readout(change, shifts)
        return _Identified(inside, hashlib.sha256(f"{self.fingerprint} {inside.fingerprint}".encode()).hexdigest())

    def with_charge(self, charge: int) -> Potential:
        """The potential for structures with a total charge, under a fingerprint that this one's own counts in."""
        inside = super().with_charge(charge)
        return _Identified(inside, hashlib.sha256(f"{self.fingerprint} {inside.fingerprint}".encode()).hexdigest())

    def with_network(self, network: Any, fingerprint: str) -> Potential:
        """The potential with another network, under its fingerprint."""
        return _Identified(super().with_network(network, fingerprint), fingerprint)

    def as_ase(self) -> Any:
        """An ASE calculator of this potential."""
        from atomistic.potentials.as_ase import PotentialCalculator

        return PotentialCalculator(self)
