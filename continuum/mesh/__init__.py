"""Meshes with named groups: reading, checking, topology, inspection."""
