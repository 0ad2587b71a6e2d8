"""The logo and the favicon of a theme: received up to a limit, checked, stored as PNG, and served.

Pillow decodes every upload and encodes it again, so that only images are served. A file's name is a hash of its
content, so that browsers may cache it for ever.
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
MOST_PIXELS = 4_000_000  # of one image: decoded, each takes four bytes
FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "ICO")
NOT_AN_IMAGE = gettext_lazy(
    "This is not an image that can be used. Choose a PNG, JPEG, GIF, WebP or ICO file; SVG is not accepted."
)
TOO_LARGE = gettext_lazy("The file is larger than %(size)s. Choose a smaller image.")
TOO_MANY_PIXELS = gettext_lazy("The image has more than %(number)s pixels. Choose a smaller one.")
STORED = re.compile(r"admin-interface/(?P<kind>logo|favicon)/(?P<name>[0-9a-f]{32}(?:_[A-Za-z0-9]{7})?\.png)")


class SmallFiles(FileUploadHandler):
    """Keep uploads in memory, each only up to one byte beyond the limit, which shows that it is too large."""

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, *args: Any, **kwargs: Any) -> None:
        self.is_far_too_large = content_length > 16 * MOST_BYTES

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        if self.is_far_too_large:  # nothing is saved, because the fields after this file are missing
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
    """Let the form of ``request`` contain small files."""
    request.upload_handlers = [SmallFiles(request)]


class ImageField(forms.FileField):
    """An image of a theme of at most ``most`` pixels (width, height). An upload is converted to a PNG that fits."""

    widget = AdminFileWidget

    def __init__(self, *, most: tuple[int, int], **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)
        self.most = most

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Return the file to store, or FileField's value if none was chosen. Raise ValidationError."""
        found = super().clean(data, initial)
        return as_png(found, self.most) if isinstance(found, InMemoryUploadedFile) else found


def as_png(file: InMemoryUploadedFile, most: tuple[int, int]) -> ContentFile:
    """Return the image in ``file`` as a PNG that fits into ``most``. Raise ValidationError with a sentence."""
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
    """Return the address of a theme's image; "" if there is none, or if the file was not stored by this form."""
    stored = STORED.fullmatch(file.name or "") if file else None
    return reverse("theme_image", kwargs=stored.groupdict()) if stored else ""


@require_safe
def image(request: HttpRequest, kind: str, name: str) -> HttpResponseBase:
    """Serve a stored image to anybody, because the sign-in page for staff shows the logo. 404 for any other name."""
    path = f"admin-interface/{kind}/{name}"
    if not STORED.fullmatch(path) or not default_storage.exists(path):
        raise Http404
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    return FileResponse(default_storage.open(path), content_type="image/png", headers=headers)
