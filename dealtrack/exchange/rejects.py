"""The file of refused rows: each as it was, with its line and the reason."""

import csv
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TextIO

from dealtrack.exchange.files import FileKind, written_beside
from dealtrack.exchange.raw import MARKS, ROW, WORKBOOK, guarded
from dealtrack.exchange.readers import Refusal
from dealtrack.exchange.writers import json_text


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
                csv.writer(self._stream).writerow((*MARKS, *map(guarded, self._header)))
        if self._is_table:
            cells = map(guarded, (refusal.reason, *refusal.raw.cells))
            csv.writer(self._stream).writerow((refusal.line, *cells))
        else:
            told = (refusal.line, refusal.reason, refusal.raw.values)
            self._stream.write(json_text(dict(zip((*MARKS, ROW), told, strict=True))) + "\n")
