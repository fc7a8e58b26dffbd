"""The language in which dealtrack speaks: English is written in the code, other languages are looked up by it."""


def _(message: str) -> str:
    """Return a message in the user's language; placeholders in braces are filled in afterwards."""
    return message


def _n(one: str, many: str, count: int) -> str:
    """Return the message for this count in the user's language; placeholders are filled in afterwards."""
    return one if count == 1 else many
