"""Trust: error bars on what a potential says, and a potential that learns from a few labels.

labels = LabelSet.made(oracle, structures, groups)
posterior = fit_posterior(potential, labels)
posterior.predict(others).force_sigmas
posterior.mean_potential()
posterior.sample(20)
"""

from atomistic.trust.labels import Label, LabelSet
from atomistic.trust.posterior import Posterior, Prediction, balanced, fit_posterior

__all__ = ["Label", "LabelSet", "Posterior", "Prediction", "balanced", "fit_posterior"]
