"""Quantum nuclei by path integrals: energies, barriers of centroids, where their errors come from, and a solute's diffusion.

    ring = RingPolymer(300.0, beads=32)
    found = path_integral(potential, atoms, ring, steps=4000)
    print(found.energy("virial"), found.energy("primitive"), found.heat_capacity())

| module          | what                                                                                    |
|-----------------|-----------------------------------------------------------------------------------------|
| `path_integral` | all beads of all replicas in one batch, by the driver of molecular dynamics             |
| `estimators`    | primitive and centroid-virial energies, gyration                                        |
| `centroid`      | free energy of the centroid along a path, and the rate over its barrier                 |
| `harmonic`      | oscillators on a ring of P beads in closed form                                         |
| `error_split`   | errors split between the potential's curvature and the number of beads                  |
| `interstitial`  | D(T) of a light interstitial, classical and quantum                                     |
| `ipi`           | the same path integral by i-PI (extra `ipi`)                                            |
"""

from atomistic.dynamics.ring_polymer import RingPolymer
from atomistic.quantum_nuclei.centroid import CentroidPath, CentroidProfile, centroid_profile
from atomistic.quantum_nuclei.error_split import ErrorSplit, harmonic_split, split
from atomistic.quantum_nuclei.estimators import RingEnergies, gyration
from atomistic.quantum_nuclei.harmonic import Oscillators, oscillators
from atomistic.quantum_nuclei.interstitial import CentroidSettings, InterstitialDiffusion, interstitial_diffusion
from atomistic.quantum_nuclei.path_integral import PathIntegral, path_integral, ring_step

__all__ = [
    "CentroidPath",
    "CentroidProfile",
    "CentroidSettings",
    "ErrorSplit",
    "InterstitialDiffusion",
    "Oscillators",
    "PathIntegral",
    "RingEnergies",
    "RingPolymer",
    "centroid_profile",
    "gyration",
    "harmonic_split",
    "interstitial_diffusion",
    "oscillators",
    "path_integral",
    "ring_step",
    "split",
]
