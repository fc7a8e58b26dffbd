"""The commands: each parses what was typed, asks the register, and prints; none holds a rule."""
