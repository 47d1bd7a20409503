"""The stages that studies are composed of: crystals, laws from atoms, bodies, specimens."""
