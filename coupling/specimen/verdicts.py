"""The verdicts of a specimen's ledger: on each site that is not counted once, and what else a reader should know."""

from collections.abc import Mapping, Sequence

import numpy as np

from coupling.specimen.claims import Claim, Site
from coupling.specimen.joint import Joint
from coupling.specimen.records import SIDES, Shared, SideName, Verdict, VerdictKind

_SAME = 0.01
"""Relative difference of stiffness up to which two count as equal."""
_TELLING = 0.05
"""Of the work of separation: a mismatch from which on the reader is warned."""
_COMPARED = {"C33": (2, 2), "C44": (3, 3), "C55": (4, 4)}
"""Normal and shear stiffness in the interface's frame."""
_COUPLED = {"C34": (2, 3), "C35": (2, 4), "C45": (3, 4)}
"""What couples opening and slips there; it changes where the frame is turned about the normal."""


def judged(
    count: Mapping[Site, int], joints: Sequence[Joint], shared: Sequence[Shared], negligible: float
) -> tuple[list[Verdict], list[Claim]]:
    """A verdict on each site that is not counted once, and the claims that neglect what is small enough.

    Args:
        count: How often each site is counted.
        joints: The interfaces.
        shared: What two bodies or interfaces share.
        negligible: Share of the energy across an interface up to which its closed spacing is neglected.
    """
    verdicts, waivers = [], []
    verdicts += [_shared(one, joints) for one in shared if count[Site(one.what, one.first, one.second)] > 1]
    verdicts += [_twice_named(site.of, number) for site, number in count.items() if site.kind == "name" and number > 1]
    for joint in joints:
        name = joint.interface.name
        for which in SIDES:
            if count.get(Site("layers", name, which), 1) > 1:
                verdicts.append(_layers(joint, which))
            misfit = count.get(Site("misfit", name, which), 1)
            if misfit != 1:
                verdicts.append(_misfit(joint, which, misfit))
        verdicts += [_solute(joint, which) for which in ("solute", "reservoir") if count.get(Site(which, name), 1) != 1]
        for sign in (1, -1):
            sides = [which for which in SIDES if (count.get(Site("spacing", name, which), 1) - 1) * sign > 0]
            if sides:
                verdicts.append(_spacing(joint, sides, sign, negligible))
                if verdicts[-1].error is None:
                    halves = tuple(Site("spacing", name, which) for which in sides)
                    waivers.append(Claim("neglected", f"closed spacing of {name}", -sign, halves))
    return verdicts, waivers


def remarks(joint: Joint) -> list[Verdict]:
    """Notes that are not errors: counts that are not known or only stated, stiffness that differs, energies beyond linear."""
    interface, count = joint.interface, joint.interface.count
    if count.taken_away == "not known":
        text = "It is not known what the law on {name} counted; if it holds a slab's stretched bulk, that is counted twice."
        return [_said("not known", joint, text)]
    if count.taken_away == "as stated":
        said = f": {count.statement}." if count.statement else "."
        return [Verdict("as stated", f"The law on {interface.name!r} is counted as stated{said}", interface.name)]
    found = []
    comparable = [which for which in SIDES if interface.side(which) is not None and joint.elastic(which)]
    if interface.rotation is None and comparable:
        what = "so that neither the stiffness taken away nor the strain of its sides was compared with the bodies'"
        found.append(_said("not compared", joint, "The interface {name} is curved, " + what + "."))
    if count.held_rigid or count.taken_away == "nothing":
        return found
    for which in SIDES:
        found += _mismatch(joint, which) + _turned(joint, which) + _beyond_linear(joint, which)
    return found + _thicker(joint)


def _said(kind: VerdictKind, joint: Joint, text: str) -> Verdict:
    return Verdict(kind, text.format(name=repr(joint.interface.name)), joint.interface.name)


def _peak(joint: Joint) -> str:
    return f"at the law's peak of {joint.interface.peak_traction / 1e9:.4g} GPa"


def _amount(size: float | None) -> str:
    return "an unknown number of J/m²" if size is None else f"{size:.3g} J/m²"


def _bodies(joint: Joint, sides: Sequence[SideName]) -> str:
    names = [repr(joint.interface.body(which)) for which in sides if joint.interface.body(which) is not None]
    return " and ".join(dict.fromkeys(names))


def _layers(joint: Joint, which: SideName) -> Verdict:
    """A naive law beside an elastic body."""
    interface, size, modulus = joint.interface, joint.layers_energy(which), joint.modulus(which)
    side, body = interface.side(which), interface.body(which)
    if side is not None:
        much = f"{side.layers:g} layers of {side.material or 'its crystal'}, {_amount(size)} {_peak(joint)},"
    elif modulus is not None:
        each = joint.held(1e-9, modulus)
        much = f"its layers on that side, {each:.3g} J/m² for each nanometre of them {_peak(joint)},"
    else:
        much = f"its layers on that side, {_amount(None)},"
    text = (
        f"Nothing was taken away from the law on {interface.name!r}, so that {much} are counted by its slab and by "
        f"the elastic body {body!r}; take the bulk away at equal traction (the study cohesive_law does, with path: "
        "relaxed)."
    )
    return Verdict("double counted", text, interface.name, body, size)


