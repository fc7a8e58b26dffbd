"""Complaints handed from office to office: what one office writes of a complaint, and how another takes it over."""

import json
import secrets
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, NamedTuple

from dealtrack.core.chain import canonical, sha256
from dealtrack.core.clocks import Clock
from dealtrack.core.complaint_state import make_complaint
from dealtrack.core.details import is_detail
from dealtrack.core.lifecycle import MERGING, NEEDED, TRANSFER, Complaint, Detail, Kind, Transition, effective
from dealtrack.core.limits import check_transfer, moment_to_store, previous_transition
from dealtrack.core.moments import Moment, from_store, is_stored, show_moment, to_store
from dealtrack.core.personal import PERSONAL
from dealtrack.core.platform import Platform, match_platform
from dealtrack.core.policy import Policy
from dealtrack.core.vocabulary import clean_field
from dealtrack.errors import CannotTransfer, DealtrackError, EvidenceAltered, NotTakenOver
from dealtrack.exchange.histories import (
    HistoryEntry,
    entries_in_file,
    entry_in_file,
    entry_record,
    read_history,
    with_platforms,
)
from dealtrack.exchange.reconcile import check_policy_name, proposals_of
from dealtrack.phrase import BadValue, Phrase, Word
from dealtrack.register.evidence import safe_name
from dealtrack.register.evidence_files import EvidenceFault
from dealtrack.register.mailbox import Mail, Mailbox, MailContent
from dealtrack.register.queries import Personal
from dealtrack.register.recorder import NothingWritten, Proposal, RecordedComplaint, Recorder, Work
from dealtrack.register.register import Register

LoadPolicy = Callable[[str], Sequence[Policy]]
"""Finds the versions of a policy that the register lacks, by its name."""
SALT_BYTES = 16
ALONE = frozenset({*MERGING, Kind.TRANSFERRED})
"""The kinds that concern another complaint of the office that records them."""
_PARTS = frozenset({"history", "evidence", "personal", "due", "salt"})


class SentComplaint(NamedTuple):
    """A complaint as another office transferred it; `due` is its next deadline, as that office counted it, in UTC.

    `evidence` tells of its evidence, whose files come beside it, in the same order.
    """

    history: Sequence[HistoryEntry]
    evidence: Sequence[HistoryEntry]
    personal: Personal | None
    due: datetime | None

    @property
    def complaint(self) -> Complaint:
        """Return the complaint that the history makes; raises BadHistory where it contradicts itself."""
        entries = (Transition(seq, 0, *entry[:2], entry.at, "", entry.detail) for seq, entry in enumerate(self.history))
        return make_complaint(0, entries)


def send(
    recorder: Recorder, mailbox: Mailbox, complaint: int, office: str, at: Moment, detail: Detail
) -> RecordedComplaint:
    """Record that a complaint is transferred to another office, and put it into that office's mailbox.

    Raises CannotTransfer and EvidenceAltered, and what `record` raises.
    """
    history = recorder.history(complaint)
    check_transfer(complaint, history)
    previous = previous_transition(history, Kind.TRANSFERRED)
    moment = moment_to_store(at, previous and previous.at)
    # The reason goes along, for those who take over.
    reasons = [
        HistoryEntry(Kind.NOTED, moment, {"note": detail[name]}) for name in ("reason", "note") if name in detail
    ]
    content, files = _content(recorder, complaint, history, reasons), _files(recorder.register, complaint, history)
    # The journal vouches for what is sent without holding it: the content has a salt, as it has personal data.
    stated = {**detail, "to": office, "sha256": sha256(content.encode()).hex()}
    recorded = recorder.record(Work(complaint, (Proposal(Kind.TRANSFERRED, at, stated),)))
    try:
        read_content(content)
    except BadValue as fault:
        reason = Phrase("the other office could not read it: {fault}", fault=fault.args[0])
        raise CannotTransfer(complaint=complaint, reason=reason) from None
    recorder.flush()
    mailbox.send(office, recorded.entries[0].seq, content, files)
    return recorded


