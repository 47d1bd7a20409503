"""What a solved state says: energies and fracture, J-integral, fields."""
