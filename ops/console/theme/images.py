"""The logo and the favicon of a theme: received up to a limit, checked, stored as PNG, and served.

Whatever is uploaded is read by Pillow and written again, so that what is served is an image and nothing else. Its name
is made of its content, so browsers may keep it for ever.
"""

from __future__ import annotations

import re
from hashlib import sha256
from io import BytesIO
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminFileWidget
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe
from PIL import Image

from messaging.languages.wording import grouped
from ops.files.uploads import size_in_words

MOST_BYTES = 2**19  # of one image
MOST_PIXELS = 4_000_000  # of one image: unpacked, it takes four bytes each
FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "ICO")
NOT_AN_IMAGE = gettext_lazy(
    "This is not an image that can be used. Choose a PNG, JPEG, GIF, WebP or ICO file; SVG is not accepted."
)
TOO_LARGE = gettext_lazy("The file is larger than %(size)s. Choose a smaller image.")
TOO_MANY_PIXELS = gettext_lazy("The image has more than %(number)s pixels. Choose a smaller one.")
STORED = re.compile(r"admin-interface/(?P<kind>logo|favicon)/(?P<name>[0-9a-f]{32}(?:_[A-Za-z0-9]{7})?\.png)")


class SmallFiles(FileUploadHandler):
    """Keeps what is uploaded in memory: of each file no more than one byte beyond the limit, by which it is known."""

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, *args: Any, **kwargs: Any) -> None:
        self.is_far_too_large = content_length > 16 * MOST_BYTES

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        if self.is_far_too_large:  # nothing is saved: the fields that follow are missing
            raise StopUpload(connection_reset=True)
        self.content = BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.content.write(raw_data[: MOST_BYTES + 1 - self.content.tell()])

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        self.content.seek(0)
        size = len(self.content.getbuffer())
        return InMemoryUploadedFile(
            self.content, self.field_name, self.file_name, self.content_type, size, self.charset
        )


def receive(request: HttpRequest) -> None:
    """Let the form of ``request`` hold small files."""
    request.upload_handlers = [SmallFiles(request)]


class ImageField(forms.FileField):
    """An image of a theme, of at most so many pixels either way. What is chosen becomes a PNG of that size."""

    widget = AdminFileWidget

    def __init__(self, *, most: tuple[int, int], **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)
        self.most = most

    def clean(self, data: Any, initial: Any = None) -> Any:
        """The file to store, or what FileField gives where none was chosen. Raises ValidationError."""
        found = super().clean(data, initial)
        return as_png(found, self.most) if isinstance(found, InMemoryUploadedFile) else found


def as_png(file: InMemoryUploadedFile, most: tuple[int, int]) -> ContentFile:
    """The image in ``file`` as a PNG that fits into ``most``. Raises ValidationError with a sentence."""
    if file.size is None or file.size > MOST_BYTES:
        raise ValidationError(TOO_LARGE % {"size": size_in_words(MOST_BYTES)})
    try:
        with Image.open(file, formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise ValidationError(TOO_MANY_PIXELS % {"number": grouped(MOST_PIXELS)})
            picture = image.convert("RGBA")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as fault:
        raise ValidationError(NOT_AN_IMAGE) from fault
    picture.thumbnail(most)
    written = BytesIO()
    picture.save(written, "PNG")
    return ContentFile(written.getvalue(), name=f"{sha256(written.getvalue()).hexdigest()[:32]}.png")


def address(file: Any) -> str:
    """Where the image of a theme is served; empty for none, and for a file that was not stored by this form."""
    stored = STORED.fullmatch(file.name or "") if file else None
    return reverse("theme_image", kwargs=stored.groupdict()) if stored else ""


@require_safe
def image(request: HttpRequest, kind: str, name: str) -> HttpResponseBase:
    """A stored image, for anybody: the page on which staff sign in shows the logo. 404 for any other name."""
    path = f"admin-interface/{kind}/{name}"
    if not STORED.fullmatch(path) or not default_storage.exists(path):
        raise Http404
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    return FileResponse(default_storage.open(path), content_type="image/png", headers=headers)
