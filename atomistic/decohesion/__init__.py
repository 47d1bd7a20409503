"""Interfaces that part and slip: slabs, pairs of crystals, rigid and relaxed paths, finite temperature."""
