"""Templates with their blank pages: kept in a folder, or brought along by a request.

A stored template is one file, a ZIP with `template.json` and the blank pages as they were sent. It is written beside
its place and moved there, so that whoever reads it, in this process or in another, gets the old one or the new one
whole. What is computed from it is kept until the file is another.
"""

import io
import logging
import os
import re
import secrets
import threading
import zipfile
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from service.documents.document import is_pdf
from service.logs import EXTRA_FIELD
from service.recognition.allowed import AllowedList
from service.recognition.errors import InvalidParameter, InvalidTemplate, RequestError, TooLarge, Unavailable
from service.stacks.form_template import FormTemplate, num_pages_of

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
AUTO = "auto"  # means all of them, so none is called that
MAX_TEMPLATES = 1000
RETRY_AFTER_S = 60.0  # until an operator may have made room
MAX_READY_PAGES = 64  # of blank pages that are kept in memory, each some 10 MB with all that is computed from it

_SUFFIX = ".template"
_JSON = "template.json"
_PAGE = re.compile(r"page-\d\d\d\.(pdf|picture)")
_STAMP = (1980, 1, 1, 0, 0, 0)  # the least that a ZIP can say: the same template is the same file
_Version = tuple[int, int, int]

logger = logging.getLogger(__name__)


class TemplateNotFound(RequestError):
    """No template of this name is stored."""


class TemplatesReadOnly(RequestError):
    """Templates are not stored here: `DIGITS_TEMPLATES_DIR` is not set."""


class TooManyTemplates(TooLarge):
    """As many templates are stored as may be."""


class TemplatesUnavailable(Unavailable):
    """The folder of the templates cannot be written; why is in the log, and the operator's to mend."""


class TemplateStore:
    """The templates in a folder. Its methods read and write files: call them on a thread.

    Args:
        folder: where they are; None where none are stored.
        max_pixels: that a blank page may have.
        lists: by name, those that constraints may ask for.
    """

    def __init__(self, folder: Path | None, *, max_pixels: int, lists: Mapping[str, AllowedList]) -> None:
        self._folder = folder
        self._max_pixels = max_pixels
        self._lists = lists
        self._lock = threading.Lock()
        self._ready: OrderedDict[str, tuple[_Version, FormTemplate]] = OrderedDict()

    def names(self) -> list[str]:
        """The names of all templates, sorted."""
        if self._folder is None or not self._folder.is_dir():
            return []
        found = (path.name.removesuffix(_SUFFIX) for path in self._folder.glob(f"*{_SUFFIX}"))
        return sorted(name for name in found if NAME.fullmatch(name))

    def load(self, name: str) -> FormTemplate:
        """A template, ready to be used.

        Raises:
            TemplateNotFound: there is none of this name.
            InvalidTemplate: someone has put a file there that is none.
        """
        path = self._path(name)
        version = _version(path)
        if path is None or version is None:
            raise self._not_found(name)
        with self._lock:
            kept = self._ready.get(name)
            if kept is not None and kept[0] == version:
                self._ready.move_to_end(name)
                return kept[1]
        try:
            loaded = self._read(name, path).prepare()
        except FileNotFoundError as error:  # deleted in between
            raise self._not_found(name) from error
        with self._lock:
            self._ready[name] = (version, loaded)
            self._ready.move_to_end(name)
            while len(self._ready) > 1 and num_pages_of([kept for _, kept in self._ready.values()]) > MAX_READY_PAGES:
                self._ready.popitem(last=False)
        return loaded

    def brought(self, source: bytes, page_files: Sequence[bytes]) -> FormTemplate:
        """A template that a request brings along; it remains to be prepared."""
        return self._template("", source, page_files)

    def save(self, name: str, source: bytes, page_files: Sequence[bytes]) -> tuple[FormTemplate, bool]:
        """Check a template and store it, in place of the one of this name if there is one.

        Returns:
            The template, and whether it is new.

        Raises:
            TemplatesReadOnly: none are stored here.
            InvalidParameter: the name is none that a template can have.
            InvalidTemplate: it cannot be used.
            RequestError: a blank page cannot be read.
            TooManyTemplates: there is no room for one more.
            TemplatesUnavailable: it cannot be written.
        """
        folder = self._writable()
        if not NAME.fullmatch(name) or name == AUTO:
            raise InvalidParameter(
                f"`name` is {name[:60]!r}; it must be 1 to 64 of a-z, 0-9, _ and -, beginning with a letter or a "
                f"digit, and not {AUTO!r}."
            )
        template = self._template(name, source, page_files).prepare()
        is_new = name not in (names := self.names())
        if is_new and len(names) >= MAX_TEMPLATES:
            raise TooManyTemplates(f"{MAX_TEMPLATES} templates are stored, which is the limit. Delete one first.")
        with _written(folder):
            folder.mkdir(parents=True, exist_ok=True)
            _replace(folder / f"{name}{_SUFFIX}", _packed(template))
        return template, is_new

    def delete(self, name: str) -> None:
        """Forget a template; raises `TemplatesReadOnly`, `TemplateNotFound` or `TemplatesUnavailable`."""
        folder = self._writable()
        path = self._path(name)
        if path is None:
            raise self._not_found(name)
        with _written(folder):
            try:
                path.unlink()
            except FileNotFoundError as error:
                raise self._not_found(name) from error
        with self._lock:
            self._ready.pop(name, None)

    def _writable(self) -> Path:
        if self._folder is None:
            raise TemplatesReadOnly(
                "No templates are stored here: the operator has not set DIGITS_TEMPLATES_DIR. Send the template with "
                "each request, as JSON in the part `template` of /batch."
            )
        return self._folder

    def _path(self, name: str) -> Path | None:
        """Where a template is, or would be; None for what is no name, so that no name leads out of the folder."""
        return self._folder / f"{name}{_SUFFIX}" if self._folder is not None and NAME.fullmatch(name) else None

    def _not_found(self, name: str) -> TemplateNotFound:
        names = self.names()
        stored = f"Stored are: {', '.join(names[:20])}{' and others' if len(names) > 20 else ''}." if names else ""
        return TemplateNotFound(f"There is no template {name[:64]!r}. {stored or 'None are stored.'}")

    def _template(self, name: str, source: bytes, page_files: Sequence[bytes]) -> FormTemplate:
        return FormTemplate(name, source, tuple(page_files), self._max_pixels, self._lists)

    def _read(self, name: str, path: Path) -> FormTemplate:
        try:
            with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as packed:
                pages = sorted(item for item in packed.namelist() if _PAGE.fullmatch(item))
                return self._template(name, packed.read(_JSON), [packed.read(page) for page in pages])
        except (zipfile.BadZipFile, KeyError) as error:
            raise InvalidTemplate("", f"The stored template {name!r} is damaged. Store it anew.") from error


