"""The routes of a learning study's input, at the potential's own lattice."""

from typing import TYPE_CHECKING, Any

import numpy as np

from coupling.contracts import Potential
from coupling.units import ANGSTROM, EV_A2, EV_A3
from multiscale.inputs.crystal import CutCrystal
from multiscale.studies.learn.route_schema import AtomsRoute, InterfaceRoute, LineRoute, in_angstrom
from multiscale.studies.learn.schema import LearnStudy

if TYPE_CHECKING:
    from ase import Atoms

    from atomistic.decohesion.slab import CleavageSlab, Openable
    from atomistic.dislocation.cylinder import OrientedCrystal
    from atomistic.trust.defect_routes import Around
    from atomistic.trust.routes import Route


def routes_of(study: LearnStudy, potential: Potential) -> "list[Route]":
    """All ways through the structures of a study, in the order in which they are followed."""
    from atomistic.trust.defect_routes import Around

    chosen = study.routes
    around = Around(chosen.rattles, chosen.rattle / ANGSTROM, chosen.strains, chosen.strain, study.seed)
    made = [] if study.plane is None else _of_slab(study, potential, around)
    for name, make in {
        "interface": _of_interface,
        "core": _of_core,
        "crack": _of_crack,
        "md": _moving,
        "relax": _relaxing,
    }.items():
        if name in chosen.others:
            made += make(chosen.others[name], potential, around)
    return made


def closed_interface(study: LearnStudy, potential: Potential) -> "Openable":
    """What the law is of: the slab, or the two crystals."""
    return _slab(study, potential) if study.plane is not None else _pair(study.routes.interface, potential)


def _of_slab(study: LearnStudy, potential: Potential, around: "Around") -> "list[Route]":
    from atomistic.decohesion.rigid_path import default_openings
    from atomistic.properties.phonon import phonons
    from atomistic.trust.defect_routes import interface_routes
    from atomistic.trust.routes import LangevinRoute

    chosen, slab = study.routes, _slab(study, potential)
    openings = default_openings(chosen.openings.max / ANGSTROM, chosen.openings.points)
    repeats = study.plane.repeats
    made = interface_routes(slab, openings, around, slips=chosen.slips, relaxations=chosen.relaxations, repeats=repeats)
    if chosen.dynamics is not None:
        moving, opened = chosen.dynamics, (chosen.dynamics.opening or 0.0) / ANGSTROM
        step = phonons(potential, slab.repeat_unit().atoms, repeats=(2, 2, 2)).safe_time_step
        start = slab.opened(opened) * (*repeats, 1)
        made.append(LangevinRoute("dynamics", start, moving.temperature, step, moving.steps, moving.every, study.seed))
    return made


def _slab(study: LearnStudy, potential: Potential) -> "CleavageSlab":
    from atomistic.decohesion.slab import cleavage_slab, conventional_cell
    from atomistic.properties.bulk import equilibrium

    crystal = equilibrium(potential, study.plane.species, study.plane.structure)
    return cleavage_slab(crystal, study.plane.miller, study.plane.layers, conventional=conventional_cell(crystal))


def _of_interface(route: InterfaceRoute, potential: Potential, around: "Around") -> "list[Route]":
    from atomistic.decohesion.rigid_path import default_openings
    from atomistic.trust.defect_routes import interface_routes

    openings = default_openings(route.openings.max / ANGSTROM, route.openings.points)
    return interface_routes(
        _pair(route, potential), openings, around, slips=route.slips, relaxations=route.relaxations, name="interface"
    )


def _pair(route: InterfaceRoute, potential: Potential) -> "Openable":
    """Both crystals at the potential's lattice, matched, in the registry of least energy and closed."""
    from atomistic.decohesion.coincidence import match_lattices
    from atomistic.decohesion.hetero import close, hetero_interface

    upper, lower = _cut(route.upper, potential), _cut(route.lower, potential)
    how = route.matching
    match = match_lattices(
        upper, lower, strain=how.strained, largest_strain=how.largest_strain, largest_area=how.largest_area
    )
    return close(potential, hetero_interface(upper, lower, match, strain=how.strained))


