"""Makes film.msh: a nickel film of 6 nm on 30 nm of copper, in 3D."""

from pathlib import Path

from continuum.specimens.butt_joint import ButtJoint

SPECIMEN = ButtJoint(width=8.0, upper=6.0, lower=30.0, size=2.0, thickness=8.0, element="hexahedron")

if __name__ == "__main__":
    SPECIMEN.write(Path(__file__).with_name("film.msh"))
