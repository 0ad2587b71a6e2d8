"""The dashboards in other languages: every text is marked for translation, and none is cached for another language."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone, translation

from messaging.models import Message
from messaging.tests.pseudo import ACCENTED, pseudo, speaking
from ops.accounts.models import User
from ops.dashboard.boards.board import BoardRequest
from ops.dashboard.boards.boards import BOARDS
from ops.dashboard.digest import sending
from ops.dashboard.models import DigestReader
from ops.dashboard.periods import Period
from ops.dashboard.tests.next_digest import next_digest
from ops.imports.models import Import
from ops.jobs.models import Job
from ops.moderation.models import Flag, Label
from ops.moderation.tests.desk import decided, many_reports, spam
from ops.tests.asking import make_staff, signed_in
from ops.tests.test_home import much_happens

__all__ = ["spam"]

pytestmark = [pytest.mark.django_db, pytest.mark.crawl]

MARKED = re.compile(r"⟦[^⟦⟧]*⟧")
READ = re.compile(r'(?:title|alt|placeholder|aria-label)="([^"]*)"')
NOT_READ = re.compile(r'<(script|style|code)\b.*?</\1>|<(\w+)[^>]* translate="no"[^>]*>.*?</\2>|<!--.*?-->', re.DOTALL)
WORD = re.compile(r"[^\W\d_]{2,}")


def not_marked(text: str, names: set[str]) -> list[str]:
    """Return the words of a text that gettext did not translate, except these names."""
    if text.strip() in names:
        return []
    text = text.replace("UTC", "")  # the console's zone
    while MARKED.search(text):
        text = MARKED.sub("", text)
    return WORD.findall(text)


def names() -> set[str]:
    """Return the names that are stored or set up, which no translation changes."""
    people = User.objects.values_list("username", flat=True)
    kinds = Job.objects.values_list("kind", flat=True)
    return {*people, *kinds, *Label.objects.values_list("name", flat=True)}


def texts(page: str) -> list[str]:
    """Return the texts that people read on a page, from its heading to its footer."""
    content = NOT_READ.sub("", page[page.index("<h1") : page.index("<footer")])
    return [unescape(one) for one in (*READ.findall(content), *re.split(r"<[^>]*>", content)) if one.strip()]


def much_is_there(label: Any) -> None:
    """Store something for every table and chart."""
    rosa = User.objects.get(username="rosa")
    for kind, state in (("import.store", Job.State.FAILED), ("export", Job.State.RUNNING)):
        Job.objects.create(kind=kind, title="a job", requester=rosa, state=state)
    Import.objects.create(by=rosa, file_name="a.csv", size=1)
    for number in range(2):
        much_happens(number, by=rosa)
    for case in many_reports(label, 4)[:2]:
        decided(case, rosa, Flag.objects.filter(case=case).get().label)
    Message.objects.update(timestamp=timezone.now() - timedelta(minutes=1))
    call_command("keep_figures", verbosity=0)
    cache.clear()


@pytest.fixture
def rosa() -> Client:
    make_staff("rosa")
    return signed_in("rosa")


@pytest.mark.once
@pytest.mark.parametrize("full", [False, True])
def test_every_text_of_a_dashboard_is_marked(full: bool, rosa: Client, spam: Any) -> None:
    if full:
        much_is_there(spam)
    with speaking(ACCENTED):
        for board in BOARDS:
            every_text_is_marked(board, rosa)


def every_text_is_marked(board: Any, rosa: Client) -> None:
    address, known = reverse(f"admin:{board.address}"), names()
    for query in ("?days=7", "?from=2026-01-02&to=2026-01-01", "?from=2001-01-01&to=2009-12-31"):
        page = rosa.get(f"{address}{query}").content.decode()
        assert "⟦" in page
        assert [text for text in texts(page) if not_marked(text, known)] == [], query
    for table in ("numbers", *(table.name for table in rosa.get(address).context["kept"].value.tables)):
        file: Any = rosa.get(f"{reverse(f'admin:{board.address}_csv', args=[table])}?days=7")
        cells = [cell for row in csv.reader(io.StringIO(file.content.decode())) for cell in row]
        assert cells and [cell for cell in cells if not_marked(cell, known)] == [], table


def test_each_reader_sees_a_dashboard_in_their_language(rosa: Client, spam: Any) -> None:
    """Both languages share one cache."""
    much_is_there(spam)
    address = reverse("admin:dashboard_review")
    with speaking(ACCENTED):
        assert pseudo("pending cases") in rosa.get(address).content.decode()
        assert pseudo("pending cases") in rosa.get(reverse("admin:dashboard_home")).content.decode()
    shown = rosa.get(address).content.decode()
    assert "pending cases" in shown and "⟦" not in shown


def test_the_output_of_the_command_is_english(rosa: Client, spam: Any) -> None:
    much_is_there(spam)

    def printed(*options: str) -> str:
        out = io.StringIO()
        call_command("dashboard", *options, stdout=out)
        return out.getvalue()

    with speaking(ACCENTED):
        found = printed("--json", "--days", "7")
        assert "⟦" not in found + printed("--days", "7")
    assert json.loads(found)["boards"]["review"]["tables"]["sources"]["columns"] == ["Source", "Reports"]


@override_settings(SENDS_EMAIL=True)
def test_the_digest_is_in_the_language_of_its_reader(spam: Any) -> None:
    lena = make_staff("lena")
    lena.email = "lena@example.org"
    lena.save()
    DigestReader.objects.create(person=lena, chosen_at=timezone.now() - timedelta(days=30))
    decided(many_reports(spam, 1)[0], lena, spam)
    with speaking(ACCENTED), translation.override("en"):
        assert sending.send_due(next_digest()) == 1
    [sent] = mail.outbox
    about = sent.subject.partition(": ")[2]
    known = names()
    assert [line for line in (about, *sent.body.splitlines()) if not_marked(line, known)] == []


def test_cached_content_contains_no_lazy_text(rosa: Client, spam: Any) -> None:
    """Cached texts are in the language of their computation; a lazy text would be in the language of each reader."""
    much_is_there(spam)
    for board in BOARDS:
        content = board.compute(BoardRequest(Period.of_days(7), True, timezone.now()))
        tables = [(table.title, table.note, table.empty, *table.columns) for table in content.tables]
        charts = [
            (chart.title, chart.places, *chart.labels, *(one.name for one in chart.series)) for chart in content.charts
        ]
        number_texts = [(number.words, number.row, number.note) for number in content.numbers]
        cells = [tuple(cell.text for row in table.rows for cell in row) for table in content.tables]
        assert {type(text) for part in (*tables, *charts, *number_texts, *cells) for text in part} == {str}
