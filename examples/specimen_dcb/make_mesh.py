"""Write dcb.msh, the mesh of this example: a double cantilever beam of 120 mm, in millimetres."""

from pathlib import Path

from continuum.specimens.dcb import DoubleCantileverBeam

SPECIMEN = DoubleCantileverBeam(
    length=120.0, arm=6.0, crack=40.0, growth=30.0, fine=0.5, coarse=3.0, element="quadrilateral"
)

if __name__ == "__main__":
    SPECIMEN.write(Path(__file__).with_name("dcb.msh"))
