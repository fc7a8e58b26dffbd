"""Python's looking for rubbish, put off while millions of rows pass that refer to nothing that refers to them."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def put_off() -> Iterator[None]:
    """Look for no rubbish during the block but where `look` is called: 5 us a row of an import of 90."""
    was_looked_for = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_looked_for:
            gc.enable()


def look() -> None:
    """Free what refers to itself among what was made since the last time, as what errors leave."""
    gc.collect(1)
