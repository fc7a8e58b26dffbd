"""Cutting a file's rows into blocks by what they say, so that the same rows make the same blocks in a later file.

A block ends with a row whose checksum says so: rows put in, changed or left out change the blocks that they stand in,
and a few after them until both files end a block with the same row again.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date
from hashlib import sha256
from itertools import islice
from typing import Any, NamedTuple
from zlib import crc32

import dealtrack
from dealtrack.exchange.mapping import Mapping
from dealtrack.exchange.raw import RawRow, Refusal
from dealtrack.exchange.readers import Source

LEAST, MOST = 1536, 4096
"""The fewest and the most rows of a block, the last of a file excepted."""

ENDING = 0x1FF
"""The bits that are 0 in the checksum of a block's last row: blocks have some two thousand rows; few differ much."""

LONGEST = 1 << 23
"""The characters from which on a block ends with any row, so that few long ones fill no memory."""

CELL, ROW = "\x1f", "\x1e"
"""What parts cells and rows; a block that holds them otherwise has no digest."""


class Block(NamedTuple):
    """Rows that are looked up at once, and the digest that they are known again by, None where they are not.

    `texts` are their cells, put together by CELL, where there is a digest: no cell holds it then, or ROW.
    """

    rows: Sequence[RawRow | Refusal]
    digest: bytes | None
    texts: Sequence[str] = ()


def blocks_of(source: Source, mapping: Mapping, zone: str, *, is_own: bool) -> Iterator[Block]:
    """Yield a source's rows in blocks; those of a CSV file have digests, but not where it is dealtrack's own export.

    What a row tells hangs on the mapping, the header, the register's time zone and this version of dealtrack, and so
    do the digests.
    """
    if source.format != "csv" or is_own:
        while rows := tuple(islice(source.rows, MOST // 2)):
            yield Block(rows, None)
        return
    seed = json.dumps([dealtrack.__version__, zone, source.header, asdict(mapping)], default=_plain, sort_keys=True)
    rows_, texts, length = list[RawRow | Refusal](), list[str](), 0
    for row in source.rows:
        rows_.append(row)
        text = CELL.join((row if isinstance(row, RawRow) else row.raw).cells)
        texts.append(text)
        length += len(text)
        is_end = len(rows_) >= LEAST and not crc32(text.encode()) & ENDING
        if is_end or len(rows_) == MOST or length >= LONGEST:
            yield Block(rows_, _digest(seed, rows_, texts, len(source.header)), texts)
            rows_, texts, length = [], [], 0
    if rows_:
        yield Block(rows_, _digest(seed, rows_, texts, len(source.header)), texts)


def _digest(seed: str, rows: Sequence[RawRow | Refusal], texts: Sequence[str], width: int) -> bytes | None:
    said = ROW.join(texts)
    is_clear = said.count(CELL) == len(rows) * (width - 1) and said.count(ROW) == len(rows) - 1
    if not is_clear or any(isinstance(row, Refusal) for row in rows):
        return None
    return sha256(f"{seed}{ROW}{said}".encode()).digest()


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else sorted(value)
