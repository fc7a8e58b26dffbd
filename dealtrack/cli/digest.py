"""The command that prints or mails the daily summary."""

import sys
from pathlib import Path
from typing import Annotated

from dealtrack.cli.digest_page import write_page
from dealtrack.cli.options import FilterOptions, ViewTimes, flag, option, read_filter
from dealtrack.cli.output import check_word, print_records
from dealtrack.cli.session import Session
from dealtrack.errors import BadText
from dealtrack.phrase import Phrase
from dealtrack.reports.digest import make_digest


def digest(
    session: Session,
    only: FilterOptions,
    working_days_only: Annotated[bool, flag("Print nothing on rest days.")],
    backups: Annotated[str, option("PATH", "Backup folder or file; adds a reminder when the last backup is old.")],
    mail: Annotated[list[str], option("TO", "Mail it to this address instead, once a day; repeatable.")],
    again: Annotated[bool, flag("With --mail: send what was sent today once more.")],
    times: ViewTimes,
    fmt: Annotated[str, option("FORMAT", "Output format: text or json.", "--format")] = "text",
) -> None:
    """Print or mail the daily summary; does nothing if there is nothing to report."""
    check_word(Phrase("Format"), fmt, ("text", "json"))
    if mail and fmt == "json":
        raise BadText(what="--mail", reason="sends text and HTML: omit --format")
    if mail:
        from dealtrack.exchange.mail import check_address

        # Wrong ones are refused on quiet days too.
        mail = list(map(check_address, mail))
    message = None
    with session.reading(*times) as (register, view):
        page = make_digest(register, read_filter(register, *only), view, Path(backups) if backups else None)
        if working_days_only and not page.morning.is_worked:
            return
        if mail and page.says_something:
            from dealtrack.cli.digest_mail import digest_message

            message = digest_message(session, page, register)
        elif fmt == "json" and not mail:
            print_records([page.record()], fmt="json", zone=register.zone, single=True)
        elif page.says_something and not mail:
            write_page(page, register, sys.stdout)
    if message:
        # The register is closed: a server may take its time.
        from dealtrack.cli.digest_mail import mail_digest

        mail_digest(session, message, page.morning.day, mail, only, again)
