"""The report on how complaints were handled, for the supervisor who asks."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from dealtrack.cli.language import LANGUAGES, _, _n, current_language
from dealtrack.cli.options import FilterOptions, Format, ReceivedDays, ViewTimes, option, read_filter
from dealtrack.cli.output import check_word, print_records
from dealtrack.cli.session import Session
from dealtrack.cli.terminal import tell, tell_fields
from dealtrack.errors import BadText, MissingExtra

if TYPE_CHECKING:
    from dealtrack.reports.figures import Report


def _write_workbook(report: "Report", path: Path) -> None:
    """Write a report to a file as a workbook; raises CannotWrite."""
    from dealtrack.exchange.files import FileKind, binary_output
    from dealtrack.reports.workbook import write_workbook

    with binary_output(path, FileKind.WORKBOOK) as stream:
        write_workbook(report, stream, _)


def _write_page(report: "Report", path: Path) -> None:
    """Write a report to a file as a page; raises CannotWrite."""
    from dealtrack.exchange.files import FileKind, text_output
    from dealtrack.reports.page.writing import make_page

    page = make_page(report, LANGUAGES[current_language()][0], _)
    with text_output(path, FileKind.PAGE) as stream:
        stream.write(page)


def _check_page_packages() -> None:
    """Make sure that what makes a page is there; raises MissingExtra."""
    from importlib.util import find_spec

    for module, package in (("jinja2", "Jinja2"), ("pygal", "pygal")):
        if find_spec(module) is None:
            raise MissingExtra(what="The page", package=package, extra="report")


def report(
    session: Session,
    *,
    by: Annotated[str, option("GROUP", "Group by platform, category, seller, owner, week or month.")] = "platform",
    received: ReceivedDays,
    campaign: Annotated[str, option("NAME", "Compare a campaign with the days before and with last year.")],
    xlsx: Annotated[str, option("FILE", "Write a workbook with charts to this file.")],
    html: Annotated[str, option("FILE", "Write a web page, also for printing, to this file.")],
    only: FilterOptions,
    times: ViewTimes,
    fmt: Format,
) -> None:
    """Report on handling: on time or late, how fast, how many complaints."""
    from dealtrack import settings
    from dealtrack.core.moments import local_day
    from dealtrack.reports.compliance import ReportQuery, last_years, make_report
    from dealtrack.reports.figures import GROUPINGS
    from dealtrack.reports.records import report_lines, report_record, report_rows, row_keys
    from dealtrack.sources.campaigns import load_campaign, load_campaigns

    check_word("--by", by, GROUPINGS)
    if campaign and any(received):
        raise BadText(what="--campaign", reason="sets its own dates: omit --from and --to")
    if html:
        _check_page_packages()
    with session.reading(*times) as (register, view):
        zone = register.zone
        complaints = read_filter(register, *only)
        until = local_day(session.now, zone).year + 1
        where = settings.data_folder(), settings.user_folder(), register.calendar_in(view), until
        campaigns = load_campaigns(*where)
        if campaign:
            period = load_campaign(campaign, *where)
            query = ReportQuery(by, campaign=period, last_year=last_years(period, campaigns))
        else:
            query = ReportQuery(by, *session.received_days(*received, zone))
        others = tuple((each.first, each.last) for each in campaigns.values())
        figures = make_report(register, replace(query, complaints=complaints, campaigns=others), view)
        for file, write in ((xlsx, _write_workbook), (html, _write_page)):
            if file:
                write(figures, Path(file))
                text = _n(
                    "report on {count:,} complaint written to {path}",
                    "report on {count:,} complaints written to {path}",
                    figures.main.total.complaints,
                    path=file,
                )
                tell(text)
        if (xlsx or html) and not fmt:
            return
        if fmt == "json":
            print_records([report_record(figures)], fmt=fmt, zone=zone, single=True)
        elif fmt in ("csv", "jsonl"):
            print_records(report_rows(figures), row_keys(figures), fmt, zone=zone)
        elif fmt == "plain" or not (fmt or sys.stdout.isatty()):
            for line in report_lines(figures):
                tell_fields(line)
        else:
            from dealtrack.cli.report_tables import print_report

            print_report(figures)
