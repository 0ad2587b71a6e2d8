"""Moderators: how the console is served, how their times are reported, and imports whose failures show."""

from __future__ import annotations

import argparse
import os
import signal
from collections.abc import Sequence
from contextlib import nullcontext
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from bench import crowd, databases, importing, runs, serving
from bench.measure import Failed
from bench.scenarios import imports, moderators
from bench.scenarios.moderators import Span, running_imports, share
from ops.imports.models import Import

POSTGRESQL = "postgres://127.0.0.1/any"


class TestServedWith:
    def test_sqlite_is_served_with_the_commands_of_the_procfile(self) -> None:
        lines = serving.PROCFILE.read_text(encoding="utf-8").splitlines()
        web, worker, processes = serving.commands("sqlite:///any")
        assert processes == 1
        for command, line in ((web, lines[0]), (worker, lines[1])):
            words = [word for word in line.split()[1:] if not word.startswith("${HOST")]
            assert [word for word in command.split() if not word.startswith("127.0.0.1")] == words

    def test_postgresql_is_served_as_docs_deploying_says(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:6379/9")
        web, worker, processes = serving.commands(POSTGRESQL)
        paper = serving.DEPLOYING.read_text(encoding="utf-8")
        assert f"WEB_CONCURRENCY={processes}\n" in paper
        assert worker == "exec python manage.py work --processes 2"
        assert web == "exec gunicorn --config python:ops.serving.gunicorn --bind 127.0.0.1:$PORT ops.wsgi"
        assert serving.in_words(POSTGRESQL) == f"{processes} web processes, Redis"

    def test_postgresql_without_redis_is_served_by_one_process_and_says_so(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("REDIS_URL", raising=False)
        assert serving.commands(POSTGRESQL).web_processes == 1
        assert serving.in_words(POSTGRESQL) == "1 web process, since REDIS_URL is not set"

    def test_a_page_without_a_command_fails_with_a_sentence(self) -> None:
        with pytest.raises(Failed, match=r"docs/deploying\.md shows no command with gunicorn\."):
            serving.from_paper("nothing")

    @pytest.mark.parametrize("url", ["sqlite:///any", POSTGRESQL])
    def test_both_databases_are_measured_without_debug(self, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SECRET_KEY_FILE", "/nowhere")
        environment = databases.environment(url)
        assert environment["DEBUG"] == "false"
        assert "SECRET_KEY_FILE" not in environment

    def test_a_process_that_ignores_termination_is_killed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(serving, "END_SECONDS", 0.1)
        output = tmp_path / "told.txt"
        with output.open("wb") as file:
            stubborn = serving.start(["sh", "-c", "trap '' TERM; echo; while :; do sleep 60; done"], {}, None, file)
        while not output.stat().st_size and stubborn.poll() is None:
            pass
        serving.end([stubborn])
        assert stubborn.returncode == -signal.SIGKILL

    def test_the_failure_contains_the_output_of_the_server(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        broken = serving.Commands("echo 'no such module' >&2; exit 3", "exec sleep 60")
        monkeypatch.setattr(serving, "commands", lambda url: broken)
        with (
            pytest.raises(Failed, match=r"no such module\n\nThe web server or the worker ended by itself\."),
            serving.served("sqlite:///any", tmp_path / "served"),
        ):
            pass
        assert not (tmp_path / "served").exists()


class TestTimes:
    def test_the_slowest_of_few_pages_is_shown(self) -> None:
        assert crowd.in_words([0.010] * 97 + [0.5, 1.25]) == "10 / 10 / 1,250 (slowest of 99)"

    def test_the_99th_percentile_of_many_pages_is_shown(self) -> None:
        assert crowd.in_words([0.010] * 990 + [0.5] * 10) == "10 / 10 / 500 (99 % of 1000)"
        assert crowd.in_words([0.010] * 98 + [0.5, 9.0]) == "10 / 10 / 9,000 (99 % of 100)"

    def test_every_kind_of_page_has_the_floor_beside_it(self) -> None:
        times = crowd.Times({moderators.FLOOR: [0.01], "overview": [0.02], "message": [0.03]}, 0.0, 1.0)
        rows = moderators.rows_of("20 moderators", times, "1 web process")
        labels = {case.label: figures.get("floor") for case, figures, _ in rows}
        assert [label for label, floor in labels.items() if floor] == [
            "20 moderators, all other pages",
            "20 moderators, overview",
            "20 moderators, message",
        ]

    @pytest.mark.parametrize(
        ("spans", "part"),
        [
            ([], 0.0),
            ([Span(0, 20)], 1.0),
            ([Span(8, 12), Span(15, 16)], 0.3),
            ([Span(18)], 0.2),
            ([Span(1, 5), Span(21)], 0.0),
        ],
    )
    def test_the_share_is_the_part_of_the_time_that_imports_cover(self, spans: Sequence[Span], part: float) -> None:
        assert share(spans, 10.0, 20.0) == pytest.approx(part)


class TestImports:
    def going_on(self, folder: Path, script: str) -> Any:
        return running_imports(Path("any.csv"), "anybody", os.environ, folder, ("sh", "-c", script))

    def test_the_output_is_parsed_into_spans(self, tmp_path: Path) -> None:
        script = "echo began 1; echo ended 3 8000; echo began 4; exec sleep 60"
        with self.going_on(tmp_path, script) as going_on:
            going_on.wait_for("began 4")
            assert going_on.so_far() == [Span(1, 3), Span(4)]

    @pytest.mark.parametrize("script", ["", "echo began 1; "])
    def test_a_failure_ends_the_measurement_with_the_last_line_of_its_output(self, tmp_path: Path, script: str) -> None:
        script += "echo 'Traceback' >&2; echo 'the database is gone' >&2; exit 1"
        with pytest.raises(Failed) as failure, self.going_on(tmp_path, script) as going_on:
            going_on.process.wait()
        assert str(failure.value).splitlines()[-1] == "the database is gone"

    def test_a_failure_of_the_crowd_is_a_line_and_a_failed_scenario(
        self, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
    ) -> None:
        def broken(*_: Any) -> Any:
            raise Failed("Traceback\nthe database is gone")

        settings.VAR_DIR = tmp_path
        monkeypatch.setattr(moderators, "measure", broken)
        monkeypatch.setattr(runs, "imported_file", lambda rows: tmp_path)
        monkeypatch.setattr(databases, "copied", lambda *_: nullcontext(POSTGRESQL))
        asked = argparse.Namespace(small=True, messages=1_000, rows=1_000)
        found = runs.over_http(databases.Sqlite(tmp_path), asked)
        assert {one["figures"]["ours"]["failure"] for one in found} == {"failed"}
        assert "moderators during imports on SQLite: the database is gone (see" in capsys.readouterr().err


@pytest.mark.django_db(transaction=True)
class TestImporting:
    def test_each_turn_stores_all_rows_again(
        self, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
    ) -> None:
        settings.VAR_DIR, settings.PRIVATE_DIR = tmp_path, tmp_path / "private"
        get_user_model().objects.create_superuser("moderator 0")
        path = tmp_path / "rows.csv"
        imports.write_csv(100, path)
        first_turns = importing.fresh
        monkeypatch.setattr(importing, "fresh", lambda content: islice(first_turns(content), 2))
        importing.keep_importing(path, "moderator 0")
        assert [one.outcome["messages"] for one in Import.objects.all()] == [100, 100]
        lines = [line.split() for line in capsys.readouterr().out.splitlines()]
        assert [line[0] for line in lines] == ["began", "ended", "began", "ended"]
        assert lines[1][2] == "100"

    def test_an_import_that_stores_less_ends_the_process_with_a_sentence(
        self, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.VAR_DIR, settings.PRIVATE_DIR = tmp_path, tmp_path / "private"
        get_user_model().objects.create_superuser("moderator 0")
        path = tmp_path / "rows.csv"
        imports.write_csv(100, path)
        monkeypatch.setattr(importing, "fresh", lambda content: [content, content])
        with pytest.raises(SystemExit, match=r"An import of 100 rows stored 0 and ended as finished\."):
            importing.keep_importing(path, "moderator 0")
