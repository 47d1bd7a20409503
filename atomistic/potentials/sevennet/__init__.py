"""SevenNet networks: loading, batched model, readout features and their derivatives."""
