"""Each user's own language. German is the example: Django translates the names of weekdays into it."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client, override_settings
from django.utils.translation import gettext

from messaging.languages.own import in_language_of, language_of
from ops import environment
from ops.conftest import make_staff

PAGE = "/console/language/"
KNOWN = [("de", "German"), ("en", "English"), ("pt-br", "Brazilian Portuguese")]


@pytest.fixture
def rita(db: Any) -> Any:
    return make_staff("rita")


@pytest.fixture
def two_languages() -> Any:
    with override_settings(LANGUAGES=KNOWN[:2]):
        yield


def choose(client: Client, language: str) -> str:
    """Choose a language; return the page that follows."""
    return client.post(PAGE, {"language": language}, follow=True).content.decode()


@pytest.mark.usefixtures("two_languages")
def test_pages_are_in_the_chosen_language(client: Client, rita: Any) -> None:
    client.force_login(rita)
    assert 'lang="en"' in client.get(PAGE).content.decode()
    assert 'lang="de"' in choose(client, "de")
    assert 'lang="de"' in client.get("/console/", headers={"accept-language": "en"}).content.decode()
    assert 'lang="de"' in client.get("/messages/").content.decode()
    assert 'lang="en"' in choose(client, "")
    rita.refresh_from_db()
    assert rita.language is None


@pytest.mark.usefixtures("two_languages")
def test_the_browser_decides_the_language_without_a_choice(client: Client, rita: Any) -> None:
    client.force_login(rita)
    assert (
        'lang="de"' in client.get("/console/", headers={"accept-language": "fr, de;q=0.8, en;q=0.5"}).content.decode()
    )
    assert 'lang="en"' in client.get("/console/", headers={"accept-language": "fr"}).content.decode()


@pytest.mark.usefixtures("two_languages")
def test_participants_have_their_own_language_page(client: Client, rita: Any) -> None:
    rita.is_staff = False
    rita.save()
    client.force_login(rita)
    page = client.get("/messages/").content.decode()
    assert 'href="/language/"' in page
    assert 'lang="de"' in client.post("/language/", {"language": "de"}, follow=True).content.decode()


@pytest.mark.usefixtures("two_languages")
def test_a_language_that_is_not_offered_is_refused(client: Client, rita: Any) -> None:
    client.force_login(rita)
    assert "Select a valid choice" in choose(client, "fr")
    rita.refresh_from_db()
    assert rita.language is None


def test_a_single_language_is_not_offered(client: Client, rita: Any) -> None:
    client.force_login(rita)
    assert PAGE not in client.get("/console/").content.decode()
    assert "/language/" not in client.get("/messages/").content.decode()


def test_a_language_that_is_no_longer_offered_counts_as_none(rita: Any) -> None:
    rita.language = "de"
    assert language_of(rita) == ""
    with in_language_of(rita):
        assert gettext("Monday") == "Monday"


@pytest.mark.usefixtures("two_languages")
def test_texts_for_a_person_are_in_their_language(rita: Any) -> None:
    rita.language = "de"
    with in_language_of(rita):
        assert gettext("Monday") == "Montag"
    with in_language_of(None):
        assert gettext("Monday") == "Monday"


def test_languages_are_read_strictly(monkeypatch: Any) -> None:
    assert environment.languages("LANGUAGES", KNOWN) == [("en", "English")]
    monkeypatch.setenv("LANGUAGES", "pt-BR, de")
    assert environment.languages("LANGUAGES", KNOWN) == [("pt-br", "Brazilian Portuguese"), ("de", "German")]
    for nonsense in ("German", "en,en", "en,", "xx"):
        monkeypatch.setenv("LANGUAGES", nonsense)
        with pytest.raises(ImproperlyConfigured, match="LANGUAGES"):
            environment.languages("LANGUAGES", KNOWN)
