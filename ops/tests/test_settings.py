"""A wrong setting stops the start with one sentence; production requires the settings that it cannot do without."""

from __future__ import annotations

import os
import subprocess
import sys
from ast import literal_eval
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.checks import run_checks

KEY = "a-key-of-our-own-" + "0123456789" * 4
PRODUCTION = {
    "SECRET_KEY": KEY,
    "ALLOWED_HOSTS": "console.example.org",
    "REDIS_URL": "redis://cache.example.org:6379/0",
}


def start(tmp_path: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Start Threadward with these variables and no others of its own."""
    return python(tmp_path, "manage.py", *(command or ("check",)), **variables)


def python(tmp_path: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    path = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=settings.BASE_DIR,
        env={**path, "VAR_DIR": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1", "ENV_FILE": os.devnull, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_project_starts_without_any_variable(tmp_path: Path) -> None:
    started = start(tmp_path)
    assert (started.returncode, started.stderr) == (0, "")


def test_production_does_not_start_with_the_development_key(tmp_path: Path) -> None:
    started = start(tmp_path, DEBUG="false", ALLOWED_HOSTS="console.example.org")
    assert started.returncode == 1
    assert started.stderr == (
        "Threadward cannot start. Production does not start with the development key: set the environment variable "
        "SECRET_KEY to a long random text (python -c 'import secrets; print(secrets.token_urlsafe(64))'), or "
        "DEBUG=true on your own machine.\n"
    )


def test_a_key_of_ones_own_means_production_which_asks_for_its_hosts(tmp_path: Path) -> None:
    started = start(tmp_path, SECRET_KEY=KEY)
    assert started.returncode == 1
    assert started.stderr == (
        "Threadward cannot start. Production needs the environment variable ALLOWED_HOSTS: the host names of the "
        "console, separated by commas.\n"
    )


def test_a_short_key_is_refused_without_being_shown(tmp_path: Path) -> None:
    started = start(tmp_path, SECRET_KEY="rosinante", ALLOWED_HOSTS="console.example.org")
    assert started.returncode == 1
    assert started.stderr == (
        "Threadward cannot start. The environment variable SECRET_KEY is '9 characters long'; it should be at least 50 "
        "random characters.\n"
    )


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("DEBUG", "perhaps", "The environment variable DEBUG is 'perhaps'; it should be true or false."),
        (
            "WEB_CONCURRENCY",
            "0",
            "The environment variable WEB_CONCURRENCY is '0'; it should be a whole number, 1 or more.",
        ),
        (
            "TIME_ZONE",
            "Berlin",
            "The environment variable TIME_ZONE is 'Berlin'; it should be a name of the IANA time zone list, such as "
            "Europe/Berlin.",
        ),
        (
            "LOG_LEVEL",
            "loud",
            "The environment variable LOG_LEVEL is 'LOUD'; it should be one of DEBUG, INFO, WARNING, ERROR.",
        ),
    ],
)
def test_nonsense_stops_the_start_with_one_sentence(tmp_path: Path, name: str, value: str, sentence: str) -> None:
    started = start(tmp_path, **{name: value})
    assert started.returncode == 1
    assert started.stderr == f"Threadward cannot start. {sentence}\n"


def test_production_settings_pass_the_deployment_checks(tmp_path: Path) -> None:
    checked = start(tmp_path, "check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert (checked.returncode, checked.stderr) == (0, "")
    assert checked.stdout == "System check identified no issues (1 silenced).\n"


def loaded(tmp_path: Path, *names: str, **variables: str) -> list[Any]:
    """Return the values of these settings when Threadward starts with these variables, without loading its apps."""
    asked = f"from django.conf import settings; print([getattr(settings, name) for name in {names}])"
    run = python(tmp_path, "-c", asked, DJANGO_SETTINGS_MODULE="ops.settings", **variables)
    found: list[Any] = literal_eval(run.stdout)
    return found


def test_several_processes_without_a_shared_cache_are_warned_of(tmp_path: Path, settings: Any) -> None:
    names = ("CACHES", "WEB_CONCURRENCY")
    found = loaded(tmp_path, *names, **{**PRODUCTION, "REDIS_URL": "", "WEB_CONCURRENCY": "3"})
    settings.CACHES, settings.WEB_CONCURRENCY = found
    warned = run_checks(tags=["caches"], include_deployment_checks=True)
    assert "ops.W001" in {one.id for one in warned}


def test_a_file_of_variables_is_read_in_development_and_the_environment_wins(tmp_path: Path) -> None:
    (tmp_path / "variables").write_text("SESSION_HOURS=3\nSESSION_IDLE_MINUTES=7\n")
    variables = {"ENV_FILE": str(tmp_path / "variables"), "SESSION_IDLE_MINUTES": "9"}
    assert loaded(tmp_path, "SESSION_HOURS", "SESSION_IDLE_MINUTES", **variables) == [3, 9]
    assert loaded(tmp_path, "SESSION_HOURS", **variables, **PRODUCTION) == [12]


def test_a_secret_may_come_from_a_file_which_means_production_too(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    variables = {**PRODUCTION, "SECRET_KEY": "", "SECRET_KEY_FILE": str(tmp_path / "key")}
    assert loaded(tmp_path, "SECRET_KEY", "DEBUG", **variables) == [KEY, False]


def test_the_content_security_policy_takes_extra_sources(tmp_path: Path) -> None:
    extra = {"CSP_IMG_SRC": "https://img.example.org", "CSP_FONT_SRC": "https://fonts.example.org, data:"}
    [policy] = loaded(tmp_path, "SECURE_CSP", **extra)
    assert policy["img-src"] == ["'self'", "data:", "https://img.example.org"]
    assert policy["font-src"] == ["'self'", "https://fonts.example.org", "data:"]
    assert policy["script-src"] == ["'self'"]
