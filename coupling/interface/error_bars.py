"""Error bars of a law from samples of it: the same interface with other members of a family of potentials."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from coupling.contracts import FloatArray
from coupling.errors import InputError
from coupling.laws.law import Law
from coupling.laws.mixed import MixedModeLaw
from coupling.laws.rigid import InitiallyRigid
from coupling.laws.tabulated import TabulatedLaw

_SAMPLED = TabulatedLaw | InitiallyRigid | MixedModeLaw
_STATED = ("work_of_separation", "peak_traction")
_SAME = 1e-9  # of values that differ by rounding alone


def with_error_bars[L: (TabulatedLaw, InitiallyRigid, MixedModeLaw)](law: L, sampled: Sequence[Law]) -> L:
    """The same law with the standard deviations of energy and normal traction, at its samples, of samples of it: its members.

    Slips of a mixed-mode law are compared at equal fractions of each sample's own period. Errors that the law has
    already (of mean forces) are independent of these, and are added in quadrature.

    Args:
        law: The law that is reported.
        sampled: The same interface with each sample of the potential.

    Raises:
        InputError: fewer than two samples, or a law without samples of its own.
    """
    if len(sampled) < 2:
        raise InputError(f"An error bar needs two samples of the law or more, not {len(sampled)}.")
    values = [_at_samples(law, one) for one in sampled]
    energies, tractions = (np.array(rows).std(axis=0, ddof=1) for rows in zip(*values, strict=True))
    own = {name: getattr(law, name) for name in law.units}
    own |= {"energy_std": _together(energies, law.energy_std), "traction_std": _together(tractions, law.traction_std)}
    return type(law)(**own, gap=law.gap).counted(law.count).with_members(sampled)


def rescaled_error_bars[L: (TabulatedLaw, InitiallyRigid, MixedModeLaw)](
    law: L, energy: float | None, traction: float | None
) -> L:
    """The same law with its standard deviations of energy and traction times a factor each; without those whose is None."""
    own = {name: getattr(law, name) for name in law.units}
    own |= {f"{name}_std": None if factor is None or own[f"{name}_std"] is None else factor * own[f"{name}_std"]
            for name, factor in (("energy", energy), ("traction", traction))}  # fmt: skip
    return type(law)(**own, gap=law.gap).counted(law.count).with_members(law.members)


def spread(law: Law, read: Callable[[Law], float]) -> float | None:
    """Standard deviation over a law's members of what is read of each; None where it has none, or all are the same."""
    if len(law.members) < 2:
        return None
    values = np.array([read(one) for one in law.members])
    return float(values.std(ddof=1)) if np.ptp(values) > _SAME * np.abs(values).max() else None


def landmark_std(law: Law, name: str) -> float | None:
    """Standard deviation of a law's attribute: what the law itself says, else the spread of its members; None without."""
    if name in _STATED and isinstance(law, _SAMPLED):
        return getattr(law, f"{name}_std", None)
    return spread(law, lambda one: float(getattr(one, name)))


def with_members_of[L: Law](made: L, law: Law, make: Callable[[Law], Law]) -> L:
    """What was made of a law, with what is made of each of its members as members.

    A law whose bars labels have changed or withheld since hands on none: its members spread otherwise than it says. Nor does one
    of whose members nothing of the kind can be made, such as of a sample of a potential whose planes do not hold together.

    Args:
        made: Of the law.
        law: The law.
        make: Makes the same of another.
    """
    if len(law.members) < 2 or not _is_spread(law):
        return made
    try:
        members = [make(one) for one in law.members]
    except InputError:
        return made
    return made.with_members(members)


def _is_spread(law: Law) -> bool:
    if not isinstance(law, _SAMPLED):
        return True
    own: Any = law  # one of three kinds, each of which stays what it is
    plain = with_error_bars(rescaled_error_bars(own, None, None), law.members)
    pairs = [(getattr(law, f"{name}_std"), getattr(plain, f"{name}_std")) for name in _STATED]
    return all(said is not None and np.isclose(said, of_members, rtol=1e-12, atol=0.0) for said, of_members in pairs)


def stated_bars(law: Law) -> dict[str, float | None]:
    """Standard deviations of the work of separation and of the peak traction; None where the law withholds them.

    Those are the spread of its members, or, where labels have changed them since, what the law says.
    """
    if law.members and not isinstance(law, _SAMPLED):
        return {name: landmark_std(law, name) for name in _STATED}
    found: dict[str, float | None] = {}
    own: Any = law  # one with samples of its own, where it has members
    plain = with_error_bars(rescaled_error_bars(own, None, None), law.members) if law.members else law
    for name in _STATED:
        said, plainly = getattr(law, f"{name}_std", None), getattr(plain, f"{name}_std", np.nan)
        unchanged = law.members and said is not None and np.isclose(said, plainly, rtol=1e-12, atol=0.0)
        found[name] = float(np.std([getattr(one, name) for one in law.members], ddof=1)) if unchanged else said
    return found


def _at_samples(law: Law, one: Law) -> tuple[FloatArray, FloatArray]:
    """ψ and T of a sample at the samples of the law."""
    if isinstance(law, MixedModeLaw) and isinstance(one, MixedModeLaw):
        n, p, q = law.energy.shape
        i, j = np.meshgrid(np.arange(p) / p, np.arange(q) / q, indexing="ij")
        slips = np.stack([i, j], axis=-1).reshape(-1, 2) @ one.lattice
        jump = np.column_stack([np.repeat(law.opening, p * q), np.tile(slips, (n, 1))])
        value = MixedModeLaw.evaluate(one, jump)  # of a law in bulk, too: the error bars belong to its samples
        return value.energy.reshape(n, p, q), value.traction[:, 0].reshape(n, p, q)
    if isinstance(law, TabulatedLaw | InitiallyRigid):
        energy, traction, _ = one.normal(law.opening)
        return energy, traction
    raise InputError(
        f"A {law.kind} law has no samples that could carry error bars; take a tabulated, initially rigid or mixed one."
    )


def _together(std: FloatArray, known: FloatArray | None) -> FloatArray:
    return std if known is None else np.hypot(std, known)
