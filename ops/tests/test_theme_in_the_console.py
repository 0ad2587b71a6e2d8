"""The theme in the console: what its form offers and refuses, its images, and how soon all processes show a change."""

from __future__ import annotations

import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from admin_interface.models import Theme
from django.core.cache import caches
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from ops.audit.models import Entry
from ops.console.theme import images
from ops.console.theme.form import LABELS, NO_COLOUR, NOT_OFFERED
from ops.events import ConsoleEvent

HEADER = "--admin-interface-header-background-color: light-dark("


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def looking_after(client: Client, rosa: Any) -> Client:
    client.force_login(rosa)
    return client


def picture(format: str = "PNG", size: tuple[int, int] = (200, 100)) -> bytes:
    written = BytesIO()
    Image.new("RGB", size, "#aa0000").save(written, format)
    return written.getvalue()


def page_of_theme() -> str:
    return reverse("admin:admin_interface_theme_change", args=[Theme.objects.get_active().pk])


def save(client: Client, **changed: Any) -> Any:
    """Post the form of the active theme with these changes, and return its errors by field."""
    form = client.get(page_of_theme()).context["adminform"].form
    data = {name: value for name, value in form.initial.items() if value and name not in ("logo", "favicon")}
    response: Any = client.post(page_of_theme(), {**data, **changed})
    if response.status_code == 302:
        return {}
    return {name: list(errors) for name, errors in response.context["adminform"].form.errors.items()}


def shown(client: Client) -> str:
    return client.get("/console/keyboard/").content.decode()


def test_only_settings_that_change_something_are_offered(looking_after: Client) -> None:
    offered = looking_after.get(page_of_theme()).context["adminform"].form.fields
    assert set(offered) == set(LABELS)
    assert not {"language_chooser_active", "recent_actions_visible", "list_filter_dropdown", "foldable_apps"} & set(
        offered
    )


def test_title_and_environment_are_shown_on_every_page_and_where_one_signs_in(looking_after: Client) -> None:
    assert 'class="environment"' not in shown(looking_after)
    assert save(looking_after, title="Acme <Trust>", env_name="STAGING", env_visible_in_header="on") == {}
    for page in (shown(looking_after), Client().get("/console/login/").content.decode()):
        assert "<span>Acme &lt;Trust&gt;</span>" in page
        assert '<p class="environment"><span class="visually-hidden">Environment: </span>STAGING</p>' in page


def test_the_title_is_hidden_only_where_a_logo_stands_for_it(looking_after: Client) -> None:
    assert save(looking_after, title_visible="") == {}
    assert "<span>Threadward</span>" in shown(looking_after)
    logo = SimpleUploadedFile("logo.png", picture())
    assert save(looking_after, title_visible="", logo=logo, logo_visible="on") == {}
    assert '<span class="visually-hidden">Threadward</span>' in shown(looking_after)


def test_colours_that_cannot_be_read_are_refused_with_one_that_would_do(looking_after: Client) -> None:
    wrong = save(
        looking_after,
        css_header_background_color="#ffffff",
        css_header_text_color="#eeeeee",
        title_color="#000000",
        css_header_link_color="#000000",
        css_header_link_hover_color="#000000",
        css_generic_link_color="#ffff00",
        css_save_button_background_color="#555555",
        css_save_button_background_hover_color="#aaaaaa",
    )
    assert set(wrong) == {"css_header_text_color", "css_generic_link_color", "css_save_button_text_color"}
    assert (
        "is hard to read on “Header background”: the contrast is 1.2, and 4.5 is needed. #"
        in wrong["css_header_text_color"][0]
    )
    assert "would do." in wrong["css_generic_link_color"][0]
    assert "backgrounds that are more alike" in wrong["css_save_button_text_color"][0]
    assert save(looking_after, css_header_background_color="") != {}
    assert Theme.objects.get_active().css_header_background_color == "#1b2a41"


@pytest.mark.parametrize("text", ["zwieback", "#12345", "red", "#12345g", "#1234567", "#+1f2a3", "# 12ab3"])
def test_an_invalid_colour_is_refused(looking_after: Client, text: str) -> None:
    assert save(looking_after, css_header_text_color=text) == {"css_header_text_color": [NO_COLOUR]}


def test_another_process_shows_a_change_within_seconds(looking_after: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    caches["admin_interface"].default_timeout = 3
    assert f"{HEADER}#1b2a41" in shown(looking_after)
    Theme.objects.update(css_header_background_color="#7a1f5c")  # sends no signal, like a change by another process
    assert f"{HEADER}#1b2a41" in shown(looking_after)
    now = time.time()
    monkeypatch.setattr("django.core.cache.backends.locmem.time.time", lambda: now + 4)
    assert f"{HEADER}#7a1f5c" in shown(looking_after)


def test_the_theme_is_kept_for_seconds(settings: Any) -> None:
    assert settings.CACHES["admin_interface"]["TIMEOUT"] == 3
    assert settings.CACHES["admin_interface"]["BACKEND"].endswith("LocMemCache")


@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "WEBP", "ICO"])
def test_an_uploaded_image_is_served_as_png_to_anybody(looking_after: Client, format: str) -> None:
    logo = SimpleUploadedFile("../../logo.php", picture(format), content_type="text/html")
    assert save(looking_after, logo=logo, logo_visible="on") == {}
    address = images.address(Theme.objects.get_active().logo)
    assert f'<img class="logo" src="{address}" alt="">' in shown(looking_after)
    answer: Any = Client().get(address)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"] and "immutable" in answer["Cache-Control"]
    with Image.open(BytesIO(b"".join(answer.streaming_content))) as served:
        assert served.format == "PNG" and served.width <= 320 and served.height <= 64


