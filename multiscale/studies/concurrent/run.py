"""The concurrent study: one problem by several methods, each compared with all atoms unless these are left out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from coupling.contracts import Potential
from multiscale.runtime.context import RunContext
from multiscale.runtime.results import Results
from multiscale.studies.concurrent.loading import LoadedProblems, Probe, Setting
from multiscale.studies.concurrent.records import (
    AllAtoms,
    ConcurrentFindings,
    MethodErrors,
    MethodFindings,
    Pad,
    SurrogateFindings,
)
from multiscale.studies.concurrent.report import report
from multiscale.studies.concurrent.schema import ConcurrentStudy
from multiscale.studies.concurrent.shown import Shown, shown, write_shown
from multiscale.studies.counted import counted

if TYPE_CHECKING:
    from ase import Atoms

    from multiscale.concurrent.compare import Case, Solved
    from multiscale.concurrent.solution import ConcurrentSolution

_SUPERCELL = 24.0
"""Å: least width of the cell in which the locality of forces is measured."""


def run(study: ConcurrentStudy, context: RunContext) -> Results:
    """Run the study; see `ConcurrentStudy` for its input.

    Under MPI the first rank solves and all evaluate the continuum.

    Raises:
        InputError: potential, crystal and regions do not go together.
        NotConverged: an equilibrium was not found.
    """
    results, (found, states) = Results("concurrent", study.title), _on_all_ranks(study, context)
    report(results, found)
    write_shown(results, states, study.output, context)
    return results


def _on_all_ranks(study: ConcurrentStudy, context: RunContext) -> tuple[ConcurrentFindings, Shown]:
    """The findings, and the equilibria as they are written; the other ranks evaluate the continuum for the first until it is done."""
    from multiscale.concurrent.shared_law import release, serve

    if context.comm is None or context.comm.size == 1:
        return _compared(study, context)
    if not context.is_root:
        serve(context.comm)

    def solving() -> tuple[ConcurrentFindings, Shown]:
        try:
            return _compared(study, context)
        finally:
            release(context.comm)

    return context.on_root(solving)


def _compared(study: ConcurrentStudy, context: RunContext) -> tuple[ConcurrentFindings, Shown]:
    """All atoms, where they are asked for, then each method."""
    from multiscale.concurrent.compare import compare, without_reference
    from multiscale.concurrent.memory import atoms_memory

    potential = _potential(study, context)
    with context.stage("crystal"):
        ready = _prepared(study, potential, context)
    pad = None if ready.pad is None else ready.pad.radius
    problems, cases, probe = ready.loads.problems, _cases(study, pad), ready.loads.probe
    how = {"tolerance": study.tolerance, "solver": study.solver, "progress": context.progress}
    atoms: list[ConcurrentSolution] = []
    solved: Sequence[Solved]
    with context.stage("equilibria"):
        if study.reference == "none":
            solved = without_reference(problems, cases, **how)
        else:
            atoms, solved = compare(problems, cases, pad=pad, **how)
    found = ConcurrentFindings(
        facts=ready.loads.facts,
        spacing=problems[0].lattice.spacing,
        box_atoms=problems[0].atoms,
        box_memory=atoms_memory(problems[0]),
        methods=tuple(method_findings(one, probe) for one in solved),
        counted=counted(solved[-1].solution.method.ledger().rows()),
        reference=AllAtoms(atoms[-1].unknowns, atoms[-1].evaluations, atoms[-1].energy) if atoms else None,
        response=None if probe is None else probe.response(atoms),
        surrogate=ready.surrogate,
        pad=ready.pad,
        ranks=1 if context.comm is None else context.comm.size,
        cautions=ready.cautions,
    )
    return found, shown(atoms, solved, probe)


def method_findings(row: "Solved", probe: Probe | None = None) -> MethodFindings:
    """What is reported of a method, compared with all atoms where they were solved.

    Args:
        row: The method's equilibria, or the comparison.
        probe: What is read off along the loading.
    """
    method = row.solution.method
    return MethodFindings(
        method=row.case.method,
        core_asked=row.case.region.core,
        core=method.region.core,
        blend=method.region.blend,
        adapted=row.case.adaptions > 0,
        unknowns=row.solution.unknowns,
        atoms=method.atoms,
        ghost_force=row.ghost_force,
        seconds=row.seconds,
        energy=row.solution.energy,
        response=None if probe is None else probe.along(row.path),
        errors=_errors(row),
    )


def _errors(row: "Solved") -> MethodErrors | None:
    from multiscale.concurrent.compare import Row

    if not isinstance(row, Row):
        return None
    apart = row.difference
    return MethodErrors(
        row.energy_error, apart.displacement, apart.relative_strain, row.unknowns_fraction, row.cost_fraction
    )


def _potential(study: ConcurrentStudy, context: RunContext) -> Potential:
    from atomistic.potentials import load_potential
    from coupling.capabilities import require
    from multiscale.concurrent.methods import method_kinds

    potential = load_potential(study.potential.name, **study.potential.options)
    context.uses(potential)
    if any(method_kinds()[one.method].weighted for one in study.methods):
        require(potential, "weighted_sites")
    return potential


@dataclass(frozen=True)
class _Prepared:
    """Problems with the law that they are solved with, its record, how far atoms are carried along, and the pre-check's warnings."""

    loads: LoadedProblems
    surrogate: SurrogateFindings | None
    pad: Pad | None
    cautions: tuple[str, ...]


