"""What a result was made of: contents, sources and versions, told apart by their hashes."""
