"""What the bulk does: FEniCSx meshes, materials, cohesive interfaces and load stepping, in SI units."""
