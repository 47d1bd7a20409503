"""The same study as study.yaml, in Python: potential, crystal, law, specimen, fracture."""

from pathlib import Path

import multiscale as ms


def main(name: str = "7net-0", layers: int = 6, opening: str = "56 nm"):  # type: ignore[no-untyped-def]
    """The law, and the record of the loading."""
    potential = ms.load_potential(name)
    nickel = ms.crystal(potential, "Ni", "fcc")  # lattice and stiffness
    plane = ms.cleave(nickel, (1, 1, 1), x=(1, 1, -2), layers=layers)
    law = ms.cohesive_law(potential, plane, path="relaxed")  # the bulk taken away; law.count says which
    mesh = ms.read_mesh(Path(__file__).with_name("dcb.msh"), unit="nm")
    loads = {"load_upper": ("y", 0.5), "load_lower": ("y", -0.5)}
    specimen = ms.Specimen(mesh, nickel.material(plane), {"bond": law}, hold={"end": "x"}, load=loads)
    return law, specimen.pull(opening)


if __name__ == "__main__":
    import sys

    law, record = main()
    sys.stdout.write(f"{record.ledger()}\n")
    sys.stdout.write(
        f"work of separation {law.work_of_separation:.4g} J/m², G_c {record.energy_release_rate:.4g} J/m²\n"
    )
