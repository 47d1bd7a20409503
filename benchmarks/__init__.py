"""Runnable evidence: `python -m benchmarks.<name> --json` prints its figures as one JSON object."""
