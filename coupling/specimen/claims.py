"""Which sites a specimen has, and which model claims which of them."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from coupling.specimen.joint import Joint
from coupling.specimen.records import SIDES, BodyRecord, InterfaceRecord, Shared, SideName

SiteKind = Literal[
    "body", "dissipation", "interface", "layers", "spacing", "misfit", "cells", "facets", "name", "solute", "reservoir"
]


class Site(NamedTuple):
    """Something to be counted once.

    Attributes:
        kind: What it is.
        of: The body, the interface, or the first of two that share something.
        side: The side of the interface ("plus", "minus"), or the second of the two.
    """

    kind: SiteKind
    of: str
    side: str = ""

    @property
    def name(self) -> str:
        """As the ledger names it."""
        if self.kind in ("cells", "facets"):
            return f"{self.kind} of both {self.of} and {self.side}"
        words = {
            "body": f"body {self.of}", "interface": f"interface {self.of}", "name": f"the name {self.of}",
            "layers": f"layers beside {self.of}, {self.side}",
            "spacing": f"half of the closed spacing of {self.of}, {self.side}", "misfit": f"misfit at {self.of}, {self.side}",
            "dissipation": f"dissipation in {self.of}",
            "solute": f"solute on {self.of}", "reservoir": f"reservoir of the solute on {self.of}",
        }  # fmt: skip
        return words[self.kind]


class Claim(NamedTuple):
    """One model's claim on some sites.

    Attributes:
        owner: The model: "FE", "atoms", "law", …
        region: What it is evaluated on.
        sign: Its counting number.
        sites: The sites that it counts.
        energy_of: What its energy is that of: ("body", name), ("dissipation", name), ("law", interface), ("slab", interface), or ("plus" or
            "minus", interface) for the bulk taken away; None: none.
    """

    owner: str
    region: str
    sign: int
    sites: tuple[Site, ...]
    energy_of: tuple[str, str] | None = None


def twice_named(bodies: Sequence[BodyRecord], interfaces: Sequence[InterfaceRecord]) -> dict[str, int]:
    """Names that more than one body or interface has: how many have it."""
    names = [*(body.name for body in bodies), *(interface.name for interface in interfaces)]
    return {name: names.count(name) for name in names if names.count(name) > 1}


def sites_of(
    bodies: Sequence[BodyRecord], joints: Sequence[Joint], shared: Sequence[Shared], names: dict[str, int]
) -> tuple[Site, ...]:
    """All sites of a specimen, each once."""
    sites = [Site("body", body.name) for body in bodies]
    sites += [Site("dissipation", body.name) for body in bodies if body.loss]
    for joint in joints:
        sites += [*_per_side(joint), Site("interface", joint.interface.name), *_of_solute(joint)]
    sites += [Site(one.what, one.first, one.second) for one in shared]
    sites += [Site("name", name) for name in names]
    return tuple(dict.fromkeys(sites))


def claims_of(
    bodies: Sequence[BodyRecord], joints: Sequence[Joint], shared: Sequence[Shared], names: dict[str, int]
) -> tuple[Claim, ...]:
    """All claims: finite elements claim the bodies, each law its interface."""
    claims = [_of_body(body, joints, shared, names) for body in bodies]
    claims += [
        Claim(
            "FE", f"{body.loss} loss in {body.name}", 1, (Site("dissipation", body.name),), ("dissipation", body.name)
        )
        for body in bodies
        if body.loss
    ]
    for joint in joints:
        claims += _of_law(joint, shared, names)
        claims += [*_idealised(joint), *_transported(joint)]
    return tuple(claims)


def _per_side(joint: Joint) -> list[Site]:
    """What lies on either side: layers that a slab holds too, half of the closed spacing, misfit."""
    name, count, sites = joint.interface.name, joint.interface.count, []
    for which in SIDES:
        if count.atomistic:
            sites.append(Site("layers", name, which))
        if count.atomistic or (joint.interface.gap == "in bulk" and joint.elastic(which)):
            sites.append(Site("spacing", name, which))
        if joint.strained(which):
            sites.append(Site("misfit", name, which))
    return sites


def _of_solute(joint: Joint) -> list[Site]:
    """The solute on an interface, and the reservoir that it is in exchange with."""
    interface, solute = joint.interface, joint.interface.count.solute
    exchanged = interface.transported or (solute is not None and solute.held == "chemical potential")
    sites = [Site("solute", interface.name)] * (solute is not None or interface.transported)
    return sites + [Site("reservoir", interface.name)] * exchanged


def _transported(joint: Joint) -> list[Claim]:
    """The solute in the bodies, which a mesh that solves for it counts."""
    name = joint.interface.name
    claim = Claim("FE", f"solute beside {name}", 1, (Site("reservoir", name),))
    return [claim] if joint.interface.transported else []


def _of_body(body: BodyRecord, joints: Sequence[Joint], shared: Sequence[Shared], names: dict[str, int]) -> Claim:
    """A body: its cells, and what of each interface lies in them."""
    sites = [Site("body", body.name)]
    for joint in joints:
        for which in SIDES:
            if joint.interface.body(which) != body.name or body.rigid:
                continue
            for site in _per_side(joint):
                if site.side == which and _meshed(site, joint, which):
                    sites.append(site)
    sites += [Site(s.what, s.first, s.second) for s in shared if s.what == "cells" and body.name in (s.first, s.second)]
    sites += [Site("name", body.name)] * (body.name in names)
    return Claim("rigid" if body.rigid else "FE", f"body {body.name}", 1, tuple(sites), ("body", body.name))


def _meshed(site: Site, joint: Joint, which: SideName) -> bool:
    if site.kind == "spacing":
        return joint.interface.spacing == "meshed"
    return site.kind == "layers" or joint.carries_misfit(which)


def _of_law(joint: Joint, shared: Sequence[Shared], names: dict[str, int]) -> list[Claim]:
    """A law: of atoms, the slab without the bulk; else itself."""
    interface, count = joint.interface, joint.interface.count
    name = interface.name
    own = [Site("interface", name)]
    held = None if count.solute is None else count.solute.held
    own += [site for site in _of_solute(joint) if held == "chemical potential" or (held and site.kind == "solute")]
    own += [Site(s.what, s.first, s.second) for s in shared if s.what == "facets" and name in (s.first, s.second)]
    own += [Site("name", name)] * (name in names)
    if not count.atomistic:
        return [Claim("law", f"interface {name}", 1, tuple(own), ("law", name))]
    beside = [s for s in _per_side(joint) if s.kind == "spacing" or (s.kind == "layers" and not _unstretched(joint))]
    claims = [Claim("atoms", f"slab of {name}", 1, (*own, *beside), ("slab", name))]
    for which in SIDES if count.taken_away == "bulk" else ():
        taken = tuple(s for s in beside if s.side == which and (s.kind == "layers" or interface.gap == "in bulk"))
        region = f"bulk {interface.body(which) or 'foundation'} at {name}"
        claims.append(Claim("atoms", region, -1, taken, (which, name)))
    return claims


def _unstretched(joint: Joint) -> bool:
    """Whether the slab's layers hold nothing: rigid halves, of which nothing was taken away."""
    return joint.interface.count.held_rigid and joint.interface.count.taken_away == "nothing"


def _idealised(joint: Joint) -> list[Claim]:
    """What is declared to hold no energy: layers of a rigid side, a misfit that relaxed."""
    claims, interface = [], joint.interface
    for which in SIDES:
        layers = Site("layers", interface.name, which)
        if not joint.elastic(which) and layers in _per_side(joint) and not interface.count.naive:
            claims.append(Claim("rigid", f"{interface.body(which) or 'foundation'} at {interface.name}", 1, (layers,)))
        misfit = Site("misfit", interface.name, which)
        if misfit in _per_side(joint) and interface.misfit == "relaxed":
            claims.append(Claim("relaxed", f"misfit of {interface.body(which)} at {interface.name}", 1, (misfit,)))
    return claims