def _prepared(study: ConcurrentStudy, potential: Potential, context: RunContext) -> _Prepared:
    from atomistic.cauchy_born import polynomial_law
    from atomistic.properties.bulk import equilibrium
    from atomistic.properties.elastic import elastic_constants
    from atomistic.properties.precheck import precheck
    from multiscale.concurrent.shared_law import SharedLaw

    crystal = equilibrium(potential, study.species, study.structure, tolerance=1e4)
    checked = precheck(
        potential,
        crystal,
        elastic_constants(potential, crystal).stiffness_voigt,
        study.structure,
        faults=study.defect.slips,
    )
    checked.require(override=study.check_fault == "report", result="concurrent")
    for warning in checked.warnings:
        context.log.warning("%s", warning)
    setting = Setting(potential, crystal, tuple(study.box.cells), study.box.level, study.line)
    loads, asked, surrogate = study.defect.problems(setting), study.surrogate, None
    if asked is not None:
        law = polynomial_law(loads.problems[0].law, strain=asked.strain, degree=asked.degree)
        loads = loads.with_law(law)
        surrogate = SurrogateFindings(asked.degree, law.strain, law.energy_error, law.stress_error)
    if context.comm is not None and context.comm.size > 1:
        loads = loads.with_law(SharedLaw(loads.problems[0].law, context.comm))
    pad = _measured_pad(potential, crystal) if study.pad == "measured" else None
    return _Prepared(loads, surrogate, pad, checked.warnings)


def _measured_pad(potential: Potential, crystal: "Atoms") -> Pad:
    from atomistic.locality import force_locality

    height = 1 / np.linalg.norm(np.linalg.inv(crystal.cell.array), axis=0).max()
    local = force_locality(potential, crystal.repeat(int(np.ceil(_SUPERCELL / height))))
    return Pad(local.displacement, local.threshold, local.radius, local.receptive_field)


def _cases(study: ConcurrentStudy, pad: float | None) -> "list[Case]":
    from multiscale.concurrent.compare import Case
    from multiscale.concurrent.region import BlendingRegion

    cases = []
    for one in study.methods:
        region = BlendingRegion(one.core, one.blend, one.buffer, one.grading, one.blending)
        cases.append(Case(one.method, region, pad, *((one.adapt.steps, one.adapt.left) if one.adapt else ())))
    return cases
