"""Letters made from templates: Jinja2 in its sandbox, every value escaped, for HTML and, through docxtpl, for DOCX.

A template may come from anybody: it can call nothing, reach nothing but the values it is given, and read no file; it
takes no more memory and time than a letter needs.
"""

import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

from dealtrack.core.vocabulary import nearest_names
from dealtrack.errors import BadTemplate
from dealtrack.phrase import BadValue, Phrase, either

LARGEST, LARGEST_UNPACKED = 5_000_000, 50_000_000
"""The bytes of a template, and of all the parts of one in DOCX."""

MEMORY, SECONDS = 1 << 31, 60
"""The bytes of memory and the seconds of the processor within which a letter is made, where the system can limit it."""

REMOTE = ("hyperlink",)
"""The kinds of relationships of a DOCX file that may lead out of it: what is opened only by a click."""

_FAULTS = (ArithmeticError, AttributeError, LookupError, RuntimeError, SyntaxError, TypeError, ValueError)
"""What templates and the files around them are refused with below: by Jinja2's own code, lxml and python-docx."""


class Values(dict[str, Any]):
    """Values that a template may name; those of `later` are read when it does, so that it gets no other."""

    def __init__(self, values: Mapping[str, Any], later: Mapping[str, Callable[[], str]] | None = None) -> None:
        super().__init__(values)
        self._later = later or {}

    @property
    def names(self) -> tuple[str, ...]:
        """Return all that may be named."""
        return (*self, *self._later)

    def __missing__(self, name: str) -> str:
        return self._later[name]()


class _TooLong(BaseException):
    """A letter takes too long. Jinja2 passes over every Exception where it works out what is constant."""


@contextmanager
def limited(memory: int = MEMORY, seconds: float = SECONDS) -> Iterator[None]:
    """Limit the memory of this process, and the time of its processor for the block, as far as the system can.

    Raises BadValue where either does not do.
    """
    try:
        if sys.platform == "win32":
            yield
        else:
            with _limits(memory, seconds):
                yield
    except (MemoryError, _TooLong):
        raise BadValue("it takes too much memory or time") from None


if sys.platform != "win32":

    @contextmanager
    def _limits(memory: int, seconds: float) -> Iterator[None]:
        """Set the limits for the block, and then those that were set before."""
        import resource
        import signal

        def stop(_number: int, _frame: object) -> None:
            raise _TooLong

        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        fewest = min((most for most in (memory, soft) if most != resource.RLIM_INFINITY), default=memory)
        before = signal.signal(signal.SIGVTALRM, stop)
        try:
            resource.setrlimit(resource.RLIMIT_AS, (fewest, hard))
            # Again and again, lest the code of a library has passed over the first.
            signal.setitimer(signal.ITIMER_VIRTUAL, seconds, 1)
            yield
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            signal.signal(signal.SIGVTALRM, before)
            resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _environment(names: Iterable[str]) -> ImmutableSandboxedEnvironment:
    """Return the environment for a template that is given values of these names."""

    class Unknown(StrictUndefined):
        """What a template names and is not given: it is refused where it is named."""

        def __init__(
            self, hint: str | None = None, obj: Any = missing, name: str | None = None, exc: Any = None
        ) -> None:
            if exc is SecurityError:
                raise BadValue("{name} is not allowed in a template", name=name)
            known = tuple(names) if obj is missing else getattr(obj, "names", ())
            if near := nearest_names(str(name), known):
                raise BadValue("there is no value named {name}, perhaps {names}", name=name, names=either(near))
            raise BadValue("there is no value named {name}", name=name or hint)

    environment = ImmutableSandboxedEnvironment(
        autoescape=True, undefined=Unknown, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    # What a value says is never markup.
    del environment.filters["safe"]
    environment.globals.clear()
    return environment


def read_template(path: Path) -> bytes:
    """Return the bytes of a template; raises BadTemplate."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise BadTemplate(path=path, reason=error.strerror or str(error)) from None
    if len(data) > LARGEST:
        raise BadTemplate.because("it has more than {most:,} bytes", path, most=LARGEST)
    return data


def render(path: Path, data: bytes, values: Mapping[str, Any]) -> bytes:
    """Return the letter that a template makes of values, by its file's ending DOCX or HTML. Raises BadTemplate.

    The same template and values give the same bytes.
    """
    try:
        with limited():
            if path.suffix == ".docx":
                letter = _render_docx(data, values)
            else:
                letter = _environment(values).from_string(data.decode("utf-8-sig")).render(values).encode()
        if len(letter) > LARGEST_UNPACKED:
            raise BadValue("the letter has more than {most:,} bytes", most=LARGEST_UNPACKED)
        return letter
    except BadValue as error:
        raise BadTemplate(path=path, reason=error.args[0]) from None
    except TemplateSyntaxError as error:
        line = Phrase("line {line}: ", line=error.lineno) if path.suffix == ".html" else ""
        raise BadTemplate.because("{line}{fault}", path, line=line, fault=(error.message or "").rstrip(".")) from None
    except UnicodeDecodeError:
        raise BadTemplate.because("it is not UTF-8 text", path) from None
    except (BadZipFile, zlib.error, EOFError, NotImplementedError):
        raise BadTemplate.because("it is not a DOCX file", path) from None
    except (TemplateError, *_FAULTS) as error:
        raise BadTemplate(path=path, reason=str(error).rstrip(".") or type(error).__name__) from None


def _render_docx(data: bytes, values: Mapping[str, Any]) -> bytes:
    from docx.opc.exceptions import OpcError
    from docx.oxml import parse_xml
    from docxtpl import DocxTemplate

    class LetterTemplate(DocxTemplate):  # type: ignore[misc]  # docxtpl ships no types
        def fix_tables(self, xml: str) -> Any:
            # docxtpl itself drops what is not well-formed, and all that comes after it.
            parse_xml(xml)
            return super().fix_tables(xml)

    _check_parts(data)
    try:
        letter = LetterTemplate(BytesIO(data))
        letter.render(values, _environment(values), autoescape=True)
        out = BytesIO()
        letter.save(out)
    except OpcError:
        raise BadZipFile from None
    return without_moments(out.getvalue())


def _check_parts(data: bytes) -> None:
    """Refuse a DOCX file that unpacks too large, holds macros, or fetches from elsewhere; raises BadValue."""
    with ZipFile(BytesIO(data)) as archive:
        if sum(part.file_size for part in archive.infolist()) > LARGEST_UNPACKED:
            raise BadValue("its parts have more than {most:,} bytes", most=LARGEST_UNPACKED)
        for name in archive.namelist():
            if "vbaproject" in name.lower():
                raise BadValue("it holds macros")
            if name.endswith(".rels"):
                _check_relationships(archive.read(name))


def _check_relationships(data: bytes) -> None:
    from docx.oxml import parse_xml

    for relationship in parse_xml(data):
        kind = str(relationship.get("Type", "")).rpartition("/")[2]
        if relationship.get("TargetMode") == "External" and kind not in REMOTE:
            raise BadValue("it fetches {kind} from {place}", kind=kind, place=relationship.get("Target"))


def without_moments(data: bytes) -> bytes:
    """Return a DOCX file whose parts bear no moment of their writing."""
    out = BytesIO()
    with ZipFile(BytesIO(data)) as source, ZipFile(out, "w") as target:
        for part in source.infolist():
            target.writestr(ZipInfo(part.filename), source.read(part), ZIP_DEFLATED)
    return out.getvalue()
