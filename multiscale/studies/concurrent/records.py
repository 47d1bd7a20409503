"""Records of the concurrent study: all atoms, each method beside them, what is read off along a loading."""

from dataclasses import dataclass

from coupling.contracts import FloatArray
from multiscale.studies.counted import Counted


@dataclass(frozen=True)
class Observable:
    """What a number is.

    Attributes:
        name: As the results call it.
        unit: Its unit, "" for a pure number.
        description: In words.
    """

    name: str
    unit: str
    description: str = ""


@dataclass(frozen=True)
class ProbeReading:
    """A number, and what it is."""

    axis: Observable
    value: float


@dataclass(frozen=True)
class ProbeResponse:
    """What is read off the equilibria of all atoms along the loading.

    Attributes:
        load: What the load is.
        loads: (k,) its values.
        answer: What is read off.
        values: (k,) of all atoms; None where they were not solved.
    """

    load: Observable
    loads: FloatArray
    answer: Observable
    values: FloatArray | None = None


@dataclass(frozen=True)
class MethodErrors:
    """A method compared with all atoms.

    Attributes:
        energy: Less the energy of all atoms, eV; None where one of the two is not defined.
        displacement: Relative, over all sites.
        strain: Relative, over all bonds.
        unknowns_fraction: Unknowns over those of all atoms.
        cost_fraction: Time over that of all atoms.
    """

    energy: float | None
    displacement: float
    strain: float
    unknowns_fraction: float
    cost_fraction: float


@dataclass(frozen=True)
class MethodFindings:
    """A method, compared with all atoms where they were solved; lengths of its region in lattice units.

    Attributes:
        method: Its name.
        core_asked: Radius of the core in the input.
        core: Radius of the core of the last equilibrium.
        blend: Width of its blending.
        adapted: Whether the region was adapted.
        unknowns: Displacement components solved for.
        atoms: Whose neighbourhood is evaluated.
        ghost_force: Largest force on the perfect crystal, eV/Å.
        seconds: Building and solving, s.
        energy: Less that of the perfect crystal, eV; None where it is not defined.
        response: (k,) what is read off along the loading; None where nothing is.
        errors: Beside all atoms; None where they were not solved.
    """

    method: str
    core_asked: float
    core: float
    blend: float
    adapted: bool
    unknowns: int
    atoms: int
    ghost_force: float
    seconds: float
    energy: float | None = None
    response: FloatArray | None = None
    errors: MethodErrors | None = None


@dataclass(frozen=True)
class SurrogateFindings:
    """The polynomial in place of the Cauchy-Born law, with its largest errors on strains that were not fitted.

    Attributes:
        degree: Of the polynomial.
        strain: Largest that it was fitted to.
        energy_error: Of a site energy, eV.
        stress_error: eV/Å³.
    """

    degree: int
    strain: float
    energy_error: float
    stress_error: float


@dataclass(frozen=True)
class Pad:
    """How far forces were found to reach.

    Attributes:
        displacement: Of the atom that was moved, Å.
        threshold: Smallest change of a force that counts, eV/Å.
        radius: Beyond which there is none, Å.
        receptive_field: What the potential's layout allows, Å.
    """

    displacement: float
    threshold: float
    radius: float
    receptive_field: float


@dataclass(frozen=True)
class AllAtoms:
    """The fully atomistic solution.

    Attributes:
        unknowns: Of all atoms.
        evaluations: Of their forces.
        energy: Less that of the perfect crystal, eV; None where it is not defined.
    """

    unknowns: int
    evaluations: int
    energy: float | None


@dataclass(frozen=True)
class ConcurrentFindings:
    """All that the study finds.

    Attributes:
        facts: What was found of the crystal on the way.
        spacing: A lattice unit, Å.
        box_atoms: What the box would hold if all of it were atoms.
        box_memory: What solving them would need, bytes.
        methods: As in the input.
        counted: The ledger of the last method.
        reference: All atoms; None where they were not solved.
        response: Of all atoms, where something is read off.
        surrogate: Of the Cauchy-Born law, where one was asked for.
        pad: Where it was measured.
        ranks: That evaluated the continuum.
        cautions: Warnings of the pre-check of the crystal.
    """

    facts: tuple[ProbeReading, ...]
    spacing: float
    box_atoms: int
    box_memory: float
    methods: tuple[MethodFindings, ...]
    counted: tuple[Counted, ...]
    reference: AllAtoms | None = None
    response: ProbeResponse | None = None
    surrogate: SurrogateFindings | None = None
    pad: Pad | None = None
    ranks: int = 1
    cautions: tuple[str, ...] = ()