def chosen(names: Sequence[str], store: TemplateStore) -> list[FormTemplate]:
    """The templates that a request names; `auto` names all of them that can be used.

    Raises:
        TemplateNotFound: there is none of a name, or none at all.
        InvalidParameter: together they have more pages than are kept in memory.
    """
    is_auto = AUTO in names
    wanted = store.names() if is_auto else list(dict.fromkeys(names))
    found: list[FormTemplate] = []
    for name in wanted:
        try:
            found.append(store.load(name))
        except InvalidTemplate as error:  # one bad file must not stop those who mean another
            if not is_auto:
                raise
            logger.warning("template cannot be used", extra={EXTRA_FIELD: {"template": name, "fault": str(error)}})
        if num_pages_of(found) > MAX_READY_PAGES:
            raise InvalidParameter(
                f"`template` names templates of more than {MAX_READY_PAGES} pages together. Name only those that these "
                "forms may be."
            )
    if not found:
        raise TemplateNotFound("There is no template to choose from: none are stored that can be used.")
    return found


def _packed(template: FormTemplate) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as packed:
        packed.writestr(zipfile.ZipInfo(_JSON, _STAMP), template.source)
        for number, data in enumerate(template.page_files, start=1):
            kind = "pdf" if is_pdf(data) else "picture"
            packed.writestr(zipfile.ZipInfo(f"page-{number:03d}.{kind}", _STAMP), data)
    return file.getvalue()


def _replace(path: Path, data: bytes) -> None:
    """Write a file in one step: others see the old one or the new one, and never half of it."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with beside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        with suppress(OSError):  # as a rule it has been moved; whatever else is wrong has been raised above
            beside.unlink()


@contextmanager
def _written(folder: Path) -> Iterator[None]:
    """While something is written to the folder; what the system says about it is for the log."""
    try:
        yield
    except OSError as error:
        logger.error("templates cannot be written", extra={EXTRA_FIELD: {"folder": str(folder), "fault": str(error)}})
        raise TemplatesUnavailable(
            "The template could not be written: the folder of the templates is full, or not to be written to. Tell "
            "the operator; the log says why.",
            retry_after_s=RETRY_AFTER_S,
        ) from error


def _version(path: Path | None) -> _Version | None:
    """What tells one state of a file from the next; None where there is no file."""
    if path is None:
        return None
    try:
        state = path.stat()
    except FileNotFoundError:
        return None
    return state.st_mtime_ns, state.st_ino, state.st_size
