"""Write dcb.msh, the mesh of this example: a double cantilever beam of 1.2 µm, in nanometres."""

from pathlib import Path

from continuum.specimens.dcb import DoubleCantileverBeam

SPECIMEN = DoubleCantileverBeam(length=1200.0, arm=200.0, crack=600.0, growth=30.0, fine=0.1, coarse=20.0, grading=0.2)

if __name__ == "__main__":
    SPECIMEN.write(Path(__file__).with_name("dcb.msh"))
