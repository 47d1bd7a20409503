"""Readers of mesh files: each gives what its file says, as one record."""
