"""What the next scale takes in: cores from γ-surfaces, line tension, kink pairs, flow stress, exports.

| module            | from                                              | to                                             |
|-------------------|---------------------------------------------------|------------------------------------------------|
| `peierls_nabarro` | γ-surface, K tensor, spacing of atomic rows       | disregistry, barrier, Peierls stress           |
| `disregistry`     | a disregistry, computed or measured               | partial separation, width                      |
| `line`            | K by character angle                              | line energy, line tension                      |
| `kinks`           | barrier, line tension                             | kink-pair enthalpy, Kocks parameters           |
| `flow`            | Kocks parameters and kinetics                     | velocity, τ(T, strain rate) with error bars    |
| `friction`        | an interface's mixed-mode law                     | friction of slip along it                      |
| `export`, `blocks`| all of these                                      | YAML, OpenDiS and DAMASK blocks, read back     |
"""
