"""Laws in files: our own, and the blocks of other codes."""
