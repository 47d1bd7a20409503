"""Makes peel.msh: a copper film of 1 µm on 2 µm of copper, a third of it detached, to be peeled off at its end."""

from pathlib import Path

from continuum.specimens.peel import PeelStrip

SPECIMEN = PeelStrip(
    length=6000.0, film=1000.0, crack=2000.0, growth=1200.0, fine=40.0, coarse=1000.0, block=2000.0, grading=0.3
)

if __name__ == "__main__":
    SPECIMEN.write(Path(__file__).with_name("peel.msh"))
