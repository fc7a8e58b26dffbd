"""A register of consumer complaints that knows every deadline, and why."""

__version__ = "0.1.0"
