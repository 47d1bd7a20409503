"""Atoms and continuum solved together: one problem, several methods, one interface."""
