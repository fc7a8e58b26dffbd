"""Old Excel workbooks (XLS) tried in a process of their own: a damaged one can make the library end the process."""

import subprocess
import sys
from typing import BinaryIO

from dealtrack.errors import CannotRead
from dealtrack.phrase import Phrase

MOST_BYTES = 1 << 28
"""What an old workbook may come to."""

_MEMORY = 1 << 31
_PATIENCE = 120
_UNREADABLE = 7
_TRIAL = f"""
import sys
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, ({_MEMORY}, {_MEMORY}))
except (ImportError, ValueError, OSError):
    pass
from python_calamine import CalamineError, CalamineWorkbook
try:
    workbook = CalamineWorkbook.from_filelike(sys.stdin.buffer)
    for name in workbook.sheet_names:
        workbook.get_sheet_by_name(name)
except CalamineError:
    sys.exit({_UNREADABLE})
"""


def try_old_workbook(binary: BinaryIO, name: str) -> None:
    """Check that reading an old workbook does not break the process that reads it; raises CannotRead.

    What the library says is wrong with a workbook is left to whoever reads it next.
    """
    size = binary.seek(0, 2)
    if size > MOST_BYTES:
        reason = Phrase(
            "it has {size:,} bytes, and {most:,} are the most for an old workbook", size=size, most=MOST_BYTES
        )
        raise CannotRead(path=name, reason=Phrase("{reason}; save the sheet as CSV UTF-8", reason=reason))
    binary.seek(0)
    try:
        ran = subprocess.run(  # noqa: S603 - this interpreter, on a text of this file
            [sys.executable, "-I", "-c", _TRIAL],
            stdin=binary,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE,
            check=False,
        )
        broken = ran.returncode not in (0, _UNREADABLE)
    except subprocess.TimeoutExpired:
        broken = True
    if broken:
        raise CannotRead(path=name, reason="it is a damaged old workbook; save it anew as .xlsx, or as CSV UTF-8")
