"""Interfaces that compete: read, relaxed, and compared against the chemical potential of a solute."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from ase import Atoms

from atomistic.phases.candidates import Phase, composition, read_phases
from atomistic.phases.formation import check_elements, pure_energies
from atomistic.phases.hull import ConvexHull
from atomistic.phases.interfaces import InterfaceDiagram, InterfacePhase, interface_diagram
from atomistic.relax import relax
from coupling.contracts import FloatArray, Potential, Progress
from coupling.errors import InputError, unknown_choice
from multiscale.studies.phases.records import InterfacesRecord, PhasesRecord
from multiscale.studies.phases.sections import InterfacesInput

_FORCE = 0.01  # eV/Å
_VACUUM, _MIDDLE = 4.0, 0.3  # Å: between the faces of a slab; about its middle an atom is of neither half
_SKIN = 2.5  # Å below the outermost atom: an atom there is at the face


def read_interfaces(choice: InterfacesInput, elements: Sequence[str]) -> list[Phase]:
    """The cells of a file.

    Raises:
        InputError: a cell holds another element, none holds the solute, the one to start from is not among them, or the faces
            of a slab are not what `sides` says of them.
    """
    found = read_phases(choice.file)
    composition([one.atoms for one in found], elements)
    if not any(choice.solute in one.atoms.get_chemical_symbols() for one in found):
        raise InputError(
            f"{choice.file.name}: no interface holds the solute {choice.solute!r}; give at least one that does."
        )
    if choice.start is not None and choice.start not in [one.name for one in found]:
        raise unknown_choice("interface", choice.start, [one.name for one in found])
    for one in found:
        _check_sides(choice, one)
    return found


def _check_sides(choice: InterfacesInput, one: Phase) -> None:
    """Raise `InputError` where the faces of a slab are not what `sides` says of them."""
    if choice.sides == 2 and (unlike := unlike_faces(one.atoms)):
        raise InputError(
            f"{choice.file.name}: the slab {one.name!r} has more {unlike} on one face than on the other, and with sides: 2 both are "
            "the same interface; make them alike."
        )
    if choice.sides == 1 and on_both_faces(one.atoms, choice.solute):
        raise InputError(
            f"{choice.file.name}: the slab {one.name!r} has {choice.solute} at both of its faces, and with sides: 1 all of it would "
            "count as one face's; give sides: 2 with faces alike, or leave one of them clean."
        )


def unlike_faces(atoms: Atoms) -> str:
    """An element of which one half of a slab in vacuum holds more than the other; "" if none, or if it is no slab."""
    above = heights_in_slab(atoms)
    if above is None:
        return ""
    side = above - above.max() / 2
    for symbol in sorted(set(atoms.get_chemical_symbols())):
        own = side[[one == symbol for one in atoms.get_chemical_symbols()]]
        if np.sum(own > _MIDDLE) != np.sum(own < -_MIDDLE):
            return symbol
    return ""


def on_both_faces(atoms: Atoms, solute: str) -> bool:
    """Whether a slab in vacuum holds a solute within `_SKIN` of its lowest and of its highest atom."""
    above = heights_in_slab(atoms)
    if above is None or above.max() < 2 * _SKIN:
        return False
    own = above[[one == solute for one in atoms.get_chemical_symbols()]]
    return bool(np.any(own < _SKIN) and np.any(own > above.max() - _SKIN))


def heights_in_slab(atoms: Atoms) -> FloatArray | None:
    """(n,) heights of the atoms above the lowest of a slab in vacuum, Å; None if it is no slab."""
    height = atoms.get_volume() / float(np.linalg.norm(np.cross(*atoms.cell.array[:2])))
    places = np.sort(atoms.get_scaled_positions()[:, 2])
    gaps = np.diff(places, append=places[0] + 1.0)
    if gaps.max() * height < _VACUUM:
        return None
    bottom = places[(int(gaps.argmax()) + 1) % len(places)]
    return ((atoms.get_scaled_positions()[:, 2] - bottom + _MIDDLE / height) % 1.0) * height - _MIDDLE


def compared(
    choice: InterfacesInput, record: PhasesRecord, potential: Potential, progress: Progress
) -> InterfacesRecord:
    """Relax the atoms of all cells in one batch, and find the least grand potential.

    Args:
        choice: Which, and between which chemical potentials.
        record: The phases, whose pure crystals are the reservoirs.
        potential: The cheap one, as for the phases.
        progress: Called after each step.

    Raises:
        InputError: see `read_interfaces`.
        NotConverged: one of them did not relax.
    """
    cells = read_interfaces(choice, record.elements)
    check_elements(potential, cells)
    found = relax(potential, [one.atoms for one in cells], force=_FORCE, progress=progress)
    candidates = [
        InterfacePhase(
            one.name, float(energy), dict(Counter(one.atoms.get_chemical_symbols())),
            float(np.linalg.norm(np.cross(*one.atoms.cell.array[:2]))), choice.sides,
        )
        for one, energy in zip(cells, found.energies, strict=True)
    ]  # fmt: skip
    pure = pure_energies(record.elements, record.fractions, record.energies)
    reservoirs = dict(zip(record.elements, map(float, pure), strict=True))
    diagram = interface_diagram(candidates, reservoirs, choice.solute, (choice.lowest, choice.highest))
    limit, by = _limit(choice, record, cells)
    return InterfacesRecord(
        diagram.names, diagram.at_zero, diagram.slopes, diagram.stable, diagram.transitions, limit, by
    )


def diagram_of(record: InterfacesRecord, choice: InterfacesInput) -> InterfaceDiagram:
    """The diagram of stored interfaces."""
    limits = (choice.lowest, choice.highest)
    return InterfaceDiagram(record.names, record.at_zero, record.slopes, limits, record.stable, record.transitions)


def _limit(choice: InterfacesInput, record: PhasesRecord, cells: Sequence[Phase]) -> tuple[float, str]:
    """From where another phase grows in the host, which is the most frequent other element; and which phase."""
    counts: Counter[str] = Counter()
    for one in cells:
        counts.update(symbol for symbol in one.atoms.get_chemical_symbols() if symbol != choice.solute)
    if not counts:
        return 0.0, ""
    host = record.elements.index(counts.most_common(1)[0][0])
    hull = ConvexHull(record.fractions, record.formation)
    limit, phase = hull.solubility_limit(host, record.elements.index(choice.solute))
    return limit, "" if phase is None else record.names[phase]
