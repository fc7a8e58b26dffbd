"""Writing every complaint of a register to a file that an import reads back."""
FORMATS = ("csv", "jsonl", "json")
