"""Embedding: an accurate model over a few atoms, a cheap one everywhere, nothing counted twice.

The energy-based scheme is subtractive (ONIOM; Svensson et al., J. Phys. Chem. 100 (1996) 19357):
E = low(all) + Σ_r [high(cluster r) - low(cluster r)]. The force-based scheme mixes forces of the
two models (Bernstein, Kermode, Csányi, Rep. Prog. Phys. 72 (2009) 026501). Both speak the
`Potential` and `Structure` of `coupling.contracts`.
"""
