"""Receiving an upload: the file is streamed straight into a private file, up to a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from messaging.languages.wording import numbered
from ops.files import private_files

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

SUFFIX = "upload"  # the format of a file is detected from its content; the name it was uploaded under is not used
# A browser shows no response before it has sent everything, so the rest of a file that is too large is read and
# discarded. A client that sends many times the limit is disconnected instead.
ABORT_FACTOR = 4  # times the limit
NO_ROOM = gettext_lazy(
    "The server could not keep the file: its disk is full, or is not writable. Tell the system administrator."
)
CHOOSE_ANOTHER = gettext_lazy("choose a smaller one.")
UNITS = (
    (2**30, gettext_lazy("%(number)s GB")),
    (2**20, gettext_lazy("%(number)s MB")),
    (2**10, gettext_lazy("%(number)s kB")),
)


def size_in_words(size: int) -> str:
    """Return a number of bytes in words: "512 MB"."""
    for step, text in UNITS:
        if size >= step:
            number = round(size / step, 1)
            return text % {"number": number_format(number, 0 if number.is_integer() else 1, use_l10n=True)}
    return numbered(ngettext("%(number)s byte", "%(number)s bytes", size), size)


class PrivateUpload(UploadedFile):
    """An upload that is already stored as a private file. The end of the request deletes it unless it is kept."""

    def __init__(self, incoming: private_files.Incoming, *args: Any, **kwargs: Any) -> None:
        super().__init__(None, *args, **kwargs)
        self.incoming = incoming

    def close(self) -> None:
        self.incoming.close()


class PrivateUploadHandler(FileUploadHandler):
    """Streams the field ``file`` into a private file. If that stops, ``problem`` is the reason.

    Must be set before anything reads the form, as the CSRF check does. ``limit`` is in bytes; 0 accepts nothing.
    ``too_large`` is the message for a larger file.
    """

    field = "file"
    file: private_files.Incoming  # set once a file arrives; Django closes it if the request breaks off

    def __init__(self, request: HttpRequest, *, limit: int, too_large: str) -> None:
        super().__init__(request)
        self.limit = limit
        self.too_large = too_large
        self.problem = ""
        self._announced = 0
        self._accepts = False  # whether the current file is kept

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, *args: Any, **kwargs: Any) -> None:
        self._announced = content_length

    def new_file(self, field_name: str, *args: Any, **kwargs: Any) -> None:
        super().new_file(field_name, *args, **kwargs)
        self._accepts = field_name == self.field and not hasattr(self, "file")
        if self._accepts:
            try:
                self.file = private_files.Incoming(SUFFIX, self.limit)
            except OSError:
                raise self._stop(NO_ROOM) from None

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        try:
            if self._accepts:
                self.file.write(raw_data)
        except private_files.TooLarge:
            raise self._stop(self.too_large) from None
        except OSError:
            raise self._stop(NO_ROOM) from None

    def file_complete(self, file_size: int) -> PrivateUpload | None:
        if not self._accepts:
            return None
        return PrivateUpload(self.file, self.file_name, self.content_type, file_size, self.charset)

    def upload_interrupted(self) -> None:
        if hasattr(self, "file"):
            self.file.close()

    def _stop(self, problem: StrOrPromise) -> StopUpload:
        self.problem = str(problem)
        self.upload_interrupted()
        return StopUpload(connection_reset=self._announced > ABORT_FACTOR * max(self.limit, 2**20))


def receive(
    request: HttpRequest, *, limit: int, remedy: StrOrPromise = CHOOSE_ANOTHER, too_large: str = ""
) -> PrivateUploadHandler:
    """Stream the uploaded file of ``request`` into a private one, up to ``limit`` bytes.

    ``remedy`` (what to do instead) ends the message for a file that is too large; ``too_large`` replaces that message.
    """
    said = _("The file is larger than %(size)s, the most that is taken: %(remedy)s")
    sentence = too_large or said % {"size": size_in_words(limit), "remedy": remedy}
    handler = PrivateUploadHandler(request, limit=limit, too_large=sentence)
    request.upload_handlers = [handler]
    return handler
