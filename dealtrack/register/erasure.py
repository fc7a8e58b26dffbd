"""Erasing personal data for good; the journal keeps that it was done."""

from collections.abc import Sequence
from typing import NamedTuple

from dealtrack.core.chain import canonical
from dealtrack.core.lifecycle import TRANSFER, Kind, effective
from dealtrack.errors import NothingToErase
from dealtrack.phrase import Phrase
from dealtrack.register.journal import Event
from dealtrack.register.personal import erasures
from dealtrack.register.recorder import Recorder

SHORTEST_WORD = 2
"""A shorter name or number is found in any text by chance."""


class Erasure(NamedTuple):
    """The fields of a complaint that were erased, and those of them whose words its journal entries hold too.

    `offices` are those that the complaint came from or went to, which have its data too.
    """

    complaint: int
    fields: list[str]
    in_entries: list[str]
    offices: list[str]


def erase(recorder: Recorder, complaints: Sequence[int], reason: str) -> list[Erasure]:
    """Erase the personal data of complaints, all or none; `Engine.remains` comes after the recording.

    Raises UnknownComplaint and NothingToErase.
    """
    database = recorder.register.database
    erased: list[Erasure] = []
    for id_ in complaints:
        history = recorder.history(id_)
        personal = recorder.register.personal(id_)
        if personal is None:
            hint = Phrase(" It has already been erased.") if id_ in erasures(database) else ""
            raise NothingToErase(complaint=id_, hint=hint)
        values = {name: value for name, value in personal._asdict().items() if value}
        text = "\n".join(canonical(entry.detail) for entry in history)
        in_entries = [name for name, value in values.items() if len(value) >= SHORTEST_WORD and value in text]
        went = [entry.detail["to"] for entry in effective(history) if entry.kind is Kind.TRANSFERRED]
        came = [entry.detail[TRANSFER]["office"] for entry in history if TRANSFER in entry.detail]
        erased.append(Erasure(id_, list(values), in_entries, [*came, *went]))
        recorder.event(Event.ERASED, {"complaint": id_, "reason": reason})
        database.write("DELETE FROM personal WHERE complaint = ?", (id_,))
    recorder.register.engine.erase_afresh(recorder.register)
    return erased
