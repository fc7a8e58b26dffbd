"""The file of refused rows: each as it was, with its line and the reason."""

import csv
import json
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TextIO

from dealtrack.core.text import defuse_formula
from dealtrack.exchange.files import FileKind, written_beside
from dealtrack.exchange.raw import WORKBOOK
from dealtrack.exchange.readers import Refusal


class Rejects:
    """Writes refused rows as CSV under their own header, or as JSONL where they were JSON; nothing without a path."""

    def __init__(self, path: str, header: tuple[str, ...], form: str) -> None:
        self._path = path
        self._header = header
        # The rows of a workbook are kept as CSV too.
        self._is_table = form in ("csv", WORKBOOK)
        self._stack = ExitStack()
        self._stream: TextIO | None = None

    def __enter__(self) -> "Rejects":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return self._stack.__exit__(kind, error, trace)

    def write(self, refusal: Refusal) -> None:
        """Add a refused row; the file is begun with the first."""
        if not self._path:
            return
        if self._stream is None:
            kind = FileKind.TABLE if self._is_table else FileKind.JSON
            self._stream = self._stack.enter_context(written_beside(Path(self._path), kind))
            if self._is_table:
                csv.writer(self._stream).writerow(("line", "reason", *self._header))
        if self._is_table:
            csv.writer(self._stream).writerow((refusal.line, refusal.reason, *map(_harmless, refusal.raw.cells)))
        else:
            row = {"line": refusal.line, "reason": refusal.reason, "row": refusal.raw.values}
            self._stream.write(json.dumps(row, ensure_ascii=False) + "\n")


def _harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula; one that was defused already stays as it is."""
    return cell if cell.startswith("'") else defuse_formula(cell)
