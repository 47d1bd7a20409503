"""Diffusion of a light interstitial in an fcc crystal, classical and quantum: D(T) from a potential alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms

from atomistic.dynamics.ring_polymer import RingPolymer
from atomistic.quantum_nuclei.centroid import CentroidProfile, centroid_profile
from atomistic.rates.diffusion import AlternatingHops, with_bars
from atomistic.saddles.sampled import sampled_rate
from atomistic.saddles.searches import transition
from atomistic.saddles.transition import DEFAULT, Settings, Transition
from coupling.contracts import FloatArray, Potential, Progress, silent
from coupling.errors import InputError
from coupling.units import BOLTZMANN_EV
from coupling.upscale.diffusion import DiffusionCoefficient, SoluteDiffusion

_OCTAHEDRAL, _TETRAHEDRAL = (0.5, 0.5, 0.5), (0.75, 0.75, 0.75)
_BEYOND = 1.25
"""How far the centroid's path goes, of the way to the saddle."""


@dataclass(frozen=True)
class CentroidSettings:
    """How the centroid's free energy is sampled.

    Attributes:
        temperatures: K; each is a run of its own.
        beads: Of each ring polymer.
        planes: Between the octahedral site and beyond the saddle.
        steps: Of each.
        copies: Ring polymers in each plane.
        friction: Of centroids, 1/s.
        seed: Of the noise.
    """

    temperatures: tuple[float, ...]
    beads: int = 32
    planes: int = 8
    steps: int = 4000
    copies: int = 1
    friction: float = 2e13
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.temperatures or self.planes < 4:
            raise InputError(
                f"A centroid's free energy on {self.planes} planes at temperatures {self.temperatures} is none; give 4 planes or "
                "more, and one temperature or more."
            )


@dataclass(frozen=True)
class InterstitialDiffusion:
    """D(T) and what it was made of.

    Attributes:
        diffusion: What transport takes.
        hop: From the octahedral to the tetrahedral site.
        hops: Its rates and geometry.
        profiles: The centroid's free energies, one for each temperature asked for.
    """

    diffusion: SoluteDiffusion
    hop: Transition
    hops: AlternatingHops
    profiles: tuple[CentroidProfile, ...]


def interstitial_diffusion(
    potential: Potential,
    crystal: Atoms,
    solute: str,
    temperatures: Sequence[float] | FloatArray,
    *,
    repeats: int = 2,
    samples: Sequence[Potential] = (),
    barrier_std: float = 0.0,
    centroid: CentroidSettings | None = None,
    coverage: float = 0.9,
    settings: Settings = DEFAULT,
    progress: Progress = silent,
) -> InterstitialDiffusion:
    """Hops between octahedral and tetrahedral sites of an fcc crystal; D at infinite dilution.

    Harmonic rates at all temperatures; where `centroid` asks for it, the rate of the quantum nucleus by the free energy of its
    centroid, all other atoms quantum too. Bars: the potential's, from samples of it or a standard deviation of the barrier, and of
    the centroid's rates that of the sampling too.

    Args:
        potential: The potential.
        crystal: The conventional cubic cell of four atoms at the potential's lattice.
        solute: Symbol of the interstitial.
        temperatures: (n,) K.
        repeats: Of the cubic cell in the supercell.
        samples: Of the potential; none or at least two.
        barrier_std: Standard deviation of the barrier that is known otherwise, eV.
        centroid: How it is sampled; None leaves it out.
        coverage: Probability with which the bars hold D.
        settings: Of the search for the saddle.
        progress: Told as work advances.

    Raises:
        InputError: the crystal is no cubic cell of four atoms, or a site is no minimum.
        NotConverged: no saddle was found.
    """
    first, last, lattice = _ends(crystal, solute, repeats)
    hop = transition(potential, first, last, settings=settings, progress=progress)
    hops = AlternatingHops(hop.rate(), hop.rate(backward=True), 8, 4, lattice * np.sqrt(3) / 4)
    at = np.sort(np.atleast_1d(np.asarray(temperatures, dtype=float)))
    spread = np.zeros_like(at)
    if samples:
        bars = sampled_rate(hop, potential, samples, at, settings=settings, progress=progress)
        spread = bars.logarithms.std
    curves = hops.harmonic(at, rate_std=spread, barrier_std=barrier_std, coverage=coverage)
    profiles: tuple[CentroidProfile, ...] = ()
    if centroid is not None:
        held = np.sort(np.asarray(centroid.temperatures, dtype=float))
        profiles = tuple(_profile(potential, hop, centroid, float(one), progress) for one in held)
        model = np.hypot(np.interp(held, at, spread), barrier_std / (BOLTZMANN_EV * held))
        curves.append(_by_centroid(hops, held, profiles, model, coverage))
    host = crystal.get_chemical_formula(empirical=True)
    diffusion = SoluteDiffusion(solute, host, potential.fingerprint, tuple(curves))
    return InterstitialDiffusion(diffusion, hop, hops, profiles)


