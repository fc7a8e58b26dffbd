"""Trying to break the register, mechanically and often: `python -m tests.faults`."""
