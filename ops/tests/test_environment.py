"""Environment variables are read strictly: an invalid value is refused with a sentence that states what to write."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from ops import environment

Read = Callable[..., Any]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a function that sets the variable THING."""
    return lambda value: monkeypatch.setenv("THING", value)


def refusal(read: Read, *args: Any, **options: Any) -> str:
    with pytest.raises(ImproperlyConfigured) as caught:
        read("THING", *args, **options)
    return str(caught.value)


def test_an_unset_or_blank_variable_has_its_default(written: Any, tmp_path: Path) -> None:
    for value in ("", "   "):
        written(value)
        assert environment.text("THING", "default") == "default"
        assert environment.flag("THING", default=True) is True
        assert environment.number("THING", default=7) == 7
        assert environment.names("THING", default=["localhost"]) == ["localhost"]
        assert environment.origins("THING") == []
        assert environment.redis("THING") == ""
        assert environment.choice("THING", "INFO", ("DEBUG", "INFO")) == "INFO"
        assert environment.folder("THING", default=tmp_path / "new") == tmp_path / "new"
        assert environment.database("THING", default=tmp_path / "db.sqlite3")["NAME"] == str(tmp_path / "db.sqlite3")


@pytest.mark.parametrize(("value", "meaning"), [("true", True), ("Yes", True), ("1", True), ("OFF", False)])
def test_a_flag_is_written_in_any_usual_way(written: Any, value: str, meaning: bool) -> None:
    written(value)
    assert environment.flag("THING", default=not meaning) is meaning


def test_a_flag_is_not_guessed(written: Any) -> None:
    written("ture")
    assert refusal(environment.flag, False) == "The environment variable THING is 'ture'; it should be true or false."


@pytest.mark.parametrize("value", ["0", "-1", "2.5", "1e3", "many", "²", "٣"])
def test_a_number_is_whole_and_large_enough(written: Any, value: str) -> None:
    written(value)
    assert refusal(environment.number, 1, least=1) == (
        f"The environment variable THING is {value!r}; it should be a whole number, 1 or more."
    )


HOURS = {"soon": timedelta(hours=1), "later": timedelta(hours=8)}


def test_lengths_of_time_have_names_and_others_keep_their_default(written: Any) -> None:
    for value, meaning in {
        "": HOURS,
        "soon=15m": {"soon": timedelta(minutes=15), "later": timedelta(hours=8)},
        "later=2d soon=8h": {"soon": timedelta(hours=8), "later": timedelta(days=2)},
    }.items():
        written(value)
        assert environment.durations("THING", default=HOURS) == meaning


@pytest.mark.parametrize(
    "value",
    [
        "soon",
        "soon=1",
        "soon=0m",
        "soon=1.5h",
        "soon=-1h",
        "soon=1w",
        "never=1h",
        "soon=1h soon=2h",
        "soon=9h",
        "soon=²h",
    ],
)
def test_other_lengths_and_a_wrong_order_are_refused(written: Any, value: str) -> None:
    written(value)
    assert refusal(environment.durations, HOURS) == (
        f"The environment variable THING is {value!r}; it should be lengths of time such as soon=2h later=2h, in m, h "
        "or d, the shortest first."
    )


def test_host_names_are_taken_apart_at_commas(written: Any) -> None:
    written(" console.example.org, .example.net ,10.0.0.5,[::1],")
    assert environment.names("THING", default=[]) == ["console.example.org", ".example.net", "10.0.0.5", "[::1]"]


@pytest.mark.parametrize("value", ["https://example.org", "example.org/console", "a.org b.org", "example.org:8000"])
def test_a_host_name_has_no_scheme_path_blank_or_port(written: Any, value: str) -> None:
    written(f"fine.example.org,{value}")
    assert refusal(environment.names, []) == (
        f"The environment variable THING is {value!r}; it should be host names separated by commas, such as "
        "console.example.org,10.0.0.5."
    )


def test_origins_are_taken_apart_at_commas(written: Any) -> None:
    written("https://console.example.org, http://localhost:8000")
    assert environment.origins("THING") == ["https://console.example.org", "http://localhost:8000"]


@pytest.mark.parametrize(
    "value", ["console.example.org", "ftp://a.org", "https://", "https://a.org/", "https://a.org:port", "https://[::1"]
)
def test_an_origin_is_a_scheme_and_a_host_and_nothing_more(written: Any, value: str) -> None:
    written(value)
    assert refusal(environment.origins) == (
        f"The environment variable THING is {value!r}; it should be origins separated by commas, such as "
        "https://console.example.org."
    )


def test_a_database_url_names_postgresql_or_a_file(written: Any, tmp_path: Path) -> None:
    written("postgres://maren:s%40fe@db.example.org:5433/threadward")
    entry = environment.database("THING", default=tmp_path)
    assert (entry["ENGINE"], entry["NAME"], entry["PORT"]) == ("django.db.backends.postgresql", "threadward", 5433)
    assert entry["PASSWORD"] == "s@fe"
    written("sqlite:////srv/threadward.sqlite3")
    assert environment.database("THING", default=tmp_path)["NAME"] == "/srv/threadward.sqlite3"


@pytest.mark.parametrize(
    "value",
    ["mysql://localhost/x", "threadward.sqlite3", "postgres://localhost", "postgres://h:port/x", "postgres://[::1/x"],
)
def test_another_database_is_refused(written: Any, value: str, tmp_path: Path) -> None:
    written(value)
    assert refusal(environment.database, tmp_path) == (
        f"The environment variable THING is {value!r}; it should be postgres://user:password@host:5432/name or "
        "sqlite:////absolute/path.sqlite3."
    )


