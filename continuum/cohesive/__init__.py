"""Cohesive interfaces: surfaces, kinematics, history and contact."""
