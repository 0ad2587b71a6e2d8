"""The results of a bench run: cells for the document, the origin of each, and failures that cannot be overlooked."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from bench import __main__ as command_line
from bench import databases, report, results, runs
from bench.__main__ import arguments, main
from bench.measure import Case, Figure

CASE = Case("page", "a page")
ROWS = Case("rows", "an import", rows=10)
FIGURES = {
    "ours": Figure(best=0.050, median=0.06, rounds=3, result=50, peak_mib=61.4),
    "vanilla": Figure(best=0.100),
    "raw": Figure(failure="—"),
    "small": Figure(best=0.040),
    "floor": Figure(best=0.025),
}
OF_ROWS = {way: figure._replace(result=50) for way, figure in FIGURES.items()}
FAILED = FIGURES | {"ours": Figure(failure="failed")}
BEFORE = results.Moment("2026-11-26 22:43 UTC", "abc1234", 0.5)
AFTER = BEFORE._replace(load=1.5)


def held(run: str = "first", *, before: results.Moment = BEFORE, after: results.Moment = AFTER) -> results.About:
    return results.about(run, "SQLite 3.40.1", {"messages": 1_000, "rows": 2_000}, before, after)


def one_case(case: Case = CASE, figures: dict[str, Figure] = OF_ROWS) -> dict[str, Any]:
    return {
        "row": report.row(case, figures, []),
        "case": case.label,
        "cells": report.cells(case, figures),
        "figures": {way: one._asdict() for way, one in figures.items()},
    }


def scenario(about: results.About, case: Case = CASE) -> dict[str, Any]:
    return {"about": about, "results": [one_case(case)]}


class TestCells:
    def test_cells_hold_figures_and_ratios(self) -> None:
        assert report.cells(CASE, FIGURES) == ["50.0 ms", "100.0 ms", "—", "1.25×", "2.00×", "61"]

    def test_cells_of_rows_are_speeds(self) -> None:
        assert report.cells(ROWS, OF_ROWS)[0] == "1,000 rows/s"


class TestTable:
    def test_the_table_has_a_row_for_each_case_and_columns_for_each_database(self) -> None:
        block = results.table(
            {"SQLite": {"lists": scenario(held())}, "PostgreSQL": {"imports": scenario(held(), ROWS)}}
        )
        assert "| a page | 50.0 ms | 100.0 ms |  | 1.25× | 2.00× | 61 |  |  |  |  |  |  |" in block.splitlines()

    def test_the_facts_of_one_run_are_stated_once(self) -> None:
        later = BEFORE._replace(load=2.5)
        scenarios = {"lists": scenario(held()), "imports": scenario(held(before=later, after=later), ROWS)}
        head, *rest = results.table({"SQLite": scenarios}).splitlines()
        assert head.startswith("SQLite: 2026-11-26 22:43 UTC, commit abc1234, load 0.5 to 2.5; 1,000 messages")
        assert "SQLite 3.40.1, Python" in head
        assert results.cpu_model() in head
        assert "measured" not in "\n".join(rest)

    @pytest.mark.parametrize(
        "other",
        [held("second"), held(before=BEFORE._replace(commit="def5678"), after=AFTER._replace(commit="def5678"))],
    )
    def test_each_row_of_several_runs_or_commits_names_its_source(self, other: results.About) -> None:
        block = results.table({"SQLite": {"lists": scenario(held()), "imports": scenario(other, ROWS)}})
        assert block.startswith("SQLite: several runs, each row says which; ")
        rows = [line for line in block.splitlines() if line.startswith(("| a page", "| an import"))]
        for row, about in zip(rows, (held(), other), strict=True):
            source = f"{about['date']}, {about['commit']}, load 0.5 to 1.5, 1,000 messages, 2,000 rows"
            assert row.endswith(f"| {source} |")

    def test_databases_of_different_runs_have_a_line_each(self) -> None:
        other = held("second", before=BEFORE._replace(commit="def5678"), after=AFTER._replace(commit="def5678"))
        found = {"SQLite": {"lists": scenario(held())}, "PostgreSQL": {"lists": scenario(other)}}
        first, second, *_ = results.table(found).splitlines()
        assert "commit abc1234" in first
        assert "commit def5678" in second

    def test_a_database_of_one_run_repeats_nothing_beside_one_of_several(self) -> None:
        several = {"lists": scenario(held()), "imports": scenario(held("second"), ROWS)}
        block = results.table({"SQLite": {"lists": scenario(held())}, "PostgreSQL": several})
        rows = [line for line in block.splitlines() if line.startswith("|")]
        assert rows[0].count("measured") == 1
        assert len({row.count("|") for row in rows}) == 1

    def test_a_commit_made_meanwhile_is_named(self) -> None:
        assert held(after=AFTER._replace(commit="def5678"))["commit"] == "abc1234 to def5678"

    def test_the_text_between_the_markers_is_replaced(self, tmp_path: Path) -> None:
        paper = tmp_path / "figures.md"
        paper.write_text(f"before\n{results.BEGIN}\nold\n{results.END}\nafter\n", encoding="utf-8")
        results.put_into(paper, "new")
        assert paper.read_text(encoding="utf-8") == f"before\n{results.BEGIN}\nnew\n{results.END}\nafter\n"

    def test_a_paper_without_markers_is_refused(self, tmp_path: Path) -> None:
        paper = tmp_path / "figures.md"
        paper.write_text("nothing", encoding="utf-8")
        with pytest.raises(results.NoFigures, match="no <!-- figures:begin -->"):
            results.put_into(paper, "new")
        assert paper.read_text(encoding="utf-8") == "nothing"


class TestKept:
    def kept(self, folder: Path) -> dict[str, Any]:
        return results.read(folder, ["lists", "imports"])["SQLite"]

    def test_a_scenario_replaces_its_own_results_only(self, tmp_path: Path) -> None:
        results.keep(tmp_path, "SQLite", "imports", held(), [one_case(ROWS)])
        results.keep(tmp_path, "SQLite", "lists", held(), [one_case()])
        results.keep(tmp_path, "SQLite", "imports", held("second"), [one_case(ROWS)])
        kept = self.kept(tmp_path)
        assert {name: one["about"]["run"] for name, one in kept.items()} == {"lists": "first", "imports": "second"}
        assert list(kept) == ["lists", "imports"]

    def test_a_failed_scenario_replaces_nothing(self, tmp_path: Path) -> None:
        results.keep(tmp_path, "SQLite", "lists", held(), [one_case()])
        results.keep(tmp_path, "SQLite", "lists", held("second"), [one_case(), one_case(CASE, FAILED)])
        assert self.kept(tmp_path)["lists"]["about"] == held()

    def test_without_results_the_sentence_says_what_to_do(self, tmp_path: Path) -> None:
        (tmp_path / "latest-sqlite.json").write_text('{"about": {}, "results": []}', encoding="utf-8")
        with pytest.raises(results.NoFigures, match="run “make bench” first"):
            results.read(tmp_path, ["lists"])

    def test_results_name_the_system_they_were_measured_on(self) -> None:
        about = held()
        assert about["database"] == "SQLite 3.40.1"
        assert about["cpu"]
        assert about["load"] == [0.5, 1.5]


class TestFailures:
    @pytest.fixture(autouse=True)
    def folder(self, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
        settings.VAR_DIR = tmp_path
        monkeypatch.setenv("BENCH_SMALL", "1")
        return tmp_path

    def test_a_failure_is_reported_in_a_line_and_a_log(self, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
        figure = runs.failed("lists, messages, ours", "Traceback\n  File …\nValueError: broken")
        log = tmp_path / "bench" / "logs" / "lists-messages-ours.log"
        assert figure.failure == "failed"
        assert capsys.readouterr().err == f"failed: lists, messages, ours: ValueError: broken (see {log})\n"
        assert log.read_text(encoding="utf-8").startswith("Traceback")

    def test_a_run_with_a_failure_exits_with_status_1(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
    ) -> None:
        monkeypatch.setattr(runs, "measured", lambda *_: [one_case(CASE, FAILED)])
        assert main(["lists", "--small", "--on", "sqlite"]) == 1
        assert "1 figure(s) could not be measured." in capsys.readouterr().err
        monkeypatch.setattr(runs, "measured", lambda *_: [one_case()])
        assert main(["lists", "--small", "--on", "sqlite"]) == 0

    def test_a_database_that_cannot_be_made_is_a_line_and_the_next_scenario_is_measured(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
    ) -> None:
        def broken(*_: Any) -> str:
            raise subprocess.CalledProcessError(1, "migrate", stderr="Traceback\nOperationalError: no room\n")

        monkeypatch.setattr(databases, "kept", broken)
        assert main(["threads", "lists", "deletion", "--small", "--on", "sqlite"]) == 1
        output = capsys.readouterr()
        for name in ("threads", "lists", "deletion"):
            assert f"failed: {name} on SQLite: OperationalError: no room (see " in output.err
            assert f"{name}  " in output.out
        assert "Traceback" not in output.err

    def test_a_failed_scenario_keeps_the_older_figures(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
    ) -> None:
        monkeypatch.setattr(runs, "measured", lambda *_: [one_case()])
        main(["lists", "threads", "--on", "sqlite"])
        before = (tmp_path / "bench" / "latest-sqlite.json").read_bytes()
        monkeypatch.setattr(runs, "measured", lambda *_: [one_case(CASE, FAILED)])
        main(["lists", "--on", "sqlite"])
        assert (tmp_path / "bench" / "latest-sqlite.json").read_bytes() == before
        assert "older figures of lists are kept" in capsys.readouterr().out

    def test_the_page_is_made_from_stored_results(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        paper = tmp_path / "figures.md"
        paper.write_text(f"{results.BEGIN}\n{results.END}\n", encoding="utf-8")
        monkeypatch.setattr(runs, "measured", lambda *_: [one_case()])
        main(["lists", "--on", "sqlite"])
        assert main(["--paper", str(paper)]) == 0
        assert "| a page | 50.0 ms |" in paper.read_text(encoding="utf-8")


@pytest.mark.parametrize("words", [["nonsense"], ["--messages", "999"], ["--passes", "0"]])
def test_invalid_arguments_are_refused_with_an_error(words: list[str], capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        arguments(words)
    assert "error:" in capsys.readouterr().err


def test_a_paper_is_made_without_measuring() -> None:
    assert arguments(["--paper", "other.md"]).readme
    assert arguments(["--readme"]).paper == command_line.PAPER


def test_every_page_is_measured_beside_an_empty_one() -> None:
    assert "floor" in runs.ways("lists", CASE)
    assert "floor" in runs.ways("recording", CASE)
    assert "floor" not in runs.ways("recording", ROWS)
