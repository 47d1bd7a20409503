"""The nonlinear problem of bodies and interfaces, and its load stepping."""
