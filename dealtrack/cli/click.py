"""What dealtrack takes of Click, all of it here.

Typer from 0.26 on carries its own Click and hands out neither its context and formatter of help nor its errors of
usage, without which nothing can be said in Chinese, or put in one line.
"""

from typer._click.core import Context
from typer._click.exceptions import ClickException, MissingParameter, NoArgsIsHelpError, NoSuchOption
from typer._click.formatting import HelpFormatter

__all__ = ["ClickException", "Context", "HelpFormatter", "MissingParameter", "NoArgsIsHelpError", "NoSuchOption"]
