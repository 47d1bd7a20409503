"""How fast atoms move: saddles, rates and diffusion of vacancies and solutes from a potential: study `rates`."""

from multiscale.inputs.template import Starter
from multiscale.studies.kind import StudyKind
from multiscale.studies.rates.schema import RatesStudy

__all__ = ["KIND"]

STARTER = Starter(
    "The jump of a vacancy in copper, in effective medium theory. With a potential that knows the solute, interstitial: {element: H} "
    "gives its diffusion, which a specimen's transport takes: diffusivity: {run: FOLDER}.",
    {
        "title": "The vacancy in copper, effective medium theory",
        "potential": "emt",
        "crystal": {"species": "Cu", "structure": "fcc"},
        "vacancy": True,
        "repeats": 2,
        "images": 5,
        "temperatures": ["300 K", "500 K", "800 K", "1200 K"],
    },
)
KIND = StudyKind(RatesStudy, "multiscale.studies.rates.run", STARTER)
