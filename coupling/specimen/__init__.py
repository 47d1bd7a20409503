"""The ledger of bodies and laws on a mesh, before it is solved."""
