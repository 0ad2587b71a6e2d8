"""What a run of the bench says: cells for the papers, and failures that nobody overlooks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench import report, results
from bench.__main__ import arguments, failed, main
from bench.measure import Case, Figure

CASE = Case("page", "a page")
ROWS = Case("rows", "an import", rows=10)
FIGURES = {
    "ours": Figure(best=0.050, median=0.06, rounds=3, result=50, peak_mib=61.4),
    "vanilla": Figure(best=0.100),
    "raw": Figure(failure="—"),
    "small": Figure(best=0.040),
}
OF_ROWS = {way: figure._replace(result=50) for way, figure in FIGURES.items()}


def a_run(case: Case = CASE) -> dict[str, object]:
    about = results.about_the_run(1_000, 2_000, 0.5)
    return {"about": about, "results": [{"case": case.label, "cells": report.cells(case, OF_ROWS)}]}


def test_cells_hold_figures_and_ratios() -> None:
    assert report.cells(CASE, FIGURES) == ["50.0 ms", "100.0 ms", "—", "1.25×", "", "61"]


def test_cells_of_rows_are_speeds() -> None:
    assert report.cells(ROWS, OF_ROWS)[0] == "1,000 rows/s"


def test_the_table_has_a_row_for_each_case_and_a_column_for_each_database() -> None:
    block = results.table({"SQLite": a_run(), "PostgreSQL": a_run(ROWS)})
    assert "| a page | 50.0 ms | 100.0 ms |  | 1.25× |  | 61 |  |  |  |  |  |  |" in block.splitlines()
    assert "1,000 messages, 2,000 imported rows" in block


def test_the_table_replaces_what_stands_between_the_markers(tmp_path: Path) -> None:
    paper = tmp_path / "figures.md"
    paper.write_text(f"before\n{results.BEGIN}\nold\n{results.END}\nafter\n", encoding="utf-8")
    results.put_into(paper, "new")
    assert paper.read_text(encoding="utf-8") == f"before\n{results.BEGIN}\nnew\n{results.END}\nafter\n"


def test_a_paper_without_markers_is_refused(tmp_path: Path) -> None:
    paper = tmp_path / "figures.md"
    paper.write_text("nothing", encoding="utf-8")
    with pytest.raises(results.NoFigures, match="no <!-- figures:begin -->"):
        results.put_into(paper, "new")
    assert paper.read_text(encoding="utf-8") == "nothing"


def test_written_results_are_read_again(tmp_path: Path) -> None:
    results.write(tmp_path, "SQLite", {"date": "today"}, [{"case": "a page"}])
    assert results.read(tmp_path) == {"SQLite": {"about": {"date": "today"}, "results": [{"case": "a page"}]}}
    with pytest.raises(results.NoFigures, match="run “make bench” first"):
        results.read(tmp_path / "nowhere")


def test_a_failure_is_one_line_and_a_log(tmp_path: Path, settings: Any, capsys: pytest.CaptureFixture) -> None:
    settings.VAR_DIR = tmp_path
    figure = failed("lists, messages, ours", "Traceback\n  File …\nValueError: broken")
    log = tmp_path / "bench" / "logs" / "lists-messages-ours.log"
    assert figure.failure == "failed"
    assert capsys.readouterr().err == f"failed: lists, messages, ours: ValueError: broken (see {log})\n"
    assert log.read_text(encoding="utf-8").startswith("Traceback")


def test_a_run_that_failed_ends_with_status_1(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    settings.VAR_DIR = tmp_path
    monkeypatch.setenv("BENCH_SMALL", "1")
    monkeypatch.setattr("bench.__main__.measured_on", lambda server, asked: one_case(Figure(failure="failed")))
    assert main(["--small", "--on", "sqlite"]) == 1
    assert "1 figure(s) could not be measured." in capsys.readouterr().err
    monkeypatch.setattr("bench.__main__.measured_on", lambda server, asked: one_case(Figure(best=1.0)))
    assert main(["--small", "--on", "sqlite"]) == 0


def one_case(ours: Figure) -> list[dict[str, object]]:
    figures = FIGURES | {"ours": ours}
    return [
        {
            "row": report.row(CASE, figures, []),
            "cells": report.cells(CASE, figures),
            "figures": {way: one._asdict() for way, one in figures.items()},
        }
    ]


@pytest.mark.parametrize("words", [["nonsense"], ["--messages", "999"], ["--passes", "0"]])
def test_what_makes_no_sense_is_refused_with_a_sentence(words: list[str], capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        arguments(words)
    assert "error:" in capsys.readouterr().err
