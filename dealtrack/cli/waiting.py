"""What is said of complaints that other offices have transferred, and that nobody has taken over yet."""

from collections.abc import Sequence

from dealtrack.cli.language import _n, say, sentence
from dealtrack.cli.terminal import warn
from dealtrack.phrase import listed
from dealtrack.register.mailbox import Mail, waiting
from dealtrack.register.queries import View
from dealtrack.register.register import Register


def waiting_text(mails: Sequence[Mail]) -> str:
    """Return how many complaints wait to be taken over, from which offices, and the command that takes them over."""
    return _n(
        "{count} complaint transferred by {offices} waits: 'dealtrack transfer --take-over'",
        "{count} complaints transferred by {offices} wait: 'dealtrack transfer --take-over'",
        len(mails),
        offices=say(listed(dict.fromkeys(mail.office for mail in mails))),
    )


def tell_waiting(register: Register, view: View) -> None:
    """Say on standard error what waits to be taken over, so that no complaint lies between two offices unseen."""
    if view.is_present and (mails := waiting(register)):
        warn(sentence(waiting_text(mails)))
