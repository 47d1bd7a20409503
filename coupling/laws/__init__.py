"""Cohesive laws, one a module: tabulated, initially rigid, mixed-mode, coarse-grained, and closed forms."""
