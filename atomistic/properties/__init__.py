"""Material properties that follow from any potential."""