@pytest.mark.parametrize(
    ("content", "sentence"),  # made when used, or each process that collects tests would make it
    [
        (lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', images.NOT_AN_IMAGE),
        (lambda: b"<html>", images.NOT_AN_IMAGE),
        (lambda: picture()[:60], images.NOT_AN_IMAGE),
        (lambda: b"\x89PNG" + b"0" * images.MOST_BYTES, images.TOO_LARGE % {"size": "512 kB"}),
        (lambda: picture(size=(4000, 2000)), images.TOO_MANY_PIXELS % {"number": "4,000,000"}),
    ],
)
def test_an_invalid_or_large_image_is_refused(
    looking_after: Client, tmp_path: Path, content: Callable[[], bytes], sentence: str
) -> None:
    assert save(looking_after, favicon=SimpleUploadedFile("icon.png", content())) == {"favicon": [sentence]}
    assert not list(tmp_path.rglob("*.png"))


def test_an_image_that_is_replaced_or_cleared_is_deleted(
    looking_after: Client, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert save(looking_after, logo=SimpleUploadedFile("logo.png", picture())) == {}
        first = Theme.objects.get_active().logo.name
        assert save(looking_after, logo=SimpleUploadedFile("logo.png", picture(size=(20, 20)))) == {}
    second = Theme.objects.get_active().logo.name
    assert first != second
    assert [str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*.png")] == [second]
    with django_capture_on_commit_callbacks(execute=True):
        assert save(looking_after, **{"logo-clear": "on"}) == {}
    assert not list(tmp_path.rglob("*.png"))


def test_the_images_of_a_deleted_theme_go_unless_another_has_them(
    looking_after: Client, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert save(looking_after, logo=SimpleUploadedFile("logo.png", picture())) == {}
    logo = Theme.objects.get_active().logo.name
    sole, shared = (Theme.objects.create(name=name, active=False, logo=logo) for name in ("sole", "shared"))
    for theme, others in ((shared, True), (sole, False)):
        if not others:
            Theme.objects.exclude(pk=theme.pk).update(logo="")
        with django_capture_on_commit_callbacks(execute=True):
            looking_after.post(reverse("admin:admin_interface_theme_delete", args=[theme.pk]), {"post": "yes"})
        assert bool(list(tmp_path.rglob("*.png"))) is others


@pytest.mark.parametrize("name", ["nothing.png", f"{'0' * 32}.svg", f"{'0' * 32}.png", "..%2F..%2Fsettings.py"])
def test_no_other_file_is_served(db: None, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "admin-interface" / "logo"
    folder.mkdir(parents=True)
    (folder / "nothing.png").write_bytes(picture())
    assert Client().get(f"/media/admin-interface/logo/{name}").status_code == 404


def test_a_file_of_another_name_is_not_shown(looking_after: Client) -> None:
    Theme.objects.update(logo="admin-interface/logo/old.svg", logo_visible=True)
    caches["admin_interface"].clear()
    assert "old.svg" not in shown(looking_after)


def test_images_from_people_without_permission_are_refused(client: Client, rita: Any) -> None:
    client.force_login(rita)
    answer = client.post(page_of_theme(), {"logo": SimpleUploadedFile("logo.png", picture())})
    assert answer.status_code == 403


def test_themes_that_are_added_changed_and_deleted_are_recorded(looking_after: Client) -> None:
    form = looking_after.get(reverse("admin:admin_interface_theme_add")).context["adminform"].form
    data = {name: value for name, value in form.initial.items() if value} | {"name": "Ours", "active": "on"}
    assert looking_after.post(reverse("admin:admin_interface_theme_add"), data).status_code == 302
    added = Theme.objects.get_active()
    assert added.name == "Ours"
    assert {name: getattr(added, name) for name in NOT_OFFERED} == NOT_OFFERED
    assert save(looking_after, logo=SimpleUploadedFile("logo.png", picture())) == {}
    entry = Entry.objects.get(event=ConsoleEvent.THEME_CHANGED)
    assert entry.details["fields"] == ["Logo"]
    looking_after.post(
        reverse("admin:admin_interface_theme_delete", args=[Theme.objects.get_active().pk]), {"post": "yes"}
    )
    assert set(Entry.objects.filter(target_type="admin_interface.theme").values_list("event", flat=True)) == {
        "record.added", "settings.theme_changed", "record.deleted"}  # fmt: skip
    assert Theme.objects.get_active().name == "Threadward"
