"""Closings that a file tells by the state of a complaint alone, without a day."""

from typing import NamedTuple

CLOSED = frozenset({
    "closed", "solved", "resolved", "completed", "complete", "done", "finished", "已结", "已办结", "办结",
    "已结案", "结案", "已完结", "完结", "已完成", "完成", "已关闭", "关闭", "已解决",
})  # fmt: skip
"""The words that say of a complaint that it is closed."""

STATE_COLUMNS = frozenset({
    "status", "state", "ticket status", "case status", "complaint status", "request status", "current status",
    "service request status", "状态", "办理状态", "处理状态", "办理情况状态", "投诉状态", "工单状态", "案件状态",
    "办结状态", "当前状态",
})  # fmt: skip
"""The names, without case and punctuation, of columns that tell the state of a complaint."""


class Closed(NamedTuple):
    """The words, folded, of the first of some columns that a mapping takes for a closing on an unknown day."""

    columns: tuple[str, ...]
    words: frozenset[str]


class State(NamedTuple):
    """Where a header holds the state of a complaint; `words`, folded, say that it is closed, and a mapping names them.

    `words` is None where no mapping says so: what CLOSED holds is then only told of.
    """

    place: int
    column: str
    words: frozenset[str] | None

    def is_closed(self, cell: str) -> bool:
        """Tell whether a cell of the column says that a complaint is closed."""
        word = cell.strip().casefold()
        if self.words is not None:
            return word in self.words
        return word in CLOSED or word.startswith("closed")
