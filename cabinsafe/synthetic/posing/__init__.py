"""Posing: postures as targets, inverse kinematics within joint limits, contact, the repertoire of styles."""