def _content(recorder: Recorder, complaint: int, history: Sequence[Transition], reasons: Sequence[HistoryEntry]) -> str:
    """Return a complaint as the text that another office reads."""
    register, personal = recorder.register, recorder.personal(complaint)
    _, runs = register.project(history)
    named = register.named(history)
    due = next_due(runs)
    return canonical(
        {
            "history": list(map(_stored, [*entries_in_file(named), *reasons])),
            "evidence": list(map(_stored, map(entry_in_file, _evidence(named)))),
            "personal": personal and personal._asdict(),
            "due": due and to_store(due),
            "salt": secrets.token_hex(SALT_BYTES),
        }
    )


def next_due(runs: Iterable[Clock]) -> datetime | None:
    """Return the next deadline of a complaint's clocks, in UTC; None where none runs."""
    return min((run.due for run in runs if run.ended is None and run.due is not None), default=None)


def _stored(entry: HistoryEntry) -> dict[str, Any]:
    return {**entry_record(entry), "at": to_store(entry.at)}


def _evidence(history: Sequence[Transition]) -> list[Transition]:
    return [entry for entry in effective(history) if entry.kind is Kind.EVIDENCE]


def _files(register: Register, complaint: int, history: Sequence[Transition]) -> str:
    """Return the files of a complaint's evidence as JSON, each as base64; raises CannotTransfer, EvidenceAltered."""
    entries, stored = _evidence(history), register.engine.evidence(register)
    size = sum(entry.detail["size"] for entry in entries)
    if size > stored.largest:
        words = {"size": size, "largest": stored.largest}
        reason = Phrase("its evidence has {size:,} bytes; the maximum is {largest:,}", **words)
        raise CannotTransfer(complaint=complaint, reason=reason)
    files = []
    for entry in entries:
        try:
            content = b"".join(stored.read(entry.detail["sha256"]))
        except EvidenceFault as fault:
            raise EvidenceAltered(name=entry.detail["name"], complaint=complaint, fault=fault.reason) from None
        files.append(b64encode(content).decode())
    return json.dumps(files)


def read_content(text: str) -> SentComplaint:
    """Return the complaint that a text of another office holds; raises BadValue with what is wrong about it."""
    try:
        stated: Any = json.loads(text)
    except (ValueError, RecursionError):
        raise BadValue("it is no JSON") from None
    if not isinstance(stated, dict) or stated.keys() != _PARTS:
        raise BadValue("it is not what 'dealtrack transfer' writes")
    due, personal = stated["due"], stated["personal"]
    is_due = due is None or (isinstance(due, str) and is_stored(due))
    if not is_due or not (personal is None or _is_personal(personal)):
        raise BadValue("it is not what 'dealtrack transfer' writes")
    try:
        history = read_history(stated["history"])
    except BadValue as fault:
        raise BadValue("its history {fault}", fault=fault.args[0]) from None
    evidence = list(map(_read_evidence, _list(stated["evidence"])))
    if any(entry.kind in ALONE for entry in history):
        raise BadValue("it is not what 'dealtrack transfer' writes")
    who = personal and Personal(**{name: text and _clean(name, text) for name, text in personal.items()})
    return SentComplaint(history, evidence, who, due and from_store(due))


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise BadValue("it is not what 'dealtrack transfer' writes")
    return value


def _read_evidence(value: Any) -> HistoryEntry:
    """Return what tells of an evidence file; raises BadValue."""
    if (
        isinstance(value, dict)
        and value.keys() == {"kind", "at", "detail"}
        and isinstance(value["at"], str)
        and is_stored(value["at"])
        and is_detail(Kind.EVIDENCE, value["detail"])
        and value["detail"].keys() <= NEEDED[Kind.EVIDENCE] | {"note"}
    ):
        detail = {**value["detail"], "name": safe_name(_clean("name", value["detail"]["name"]))}
        if "note" in detail:
            detail["note"] = _clean("note", detail["note"])
        return HistoryEntry(Kind.EVIDENCE, from_store(value["at"]), detail)
    raise BadValue("it is not what 'dealtrack transfer' writes")