def _spacing(joint: Joint, sides: Sequence[SideName], sign: int, negligible: float) -> Verdict:
    """The closed spacing, or its half on one side, that is counted twice (+1) or not at all (−1)."""
    parts = [joint.spacing_energy(which) for which in sides]
    size = None if None in parts else sum(part for part in parts if part is not None)
    column = joint.column_energy()
    share = size / column if size is not None and column else None
    name, bodies = joint.interface.name, _bodies(joint, sides)
    halves = [joint.half_spacing(which) for which in sides]
    length = "" if None in halves else f" ({sum(half for half in halves if half is not None) * 1e9:.4g} nm)"
    what = f"the closed spacing{length}" if len(sides) == 2 else f"half of the closed spacing{length}"
    of_column = "" if share is None else f", {100 * share:.3g} % of what the bodies hold across it,"
    if share is not None and share <= negligible:
        text = (
            f"On {name!r} {what} is counted {'twice' if sign > 0 else 'by nobody'}: {_amount(size)} "
            f"{_peak(joint)}{of_column} which is neglected, as no more than {100 * negligible:g} %."
        )
        return Verdict("neglected", text, name, None, size)
    if sign > 0:
        text = (
            f"The law on {name!r} owns {what} and the mesh of {bodies} holds it too: {_amount(size)} "
            f"{_peak(joint)}{of_column} are counted twice; leave the spacing out of the mesh and state it (spacing: "
            "left out), or derive the law with gap: in bulk."
        )
        return Verdict("double counted", text, name, None, size)
    rigid = not all(joint.elastic(which) for which in sides)
    where = "there is no elastic body to have it" if rigid else "the mesh leaves it out"
    remedy = "mesh that body" if rigid else "mesh it (spacing: meshed)"
    other = "" if joint.interface.count.planes > 1 else "derive the law with gap: in law, or "
    text = (
        f"The law on {name!r} leaves {what} to the bulk, and {where}: {_amount(size)} {_peak(joint)}{of_column} are "
        f"counted by nobody; {other}{remedy}."
    )
    return Verdict("uncounted", text, name, None, size)


def _misfit(joint: Joint, which: SideName, count: int) -> Verdict:
    """A side that was strained to match, and a body that is not; or one that carries what is said to be relaxed."""
    interface, size = joint.interface, joint.misfit_energy(which)
    side, body = interface.side(which), interface.body(which)
    assert side is not None
    strain = ", ".join(f"{e:.3g}" for e in side.strain)
    if count > 1:
        text = (
            f"The misfit of {body!r} at {interface.name!r} is said to be relaxed, and its stress-free strain carries "
            f"it: {_amount(size)} are relieved and carried at once; set misfit: carried, or remove the stress-free strain."
        )
        return Verdict("double counted", text, interface.name, body, size)
    text = (
        f"The law on {interface.name!r} is of a crystal strained by ({strain}) (xx yy xy) in the plane, and {body!r} "
        f"does not carry that misfit: {_amount(size)} are counted by nobody; give {body!r} the stress-free strain of "
        "the opposite sign, or state that it has been relieved (misfit: relaxed)."
    )
    return Verdict("uncounted", text, interface.name, body, size)


def _solute(joint: Joint, which: str) -> Verdict:
    """The reservoir that law and mesh both own, or a solute that the law knows nothing of."""
    name = joint.interface.name
    if which == "reservoir":
        text = (
            f"The law on {name!r} is in exchange with a reservoir at a fixed chemical potential and owns its energy, and the mesh "
            "solves for the solute and counts that reservoir too; take the law with its coverage (kind: coverage), or switch the "
            "transport off."
        )
        return Verdict("double counted", text, name)
    text = (
        f"The mesh solves for the solute on {name!r}, and the law there knows of none, so that the solute's energy on the interface is "
        "counted by nobody; take a law with a coverage (kind: coverage), or leave this interface out of the transport."
    )
    return Verdict("uncounted", text, name)


def _shared(one: Shared, joints: Sequence[Joint]) -> Verdict:
    """Cells of two bodies, or facets of two interfaces."""
    if one.what == "cells":
        text = (
            f"The bodies {one.first!r} and {one.second!r} have {one.number} cells in common, whose whole elastic "
            "energy is counted twice; give each cell to one body."
        )
        return Verdict("double counted", text, None, one.first)
    works = [joint.interface.work_of_separation for joint in joints if joint.interface.name in (one.first, one.second)]
    size = min(works, default=None)
    text = (
        f"The interfaces {one.first!r} and {one.second!r} have {one.number} facets in common, on which up to "
        f"{_amount(size)} of work are counted twice; give each facet to one interface."
    )
    return Verdict("double counted", text, one.first, None, size)


