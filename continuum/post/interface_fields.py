"""What an interface is like at a state, facet by facet: opening, slip, traction, damage."""

from dataclasses import dataclass

import numpy as np

from continuum.cohesive.separation import separation
from continuum.fenics import PETSc
from continuum.solver.interfaces import responses
from continuum.solver.problem import CohesiveProblem
from coupling.contracts import FloatArray


@dataclass(frozen=True)
class InterfaceFields:
    """Means over the facets of one interface that this rank owns; vectors along the mesh's axes.

    Attributes:
        opening: (f,) normal jump, m.
        slip: (f, 3) tangential jump, m.
        traction: (f, 3) on the minus body, Pa.
        normal_traction: (f,) its normal part, positive in tension, Pa.
        damage: (f,) largest separation so far over the law's final one, 0 whole to 1 broken; 0 of a reversible bond.
    """

    opening: FloatArray
    slip: FloatArray
    traction: FloatArray
    normal_traction: FloatArray
    damage: FloatArray


def interface_fields(problem: CohesiveProblem, x: "PETSc.Vec") -> tuple[InterfaceFields, ...]:
    """The fields of each interface at a state that has been committed to its history."""
    problem.update(x)
    found = []
    answers = responses(problem.interfaces, problem.displacements, problem.duration, problem.intensity)
    for interface, response in zip(problem.interfaces, answers, strict=True):
        shape, law = interface.weights.shape, interface.bond.law
        share = interface.weights / interface.weights.sum(axis=1, keepdims=True)
        frame = interface.kinematics.frame
        frame = np.pad(frame, ((0, 0), (0, 0), (0, 0), (0, 3 - frame.shape[-1])))
        jump = interface.flat_jump(problem.displacements)
        largest = np.maximum(interface.history.largest, separation(law, jump))
        if interface.bond.history == "reversible":
            largest = np.zeros_like(largest)
        jump, traction = jump.reshape(*shape, 3), response.traction.reshape(*shape, 3)
        found.append(
            InterfaceFields(
                opening=np.einsum("fq,fq->f", share, jump[..., 0]),
                slip=np.einsum("fq,fqk,fqki->fi", share, jump[..., 1:], frame[:, :, 1:]),
                traction=np.einsum("fq,fqk,fqki->fi", share, traction, frame),
                normal_traction=np.einsum("fq,fq->f", share, traction[..., 0]),
                damage=np.einsum("fq,fq->f", share, np.minimum(largest / law.final_opening, 1.0).reshape(shape)),
            )
        )
    return tuple(found)
