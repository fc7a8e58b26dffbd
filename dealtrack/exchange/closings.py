"""Closings that a file tells by the state of a complaint alone, without a day."""

import re
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from dealtrack.core.matching import fold

_STATE_COLUMN = re.compile(
    r"\b(?:status|state|statut|état|estado|estatus|stato|situação|zustand|stav|durum|стат(?:ус|уса)|состояние"
    r"|disposition|resolution|response|result|outcome|stage|phase|progress)\b"
    r"|(?:状态|狀態|情况|情況|进度|進度|进展|結果|结果|環節|环节|ステータス|状況|상태|현황)"
)
"""What the name of a column says that tells the state of a complaint."""

_OF_OTHERS = re.compile(
    r"\b(?:order|payment|refund|delivery|shipping|shipment|account|store|shop|product|marital)\b"
    r"|订单|訂單|支付|付款|物流|发货|發貨|退款|商品|店铺|经营|婚姻|注文|주문"
)
"""What it says where the state is that of something else."""

_CLOSED = re.compile(
    r"\b(?:closed|close|solved|resolved|completed?|done|finished|fixed|settled|concluded|ended|answered|archived"
    r"|withdrawn|cancell?ed|rejected|dismissed"
    r"|erledigt|abgeschlossen|geschlossen|gelöst|beendet|fermée?|clos|clôturée?|résolue?|terminée?"
    r"|cerrad[oa]|resuelt[oa]|finalizad[oa]|terminad[oa]|fechad[oa]|encerrad[oa]|concluíd[oa]|resolvid[oa]"
    r"|chius[oa]|risolt[oa]|conclus[oa]|gesloten|afgehandeld|opgelost|zamknięt[eya]|rozwiązan[eya]|zakończon[eya]"
    r"|закрыт[оаы]?|решен[оаы]?|завершен[оаы]?|выполнен[оаы]?|исполнен[оаы]?)\b"
    r"|[办辦][结結毕畢]|[结結]案|完[结結毕畢]|完成|[关關][闭閉]|解[决決]|[归歸][档檔]|[终終][结結止]|了[结結]|[销銷]案|[结結]束"
    r"|已(?:[结結]|[处處]理|答[复復]|回[复復]|反[馈饋]|[调調]解)|撤[诉訴回销銷]|不予?受理"
    r"|完了|終了|済|クローズ|완료|종결|종료|해결|처리됨"
)
"""What a cell says of a complaint that has ended, small letters and usual width."""

_OPEN_STILL = re.compile(
    r"\b(?:not|no|un|never|non|nicht|pas|ne|не|to|be|being|awaiting|pending|partially|nie|niet|noch)\b|reopen"
    r"|(?:未|待|尚|正在|准备|拟|擬|没有?|沒有?|无法|不(?!予?受理)|部分|미|안)"
)
"""What, standing in front of it, says that it has not."""

_YES = frozenset({
    "y", "yes", "true", "1", "x", "是", "已", "对", "有", "√", "✓", "✔", "☑", "t", "si", "sí", "sim", "oui", "ja",
    "да", "はい", "예", "○",
})  # fmt: skip
_ASKS = re.compile(r"\b(?:is|has|been|was|y n|yes no)\b|是否|有无")
_LONGEST = 40
_REMEMBERED = 4096


class Closed(NamedTuple):
    """The words, folded, of the first of some columns that a mapping takes for a closing on an unknown day."""

    columns: tuple[str, ...]
    words: frozenset[str]


class State(NamedTuple):
    """A column that may tell that a complaint is closed; `words`, folded, say so where a mapping names them.

    `words` is None where no mapping says so: what people write of a closing is then only told of. `asks` tells that
    the column's name is the question whether a complaint is closed, which a cell answers.
    """

    place: int
    column: str
    words: frozenset[str] | None
    asks: bool = False

    def is_closed(self, cell: str) -> bool:
        """Tell whether a cell of the column says that a complaint is closed."""
        if self.words is not None:
            return cell.strip().casefold() in self.words
        if len(cell) > _LONGEST:
            return False
        return fold(cell) in _YES if self.asks else says_closed(cell)


@lru_cache(_REMEMBERED)
def says_closed(text: str) -> bool:
    """Tell whether a short text says that something has ended: closed, 已办结 or erledigt, and not 未办结."""
    plain = fold(text).strip(" .。!！")
    found = _CLOSED.search(plain)
    return found is not None and not _OPEN_STILL.search(plain[: found.start()]) and not plain.endswith("中")


def find_states(header: Sequence[str], names: Sequence[str], places: Collection[int]) -> Iterator[State]:
    """Yield the columns of a header that may tell the state of a complaint; those at `places` tell something else.

    `names` are the columns' names without case and punctuation, their words apart.
    """
    for place, (column, name) in enumerate(zip(header, names, strict=True)):
        if place in places or not name or _OF_OTHERS.search(name):
            continue
        if _STATE_COLUMN.search(name):
            yield State(place, column, None)
        elif _is_question(name):
            yield State(place, column, None, True)


def _is_question(name: str) -> bool:
    """Tell whether a column's name says nothing but that something is closed, as 是否办结 or Is Closed."""
    words = " ".join(_ASKS.sub(" ", name).split())
    found = _CLOSED.search(words)
    return found is not None and found.end() == len(words) and len(words) <= _LONGEST and says_closed(words)
