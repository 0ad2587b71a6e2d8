"""Suggesting the likely encoding of a file that is not UTF-8, and only one in which the file can be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.files import encodings
from ops.files.encodings import encoding_of, suggest_encodings
from ops.files.tests.files import as_csv, row

FRENCH = "où est-il déjà allé, à côté du café – l’été est là"
RUSSIAN = "Привет, как дела? Спасибо за сообщение, напиши мне завтра"


def written(path: Path, text: str, codec: str) -> Path:
    """Write a file of rows with this text; each row has non-ASCII characters."""
    path.write_bytes(as_csv(*(row(str(number), content=text) for number in range(20))).decode().encode(codec))
    return path


def suggest_encoding(path: Path, **options: str) -> str:
    """Return the likeliest encoding."""
    return next(iter(suggest_encodings(path, **options)), "")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "messages"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Windows-1252", FRENCH),
        ("Windows-1252", "Grüße aus Köln, schöne Wünsche"),
        ("Windows-1250", "Zażółć gęślą jaźń, proszę o pomoc w tej sprawie, dziękuję"),
        ("Windows-1251", RUSSIAN),
        ("KOI8-R", RUSSIAN),
        ("Windows-1253", "Καλημέρα, τι κάνεις; Ευχαριστώ πολύ"),
        ("Windows-1256", "مرحبا كيف حالك؟ شكرا جزيلا"),
        ("Mac Roman", FRENCH),
        ("Shift_JIS", "こんにちは、お元気ですか。ありがとうございます"),
        ("EUC-KR", "안녕하세요, 잘 지내세요? 감사합니다"),
        ("GB18030", "你好，最近怎么样？谢谢你的消息"),
        ("Big5", "你好，最近怎麼樣？謝謝你的訊息"),
    ],
)
def test_the_encoding_of_a_text_is_suggested(name: str, text: str, path: Path) -> None:
    assert suggest_encoding(written(path, text, encoding_of(b"", name).codec)) == name


def test_the_usual_one_of_equivalent_encodings_is_suggested(path: Path) -> None:
    assert suggest_encoding(written(path, "café £5", "latin-1")) == "Windows-1252"


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_nothing_is_suggested_for_a_recognised_encoding(codec: str, path: Path) -> None:
    assert suggest_encoding(written(path, FRENCH, codec)) == ""


def test_nothing_is_suggested_where_most_of_a_file_is_utf_8(path: Path) -> None:
    """It is damaged: another encoding would misread its other lines."""
    sound = written(path, FRENCH, "utf-8").read_bytes()
    path.write_bytes(sound + b"21,,alice,bob,2026-01-05T10:00:00Z,,,caf\xe9\n")
    assert suggest_encoding(path) == ""


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\x00\n"])
def test_nothing_is_suggested_for_ascii(content: bytes, path: Path) -> None:
    path.write_bytes(content)
    assert suggest_encoding(path) == ""


def test_an_encoding_that_does_not_decode_is_not_suggested(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows-1252 has no byte 81, however late it comes; Windows-1256 has it, and the same letters of French."""
    monkeypatch.setattr(encodings, "SAMPLE", 1_000)
    path.write_bytes(written(path, FRENCH, "cp1252").read_bytes() + b"x\n" * 200_000 + b"\x81\n")
    assert suggest_encoding(path) == "Windows-1256"


def test_nothing_is_suggested_after_the_time_limit(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encodings, "SECONDS", -1.0)
    assert suggest_encoding(written(path, FRENCH, "cp1252")) == ""


def test_the_preferred_encoding_comes_first_among_equals_and_second_otherwise(path: Path) -> None:
    assert suggest_encodings(written(path, "café £5", "latin-1"), preferred="Latin-9") == ["Latin-9"]
    assert suggest_encodings(written(path, RUSSIAN, "cp1251"), preferred="Latin-1") == ["Windows-1251", "Latin-1"]
    assert suggest_encodings(written(path, RUSSIAN, "cp1251"), preferred="UTF-8") == ["Windows-1251"]
    assert suggest_encodings(written(path, FRENCH, "utf-8"), preferred="Latin-1") == []


def test_the_whole_file_must_be_valid_however_long(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encodings, "SEARCHED", 5_000)
    path.write_bytes(written(path, FRENCH, "cp1252").read_bytes() + b"x\n" * 2_000_000 + b"\x81\n")
    assert "Windows-1252" not in suggest_encodings(path, preferred="Windows-1252")
