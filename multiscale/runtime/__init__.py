"""A run and its folder: context, results, provenance, store, locks, ranks."""