def _twice_named(name: str, number: int) -> Verdict:
    text = (
        f"{number} bodies or interfaces are called {name!r}, and whoever has that name is counted {number} times; "
        "give each a name of its own."
    )
    return Verdict("double counted", text, name)


def _mismatch(joint: Joint, which: SideName) -> list[Verdict]:
    """A body of another stiffness than the bulk that was taken away."""
    interface, side, body = joint.interface, joint.interface.side(which), joint.body(which)
    own = None if body is None or body.rigid else interface.stiffness_of(body)
    if side is None or own is None or body is None or side.layers == 0:
        return []
    found = []
    for key, at in _COMPARED.items():
        taken, has = float(side.stiffness_voigt[at]), float(own[at])
        if abs(has - taken) <= _SAME * taken:
            continue
        size = 0.5 * side.layers * side.spacing * interface.peak_traction**2 * (1.0 / has - 1.0 / taken)
        shear = "" if key == "C33" else " in shear"
        text = (
            f"On {interface.name!r} the bulk taken away on the side of {body.name!r} has {key} = {taken / 1e9:.4g} "
            f"GPa and the body {has / 1e9:.4g} GPa: {abs(size):.3g} J/m²{shear} are counted too "
            f"{'often' if size > 0 else 'seldom'} at a traction of the law's peak; give the body the constants of the "
            "potential."
        )
        found.append(_mismatched(joint, text, body.name, size))
    return found


def _mismatched(joint: Joint, text: str, body: str, size: float) -> Verdict:
    interface = joint.interface
    return Verdict("mismatch", text, interface.name, body, size, abs(size) > _TELLING * interface.work_of_separation)


def _turned(joint: Joint, which: SideName) -> list[Verdict]:
    """A body whose opening and slips are coupled otherwise than in the bulk that was taken away."""
    interface, side, body = joint.interface, joint.interface.side(which), joint.body(which)
    own = None if body is None or body.rigid else interface.stiffness_of(body)
    if side is None or own is None or body is None or side.layers == 0:
        return []
    taken = side.stiffness_voigt
    apart = {key: abs(own[i, j] - taken[i, j]) / np.sqrt(taken[i, i] * taken[j, j]) for key, (i, j) in _COUPLED.items()}
    key = max(apart, key=lambda one: apart[one])
    if apart[key] <= _SAME:
        return []
    at, order = _COUPLED[key], np.ix_([2, 3, 4], [2, 3, 4])
    change = np.abs(np.linalg.inv(own[order]) - np.linalg.inv(taken[order]))[~np.eye(3, dtype=bool)].max()
    size = float(side.layers * side.spacing * interface.peak_traction**2 * change)
    text = (
        f"On {interface.name!r} the bulk taken away on the side of {body.name!r} has {key} = {taken[at] / 1e9:.4g} GPa and "
        f"the body {own[at] / 1e9:.4g} GPa in the interface's frame: up to {size:.3g} J/m² are counted otherwise where it "
        "opens and slips at tractions of the law's peak; the law's tangential 1 lies along another direction of the crystal "
        "than the mesh's, or the crystals differ."
    )
    return [_mismatched(joint, text, body.name, size)]


def _thicker(joint: Joint) -> list[Verdict]:
    """A coarse law that stands for more planes than the bodies have room for."""
    interface, count = joint.interface, joint.interface.count
    bodies = [body for which in SIDES if (body := joint.body(which)) is not None and joint.elastic(which)]
    if count.planes == 1 or count.spacing is None or not all(interface.name in body.extent for body in bodies):
        return []
    room = sum(body.extent[interface.name] for body in bodies)
    if count.spacing <= room:
        return []
    text = (
        f"The law on {interface.name!r} stands for {count.planes} planes, {count.spacing * 1e9:.4g} nm, and the bodies extend "
        f"over {room * 1e9:.4g} nm across it: no specimen of that size holds them; coarsen by fewer planes."
    )
    return [Verdict("mismatch", text, interface.name, warns=True)]


def _beyond_linear(joint: Joint, which: SideName) -> list[Verdict]:
    """What the layers held in the atoms beside what linear elasticity holds in them."""
    interface, side = joint.interface, joint.interface.side(which)
    if side is None or side.layers == 0:
        return []
    linear = side.elastic_energy(interface.peak_traction)
    text = (
        f"On {interface.name!r} the {side.layers:g} layers of {side.material or 'the crystal'} taken away on the "
        f"{which} side held {side.energy_at_peak:.3g} J/m² {_peak(joint)}, where linear elasticity holds {linear:.3g} "
        "J/m²."
    )
    return [Verdict("not linear", text, interface.name, interface.body(which), side.energy_at_peak - linear)]