def _cut(choice: CutCrystal, potential: Potential) -> "CleavageSlab":
    from atomistic.decohesion.slab import cleavage_slab, conventional_cell
    from atomistic.properties.bulk import equilibrium
    from atomistic.relax import Constraints, relax

    if choice.file is not None:
        crystal = relax(potential, [choice.shape()[0]], Constraints(cell="full"), stress=5e6).structures[0]
        conventional = crystal.cell.array
    else:
        crystal = equilibrium(potential, choice.species, choice.structure)
        conventional = conventional_cell(crystal)
    along = None if choice.x is None else np.array(choice.x) @ conventional
    return cleavage_slab(
        crystal, choice.miller, choice.first_layers, conventional=conventional, termination=choice.termination, x=along
    )


def _oriented(route: LineRoute, potential: Potential) -> "tuple[OrientedCrystal, Atoms]":
    """The oriented crystal with the potential's own stiffness, and its primitive cell."""
    from atomistic.dislocation.cylinder import oriented
    from atomistic.dislocation.systems import slip_system
    from atomistic.properties.bulk import equilibrium
    from atomistic.properties.elastic import elastic_constants

    bulk = equilibrium(potential, route.species, route.structure)
    stiffness = elastic_constants(potential, bulk).stiffness_voigt / EV_A3
    return oriented(bulk, stiffness, slip_system(route.structure, route.system)), bulk


def _of_core(route: Any, potential: Potential, around: "Around") -> "list[Route]":
    from ase.build import make_supercell

    from atomistic.dislocation.systems import conventional_cell
    from atomistic.trust.defect_routes import core_routes

    crystal, bulk = _oriented(route, potential)
    cell = conventional_cell(bulk, route.structure)
    cube = make_supercell(bulk, np.round(cell @ np.linalg.inv(bulk.cell.array)).astype(int))
    return core_routes(
        crystal, cube, around, width=route.width, height=route.height, separations=in_angstrom(route.separations),
        relaxations=route.relaxations,
    )  # fmt: skip


def _of_crack(route: Any, potential: Potential, around: "Around") -> "list[Route]":
    from atomistic.dislocation.systems import conventional_cell
    from atomistic.properties.surface import surface_energies
    from atomistic.trust.defect_routes import crack_routes, crack_tips

    crystal, bulk = _oriented(route, potential)
    first, second, third = (int(index) for index in crystal.system.plane)
    cell = conventional_cell(bulk, route.structure)
    energy = (
        surface_energies(potential, bulk, [(first, second, third)], conventional=cell, relaxed=False)[0].rigid.value
        / EV_A2
    )
    griffith = np.sqrt(2 * energy / crystal.stroh.release_rate(np.array([0.0, 1.0, 0.0])))
    tips, free = crack_tips(
        crystal, [load * griffith for load in route.loads], route.radius / ANGSTROM, route.shell / ANGSTROM
    )
    return crack_routes(tips, free, around, relaxations=route.relaxations)


def _atoms(route: AtomsRoute, potential: Potential) -> "Atoms":
    """A named crystal at the potential's lattice, or a file's structure as it is."""
    from atomistic.properties.bulk import equilibrium
    from atomistic.structure_files import read_structure

    named = route.file is None
    made = equilibrium(potential, route.species, route.structure) if named else read_structure(route.file).atoms
    return made * tuple(route.repeats)


def _moving(route: Any, potential: Potential, around: "Around") -> "list[Route]":
    from atomistic.dynamics.safe_step import vibration_limit
    from atomistic.trust.defect_routes import moving_routes

    atoms = _atoms(route, potential)
    step = vibration_limit(potential, atoms).checked(None)
    return moving_routes(
        atoms, around, temperature=route.temperature, time_step=step, steps=route.steps, every=route.every
    )


def _relaxing(route: Any, potential: Potential, around: "Around") -> "list[Route]":
    from atomistic.trust.defect_routes import relaxing_routes

    return relaxing_routes(_atoms(route, potential), around, steps=route.steps)
