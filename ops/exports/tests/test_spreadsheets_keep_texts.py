"""What the console exports comes in again without a lost or changed text after LibreOffice opened and saved it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from messaging.models import Message
from messaging.tests.cast import make_user
from messaging.tests.conversations import START, write
from ops.exports.models import Export
from ops.exports.tests.exporting import exported, make_exporter
from ops.exports.tests.test_round_trip import TRICKY, bring, empty
from ops.imports.tests.files import SHARED

pytestmark = pytest.mark.spreadsheets

LOCALES = {"en-US": ",", "de-DE": ";"}  # each with what separates the values of its CSV files
# All ways for the format to work with; CSV, in which the language changes nothing of our texts, takes each once.
WAYS = {
    Export.Format.XLSX: [(locale, target) for locale in LOCALES for target in ("csv", "ods", "xlsx")],
    Export.Format.CSV: [("de-DE", "csv"), ("en-US", "ods"), ("de-DE", "xlsx")],
}
PROFILE = """\
<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry"><item oor:path="/org.openoffice.Setup/L10N">
<prop oor:name="ooSetupSystemLocale" oor:op="fuse"><value>{}</value></prop></item></oor:items>
"""
UTF_8 = 76  # as LibreOffice counts encodings
SECONDS = 60  # that one conversion may take
# What LibreOffice itself does not keep: most line ends become line feeds, XML (and so ODS) has no control characters,
# and in a workbook an escape that looks like an escaped one is written like that one.
LINE_END = re.compile("\r\n?")
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
ESCAPED_TWICE = "_x005F_x0041_"
NAUGHTY = SHARED / "naughty-strings" / "blns.json"
FIELDS = ("sender__username", "receiver__username", "timestamp", "edited", "read", "content")


def generated(number: int) -> list[str]:
    """So many texts that hypothesis makes up."""
    found: list[str] = []

    @settings(max_examples=number, database=None, derandomize=True, deadline=None, phases=[Phase.generate])
    @given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=60))
    def collect(text: str) -> None:
        found.append(text)

    collect()
    return found


def texts() -> list[str]:
    """The texts of the messages: each is more than what LibreOffice leaves out."""
    naughty = json.loads(NAUGHTY.read_text(encoding="utf-8"))
    every = [*TRICKY, "007", "1.5", "12345678901234567890", "WAHR", "5.1.2026", *naughty, *generated(400)]
    return [text for text in dict.fromkeys(every) if NOT_IN_XML.sub("", text).strip() and text != ESCAPED_TWICE]


def kept(text: str, target: str) -> str:
    """What LibreOffice keeps of a text."""
    text = LINE_END.sub("\n", text)
    return NOT_IN_XML.sub("", text) if target == "ods" else text


def saved(source: Path, target: str, locale: str) -> bytes:
    """The bytes of a file that LibreOffice opened and saved in another format, in the language of a country."""
    profile, folder = source.parent / locale, source.parent / f"{target}-{locale}"
    user = profile / "user"
    if not user.exists():
        user.mkdir(parents=True)
        (user / "registrymodifications.xcu").write_text(PROFILE.format(locale))
    # Separator, quote, encoding, first row, formats of columns, language, texts in quotes are texts, nothing guessed.
    options = f"--infilter=CSV:44,34,{UTF_8},1,,0,true,false"
    # Separator, quote, encoding, first row, formats of columns, language, not everything in quotes, values as shown.
    output = f"csv:Text - txt - csv (StarCalc):{ord(LOCALES[locale])},34,{UTF_8},1,,0,false,true"
    program = ["soffice", f"-env:UserInstallation={profile.as_uri()}", "--headless", "--norestore"]
    given = [options] if source.suffix == ".csv" else []
    command = [*program, *given, "--convert-to", output if target == "csv" else target, "--outdir", str(folder)]
    subprocess.run([*command, str(source)], check=True, capture_output=True, timeout=SECONDS)
    return (folder / f"{source.stem}.{target}").read_bytes()


def stored(target: str) -> dict[str, tuple[Any, ...]]:
    """Every message by its id, as far as LibreOffice keeps its text."""
    rows = Message.objects.values_list("external_id", *FIELDS)
    return {key: (*values, kept(content, target)) for key, *values, content in rows}


@pytest.fixture
def emma(db: Any, folder: Path) -> Any:
    """Emma exports and imports."""
    return make_exporter("emma", "view_message", "view_conversation", "import_messages")


@pytest.mark.parametrize("format", WAYS)
def test_every_text_comes_in_again(emma: Any, format: str, tmp_path: Path) -> None:
    assert shutil.which("soffice"), "This test needs LibreOffice: apt-get install libreoffice-calc"
    alice, bob = make_user("alice"), make_user("=bob")
    for number, text in enumerate(texts()):
        moment = START.replace(microsecond=number * 997 % 1_000_000)
        write(alice, bob, text, external_id=f"0{number}", read=number % 2 == 0, timestamp=moment)
    source = tmp_path / f"messages.{format}"
    source.write_bytes(exported(emma, format=format))
    before = {target: stored(target) for _, target in WAYS[format]}  # type: ignore[index]
    for locale, target in WAYS[format]:  # type: ignore[index]
        empty()
        bring(saved(source, target, locale), target, emma)
        assert stored(target) == before[target], (locale, target)