def test_a_refused_url_does_not_show_its_password(written: Any, tmp_path: Path) -> None:
    written("mysql://maren:rosinante@db/threadward")
    assert "'mysql://maren:…@db/threadward'" in refusal(environment.database, tmp_path)


@pytest.mark.parametrize(
    "value", ["redis://127.0.0.1:6379/0", "rediss://:secret@cache:6380/1", "unix:///run/redis.sock"]
)
def test_redis_has_three_kinds_of_urls(written: Any, value: str) -> None:
    written(value)
    assert environment.redis("THING") == value


@pytest.mark.parametrize("value", ["localhost:6379", "http://127.0.0.1:6379", "redis://host:port/0"])
def test_other_redis_urls_are_refused(written: Any, value: str) -> None:
    written(value)
    assert refusal(environment.redis) == (
        f"The environment variable THING is {value!r}; it should be redis://host:6379/0, rediss://… or unix://…."
    )


def test_a_choice_is_one_of_those_offered_in_any_case(written: Any) -> None:
    written("debug")
    assert environment.choice("THING", "INFO", ("DEBUG", "INFO")) == "DEBUG"
    written("loud")
    assert refusal(environment.choice, "INFO", ("DEBUG", "INFO")) == (
        "The environment variable THING is 'LOUD'; it should be one of DEBUG, INFO."
    )


def test_a_folder_is_made_or_refused(written: Any, tmp_path: Path) -> None:
    written(str(tmp_path / "deep" / "var"))
    assert environment.folder("THING", default=tmp_path).is_dir()
    (tmp_path / "file").touch()
    written(str(tmp_path / "file"))
    assert refusal(environment.folder, tmp_path) == (
        f"The environment variable THING is {str(tmp_path / 'file')!r}; it should be a folder that Threadward may "
        "write to."
    )


def test_a_value_may_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("  from the file\n")
    monkeypatch.setenv("THING_FILE", str(tmp_path / "secret"))
    assert environment.text("THING", "default") == "from the file"


def test_an_empty_name_of_a_file_counts_as_unset(written: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    written(" a value ")
    monkeypatch.setenv("THING_FILE", "  ")
    assert environment.text("THING") == "a value"


def test_a_value_and_a_file_for_the_same_variable_are_refused(written: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    written("a value")
    monkeypatch.setenv("THING_FILE", "/run/secrets/thing")
    assert refusal(environment.text) == (
        "The environment variables THING and THING_FILE are both set: keep one of them."
    )


@pytest.mark.parametrize("name", ["nowhere", "folder", "picture", "x" * 300])
def test_a_file_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "picture").write_bytes(b"\xff\xd8\xff\x00")
    monkeypatch.setenv("THING_FILE", str(tmp_path / name))
    assert refusal(environment.text) == (
        "The environment variable THING_FILE should be the path of a file of text that Threadward may read; "
        "what it holds is none."
    )


def test_sources_are_origins_hashes_and_harmless_schemes(written: Any) -> None:
    hashed = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
    written(f"https://cdn.example.org https://*.example.net:8443, data: {hashed}")
    assert environment.sources("THING") == [
        "https://cdn.example.org", "https://*.example.net:8443", "data:", hashed
    ]  # fmt: skip


@pytest.mark.parametrize(
    "value", ["'unsafe-inline'", "'unsafe-eval'", "*", "https:", "cdn.example.org", "data:", "https://a.org;x"]
)
def test_no_source_switches_the_policy_for_scripts_off(written: Any, value: str) -> None:
    written(value)
    assert refusal(environment.sources, scripts=True) == (
        f"The environment variable THING is {value!r}; it should be origins such as https://cdn.example.org or hashes, "
        "separated by blanks."
    )


def test_a_secret_is_long_enough_and_is_not_repeated(written: Any) -> None:
    written("a" * 32)
    assert environment.secret("THING", least=32) == "a" * 32
    for value in ("a" * 31, f"{'a' * 16} {'a' * 16}", "é" * 32):
        written(value)
        message = refusal(environment.secret, least=32)
        assert "at least 32 ASCII characters" in message and value not in message


def test_the_address_of_the_console_is_one_origin(written: Any) -> None:
    assert environment.origin("THING", "https://a.example.org") == "https://a.example.org"
    written("https://console.example.org:8443")
    assert environment.origin("THING", "") == "https://console.example.org:8443"
    for value in ("console.example.org", "https://", "https://console.example.org/", "ftp://console.example.org"):
        written(value)
        refusal(environment.origin, "")


@pytest.mark.parametrize(
    ("hosts", "https", "expected"),
    [
        (["*", ".example.org", "console.example.org", "10.0.0.5"], True, "https://console.example.org"),
        (["10.0.0.5"], False, "http://10.0.0.5"),
        (["*"], True, ""),
    ],
)
def test_the_first_host_is_the_default_origin(hosts: list[str], https: bool, expected: str) -> None:
    assert environment.site(hosts, https=https, debug=False) == expected


def test_a_mail_server_is_a_url(written: Any) -> None:
    assert environment.mail("THING").host == ""
    written("smtp://us%40er:pass%3Aword@mail.example.org")
    assert environment.mail("THING") == ("mail.example.org", 587, "us@er", "pass:word", True, False)
    written("smtp+plain://localhost:1025")
    assert environment.mail("THING") == ("localhost", 1025, "", "", False, False)
    for value in ("mail.example.org", "smtp://", "http://mail.example.org", "smtp://a:secret@b/c", "smtp://a:b@c:x"):
        written(value)
        message = refusal(environment.mail)
        assert "smtps://user:password@host:465" in message and "secret" not in message
