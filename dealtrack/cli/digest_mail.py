"""The daily summary as a mail: its subject, its text and HTML, and to whom it is sent once a day."""

import sys
from collections.abc import Iterator, Sequence
from datetime import date
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from html import escape
from io import StringIO

from dealtrack.cli.digest_page import counts_text, head_title, owner_titles, reminders_of, sections_of, write_page
from dealtrack.cli.language import LANGUAGES, _, _p, current_language, say
from dealtrack.cli.options import FilterOptions
from dealtrack.cli.output import show_day
from dealtrack.cli.people import cell_text, list_table
from dealtrack.cli.session import Session
from dealtrack.cli.terminal import tell
from dealtrack.core.standing import watch_record
from dealtrack.core.text import safe_text
from dealtrack.exchange.mail import MailWay, mail_mark, mail_note, raise_refused, send
from dealtrack.phrase import listed
from dealtrack.register.register import Register
from dealtrack.reports.digest import SECTIONS, Digest
from dealtrack.reports.tables import Col, Table

STYLE = {
    "body": "margin:16px;font:14px/1.6 sans-serif;color:#222",
    "h2": "margin:22px 0 6px;font-size:15px",
    "table": "border-collapse:collapse;font-size:13px",
    "th": "padding:4px 10px;border-bottom:2px solid #999;text-align:{side};word-break:keep-all",
    "td": "padding:4px 10px;border-bottom:1px solid #ddd;text-align:{side}",
    "small": "color:#777;font-size:12px;overflow-wrap:anywhere",
}
"""How the parts of a mail look: programs that show mail know no style sheets."""

LONGEST_LINE = 900
"""The most characters of a header's line; the standard has 998."""

RIGHT = frozenset({"count", "id"})
MAIL_KEYS = tuple(f"mail.{name}" for name in ("sendmail", "smtp", "from", "user", "password_file"))
"""The settings of MailWay, in its order."""


def mail_digest(
    session: Session, message: EmailMessage, day: date, to: Sequence[str], only: FilterOptions, again: bool
) -> None:
    """Mail the summary of a day to whom it was not mailed yet, and note it; raises what `send` does."""
    recipients = list(dict.fromkeys(to))
    # A summary of other complaints is another mail.
    marks = {address: mail_mark(address.lower(), *map(sorted, only)) for address in recipients}
    with mail_note(session.notes, day.isoformat()) as note:
        due = [address for address in recipients if again or not note.holds(marks[address])]
        if not due:
            _tell(_("It was mailed on {day} already; --again sends it once more.", day=day.isoformat()))
            return
        message["To"] = ", ".join(due)
        message["Message-ID"] = make_msgid(domain=due[0].rpartition("@")[2])
        refused = send(message, due, MailWay(*map(session.settings.value, MAIL_KEYS)))
        accepted = [address for address in due if address not in refused]
        note.add([marks[address] for address in accepted])
    if accepted:
        _tell(_("Mailed to {recipients}.", recipients=say(listed(accepted))))
    if refused:
        raise_refused(refused)


def _tell(text: str) -> None:
    """Print what was done for a person; cron would mail it."""
    if sys.stderr.isatty():
        tell(text)


def digest_message(session: Session, page: Digest, register: Register) -> EmailMessage:
    """Return a summary as a message that is not addressed yet, as text and as HTML."""
    text = StringIO()
    write_page(page, register, text)
    title = _("Complaints, {day}: {counts}", day=show_day(page.morning.day), counts=counts_text(page))
    # Python folds a longer one before its first word. What is encoded must be in parts.
    message = EmailMessage(policy.default.clone(max_line_length=LONGEST_LINE if title.isascii() else 78))
    message["Subject"] = title
    message["Date"] = format_datetime(session.now)
    # No answer to a mail that nobody wrote.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text.getvalue(), cte="base64")
    message.add_alternative("".join(_html(page, register, title)), subtype="html", cte="base64")
    return message


def _html(page: Digest, register: Register, title: str) -> Iterator[str]:
    tag = LANGUAGES[current_language()][0]
    yield f'<!DOCTYPE html><html lang="{tag}"><head><meta charset="utf-8"><title>{escape(title)}</title></head>'
    yield f'<body style="{STYLE["body"]}"><p><b>{escape(title)}</b></p>'
    if owners := page.owners():
        rows = [[row["owner"] or _p("owner", "none"), *(row[name] or None for name in SECTIONS)] for row in owners]
        titles = [Col(name, "count" if place else "text") for place, name in enumerate(owner_titles())]
        yield from _table(Table("", titles, rows))
    for heading, latenesses, keys in sections_of(page, register):
        yield f'<h2 style="{STYLE["h2"]}">{escape(heading)}</h2>'
        # The days late are a number there, and words in the text, which end with a question mark where provisional.
        columns = ["working_days_late" if key == "late" else key for key in keys]
        columns += ["provisional"] if any(each.is_provisional for each in latenesses) else []
        yield from _table(list_table(map(watch_record, latenesses), columns, register.zone, ""))
    yield from (f"<p>{escape(safe_text(text))}</p>" for text in reminders_of(page, register))
    if page.head is not None:
        head = escape(safe_text(page.head))
        yield f'<p style="{STYLE["small"]}">{escape(head_title(page))}<br>{head}</p>'
    yield "</body></html>\n"


def _whole(value: object) -> str:
    # A date is not broken at its hyphens.
    return ";white-space:nowrap" if isinstance(value, date) else ""


def _table(table: Table) -> Iterator[str]:
    sides = ["right" if column.form in RIGHT else "left" for column in table.columns]
    yield f'<table style="{STYLE["table"]}"><tr>'
    for column, side in zip(table.columns, sides, strict=True):
        yield f'<th style="{STYLE["th"].format(side=side)}">{escape(column.title)}</th>'
    yield "</tr>"
    for row in table.rows:
        cells = zip(table.columns, row, sides, strict=True)
        texts = (
            (escape(cell_text(column.form, value)), STYLE["td"].format(side=side) + _whole(value))
            for column, value, side in cells
        )
        yield "<tr>" + "".join(f'<td style="{style}">{text}</td>' for text, style in texts) + "</tr>"
    yield "</table>"
