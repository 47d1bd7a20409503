"""Parametric specimens, meshed with Gmsh; one file a specimen."""
