"""The only imports from Click.

Typer from 0.26 on contains its own Click, and does not export the context, the help formatter and the usage errors.
The Chinese help and the usage errors of one line need them.
"""

from typer._click.core import Context
from typer._click.exceptions import ClickException, MissingParameter, NoArgsIsHelpError, NoSuchOption
from typer._click.formatting import HelpFormatter

__all__ = ["ClickException", "Context", "HelpFormatter", "MissingParameter", "NoArgsIsHelpError", "NoSuchOption"]