def _is_personal(value: Any) -> bool:
    is_table = isinstance(value, dict) and value.keys() == set(PERSONAL)
    return is_table and all(text is None or isinstance(text, str) for text in value.values())


def _clean(field: str, text: str) -> str:
    try:
        return clean_field(field, text)
    except DealtrackError:
        raise BadValue("its {field} is no valid text", field=Word(field)) from None


def take_over(
    recorder: Recorder, mailbox: Mailbox, mail: Mail, content: MailContent, load_policy: LoadPolicy
) -> tuple[RecordedComplaint, datetime | None] | None:
    """Record what another office transferred as a new complaint, with its own moments, and clear it from the mailbox.

    Return it with its next deadline as that office counted it, in UTC; None where it was taken over before.
    `load_policy` finds the policies that the register lacks.
    Raises NotTakenOver, and NothingWritten where the other office has taken it back meanwhile.
    """
    taken = None
    if recorder.find_import_key(mail.import_key) is None:
        try:
            sent = read_content(content.complaint)
            taken = _record(recorder, mail, sent, content.files, load_policy), sent.due
        except DealtrackError as error:
            reason = Phrase(error.template(), **_local(error.values, recorder.register.zone))
            raise NotTakenOver(complaint=mail.complaint, office=mail.office, reason=reason) from None
        except BadValue as fault:
            reason = Phrase("What it sent cannot be read: {fault}.", fault=fault.args[0])
            raise NotTakenOver(complaint=mail.complaint, office=mail.office, reason=reason) from None
        recorder.flush()
    if not mailbox.clear(mail):
        raise NothingWritten
    return taken


def _local(values: Mapping[str, Any], zone: tzinfo) -> dict[str, Any]:
    """Return the values of an error with its moments as a part of another message shows them."""
    return {name: show_moment(each, zone) if isinstance(each, datetime) else each for name, each in values.items()}


def _record(
    recorder: Recorder, mail: Mail, sent: SentComplaint, files: str, load_policy: LoadPolicy
) -> RecordedComplaint:
    _keep_files(recorder.register, sent.evidence, files)

    def named_policy(name: str) -> Sequence[Policy]:
        check_policy_name(name)
        return load_policy(name)

    def platform(text: str) -> str:
        own = match_platform(text, recorder.register.platforms)
        if own is None:
            recorder.enter_platform(Platform(text))
        return own.name if own else text

    received, *later = proposals_of([with_platforms(entry, platform) for entry in sent.history], recorder.register.zone)
    stated = {
        **received.detail,
        "policy": recorder.use_policy(received.detail["policy"], named_policy),
        "import_key": mail.import_key,
        TRANSFER: {"office": mail.office, "complaint": mail.complaint, "seq": mail.seq, "hash": mail.hash},
    }
    evidence = (Proposal(entry.kind, Moment(entry.at, entry.at, False), entry.detail) for entry in sent.evidence)
    return recorder.record(
        Work(None, (received._replace(detail=stated), *later, *evidence), sent.personal, is_history=True)
    )


def _keep_files(register: Register, evidence: Sequence[HistoryEntry], text: str) -> None:
    """Keep the files of a complaint's evidence; raises BadValue where one is not of the hash that the journal knows."""
    try:
        files = [b64decode(file, validate=True) for file in json.loads(text)]
    except (TypeError, ValueError, RecursionError):
        raise BadValue("its evidence is not what 'dealtrack transfer' writes") from None
    if [sha256(file).hex() for file in files] != [entry.detail["sha256"] for entry in evidence]:
        raise BadValue("its evidence does not match its hashes")
    if files:
        kept = register.engine.evidence(register)
        for file in files:
            kept.keep(iter([file]))
