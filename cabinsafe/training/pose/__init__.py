"""Training of the embedded pose network: data, targets, network, loop, export, evaluation.

Nothing on the run-time path imports this package. Only :mod:`.network`, :mod:`.train`,
:mod:`.loss` and :mod:`.export` need torch; data, targets and evaluation work without it.
"""
