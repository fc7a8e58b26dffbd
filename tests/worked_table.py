"""Worked examples of deadlines, Beijing calendar and green-channel policy: each is checked by hand.

received, forward due, forwarded, complete due, whether the complete deadline is provisional, why. Days are those
of the register's time zone, and end at 24:00.
"""

ROWS: list[tuple[str, str, str, str, bool, str]] = [
    ("2016-11-01", "2016-11-02", "2016-11-02", "2016-11-04", False, "plain week"),
    ("2016-11-04", "2016-11-07", "2016-11-04", "2016-11-08", False, "weekend between"),
    ("2016-11-11", "2016-11-14", "2016-11-14", "2016-11-16", False, "Double Eleven"),
    ("2016-11-12", "2016-11-14", "2016-11-14", "2016-11-16", False, "received on a rest day"),
    ("2016-09-30", "2016-10-08", "2016-10-08", "2016-10-10", False, "National Day, two make-up days"),
    ("2024-09-27", "2024-09-29", "2024-09-29", "2024-10-08", False, "a working Sunday, then National Day"),
    ("2025-01-24", "2025-01-26", "2025-01-26", "2025-02-05", False, "a working Sunday, then Spring Festival"),
    ("2020-01-23", "2020-02-03", "2020-01-31", "2020-02-04", False, "the extended Spring Festival"),
    ("2014-10-31", "2014-11-02", "2014-11-02", "2014-11-04", False, "APEC: Sunday worked"),
    ("2014-11-06", "2014-11-13", "2014-11-13", "2014-11-15", False, "APEC: six days off, Saturday worked"),
    ("2008-08-07", "2008-08-11", "2008-08-11", "2008-08-13", False, "Olympic opening day off in Beijing"),
    ("2026-12-30", "2026-12-31", "2026-12-31", "2027-01-05", True, "2027 is not published yet"),
]
