"""Random conversations through the real session, and what must be true of each of them.

`schedule` is a conversation as a value, `stage` plays one on a virtual clock, `model` says what should have
come of it, `check` compares, `mutants` are bugs that must be noticed, and `python -m tests.agents.fuzz`
plays many.
"""