def _ends(crystal: Atoms, solute: str, repeats: int) -> tuple[Atoms, Atoms, float]:
    """The solute in an octahedral and in a tetrahedral site beside it, unrelaxed, and the lattice parameter, Å."""
    edges = np.asarray(crystal.cell)
    lattice = float(edges[0, 0])
    sites = crystal.get_scaled_positions() - crystal.get_scaled_positions()[0]
    fcc = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    found = len(sites) == 4 and all(np.abs((sites - one + 0.5) % 1 - 0.5).max(axis=1).min() < 1e-6 for one in fcc)
    if not found or not np.allclose(edges, lattice * np.eye(3), atol=1e-6 * abs(lattice)):
        raise InputError(
            f"{crystal.get_chemical_formula()} in its cell is no cubic fcc cell of four atoms; give that cell, such as "
            "equilibrium(potential, 'Ni', 'fcc', conventional=True)."
        )
    if repeats < 1:
        raise InputError(f"A supercell of {repeats} cells is none; give 2 or more.")
    corner = crystal.positions[0]
    ends = []
    for site in (_OCTAHEDRAL, _TETRAHEDRAL):
        end = crystal * (repeats, repeats, repeats)
        end.append(solute)
        end.positions[-1] = corner + lattice * np.array(site)
        ends.append(end)
    return ends[0], ends[1], lattice


def _profile(
    potential: Potential, hop: Transition, settings: CentroidSettings, temperature: float, progress: Progress
) -> CentroidProfile:
    """Planes across the straight line of the solute from its octahedral site over the saddle."""
    start, saddle = hop.first.atoms, hop.saddle.atoms
    apart = [one.positions[-1] - one.positions[:-1].mean(axis=0) for one in (start, saddle)]
    structures = []
    for share in np.linspace(0.0, _BEYOND, settings.planes):
        one = Atoms(start.numbers, start.positions, cell=start.cell, pbc=start.pbc, masses=start.get_masses())
        one.positions[-1] += share * (apart[1] - apart[0])
        structures.append(one)
    ring = RingPolymer(temperature, settings.beads, settings.friction, propagation="cayley")
    return centroid_profile(
        potential, structures, ring, steps=settings.steps, copies=settings.copies, centre=True, seed=settings.seed,
        progress=progress,
    )  # fmt: skip


def _by_centroid(
    hops: AlternatingHops,
    temperatures: FloatArray,
    profiles: Sequence[CentroidProfile],
    model: FloatArray,
    coverage: float,
) -> DiffusionCoefficient:
    """From the rates there of the centroid, and the harmonic ones back, which hardly matter."""
    rates = [one.log_rate(mirrored=True) for one in profiles]
    there, sampling = np.array([[one.value, one.error] for one in rates]).T
    back = hops.back.logarithm(temperatures, statistics="quantum", tunnelling="wigner")
    return with_bars("centroid", temperatures, hops.log_diffusivity(there, back), np.hypot(sampling, model), coverage)
