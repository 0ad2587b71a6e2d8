"""The structure of a workbook, and the rows of one of its sheets: cells become the texts that people see in them."""

from __future__ import annotations

import math
import posixpath
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from django.utils.translation import gettext as _
from openpyxl.styles.numbers import BUILTIN_FORMATS, is_datetime
from openpyxl.utils.cell import column_index_from_string, get_column_letter
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH, from_excel

from messaging.languages.wording import grouped
from ops.files.problems import Unreadable, label
from ops.files.shapes.merged import MOST_MERGED, Merged
from ops.files.shapes.rows import FORMULA, SAVED_FORMULA, Flaw, Row
from ops.files.shapes.sheets import Sheets
from ops.files.xlsx.package import LARGEST_PART, Package, most_unpacked, parse, unreadable_workbook
from ops.files.xlsx.texts import SharedTexts, TextParts, unescaped

MOST_ROWS, FARTHEST_COLUMN = 1 << 20, 1 << 14  # Excel's limits
MOST_COLUMNS = 256  # a value farther right is a mistake
LONGEST_FORMAT = 255  # characters
LARGEST_ROW = 8 << 20  # characters, or bytes if cells share texts
MOST_ELEMENTS = 100_000  # in one row, including those that format its texts
DIGITS = "0123456789"
CONSTANTS = ("TRUE()", "FALSE()")  # as LibreOffice writes logical values
TEXT_ELEMENTS = ("t", "v", "rPh")
# Elements that may follow the merged cells of a sheet.
AFTER_MERGED = {
    "phoneticPr", "conditionalFormatting", "dataValidations", "hyperlinks", "printOptions", "pageMargins", "pageSetup",
    "headerFooter", "rowBreaks", "colBreaks", "customProperties", "cellWatches", "ignoredErrors", "smartTags",
    "drawing", "legacyDrawing", "legacyDrawingHF", "picture", "oleObjects", "controls", "webPublishItems",
    "tableParts", "extLst",
}  # fmt: skip


@dataclass(frozen=True)
class Workbook:
    """The structure of a workbook: its sheets, the part of the one that is read, and which styles make a number a date.

    ``dates`` has "date", "time", "datetime" or None for each style.
    """

    sheets: Sheets
    sheet_part: str
    texts_part: str | None
    epoch: datetime
    dates: list[str | None]


class Shared(NamedTuple):
    """A cell's reference to a shared text: its number, and its size in bytes."""

    number: int
    size: int


def workbook_of(package: Package, chosen: str = "") -> Workbook:
    """Return the structure of a workbook, for reading the chosen sheet. Raises Unreadable if there is none."""
    main = _related(package, "").get("officeDocument", [("", "xl/workbook.xml")])[0][1]
    if main not in package:
        raise unreadable_workbook(_("it is no .xlsx workbook"))
    related = _related(package, main)
    paths = dict(related.get("worksheet", []))
    elements = package.elements(main)
    sheets = [
        (attributes.get("name", ""), paths[identity], attributes.get("state", "visible") == "visible")
        for _, name, attributes in elements
        if name == "sheet" and (identity := _identity(attributes)) in paths
    ]
    if not sheets:
        raise unreadable_workbook(_("it has no sheet"))
    named = Sheets.of([name for name, _, _ in sheets], {name for name, _, visible in sheets if not visible}, chosen)
    old = any(name == "workbookPr" and given.get("date1904") in ("1", "true") for _, name, given in elements)
    return Workbook(
        sheets=named,
        sheet_part=next(path for name, path, _ in sheets if name == named.read),
        texts_part=next((path for _, path in related.get("sharedStrings", []) if path in package), None),
        epoch=MAC_EPOCH if old else WINDOWS_EPOCH,
        dates=_dates(package, next((path for _, path in related.get("styles", []) if path in package), None)),
    )


def merged_cells(package: Package, part: str) -> list[Merged]:
    """Return the merged cells of a sheet. They follow its rows, so the whole sheet is parsed."""
    found: list[Merged] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2] == "mergeCell":
            _add_merged(found, attributes)

    with package.open(part, largest=LARGEST_PART) as sheet:
        for _taken in parse(sheet, start, lambda name: None):
            pass
    return found


def _add_merged(found: list[Merged], attributes: dict[str, str]) -> None:
    if len(found) >= MOST_MERGED:
        raise unreadable_workbook(_("it has more than %(number)s merged cells") % {"number": grouped(MOST_MERGED)})
    if one := Merged.at(attributes.get("ref", "")):
        found.append(one)


def _related(package: Package, part: str) -> dict[str, list[tuple[str, str]]]:
    """Return (ID, name) of the parts to which a part refers, by their type."""
    folder, name = posixpath.split(part)
    relations = posixpath.join(folder, "_rels", f"{name}.rels")
    found: dict[str, list[tuple[str, str]]] = {}
    if relations not in package:
        return found
    for _parent, element, given in package.elements(relations):
        if element == "Relationship":
            path = posixpath.normpath(posixpath.join("/", folder, given.get("Target", ""))).lstrip("/")
            kind = given.get("Type", "").rpartition("/")[2]
            found.setdefault(kind, []).append((given.get("Id", ""), path))
    return found


def _identity(attributes: dict[str, str]) -> str:
    return next((value for name, value in attributes.items() if name.rpartition(":")[2] == "id"), "")


def _dates(package: Package, styles: str | None) -> list[str | None]:
    if styles is None:
        return []
    formats: dict[str, str] = {str(number): format for number, format in BUILTIN_FORMATS.items()}
    used: list[str] = []
    for parent, name, given in package.elements(styles):
        if name == "numFmt" and parent == "numFmts":
            formats[given.get("numFmtId", "")] = given.get("formatCode", "")[:LONGEST_FORMAT]
        elif name == "xf" and parent == "cellXfs":
            used.append(given.get("numFmtId", "0"))
    kinds = {number: is_datetime(formats.get(number)) for number in set(used)}
    return [kinds[number] for number in used]


class Columns(dict[str, int]):
    """The indexes of columns by their letters, computed when first needed."""

    def __missing__(self, letters: str) -> int:
        try:
            self[letters] = column_index_from_string(letters) - 1
        except ValueError as error:
            raise unreadable_workbook(_("one of its cells stands nowhere")) from error
        return self[letters]


@dataclass
class Sheet:
    """The rows of the sheet that are not blank. Calls ``took`` with the number of its bytes read so far."""

    package: Package
    workbook: Workbook
    took: Callable[[int], None]
    _number: int = 0
    _elements: int = 0
    _unpacked: int = 0  # bytes of shared texts, each counted once for each cell that has it
    _size: int = 0  # of the current row
    _values: dict[int, str | Shared] = field(default_factory=dict)
    _flaws: dict[int, Flaw] = field(default_factory=dict)
    _ready: list[tuple[int, dict[int, str | Shared], dict[int, Flaw]]] = field(default_factory=list)
    _columns: Columns = field(default_factory=Columns)
    _parts: TextParts = field(default_factory=TextParts)
    # The current cell:
    _column: int = -1
    _kind: str = "n"
    _style: str = ""
    _formula: bool = False
    _formula_text: str = ""
    _in_row: bool = False
    _over: bool = False
    _done: bool = False
    merged: list[Merged] = field(default_factory=list)  # known once all rows were read

    def rows(self) -> Iterator[Row]:
        """Yield the rows. Raises Unreadable if the sheet is not XML, or larger than a sheet of Excel can be."""
        book = self.workbook
        with (
            SharedTexts(self.package, book.texts_part) as self._texts,
            self.package.open(book.sheet_part, largest=LARGEST_PART) as part,
        ):
            for taken in parse(part, self._start, self._end, self._parts.data):
                self.took(taken)
                yield from (self._whole(*row) for row in self._ready)
                self._ready.clear()
                if self._done:
                    return

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if self._over:
            self._after_rows(name.rpartition(":")[2], attributes)
            return
        self._elements += 1
        if name == "c":
            self._begin_cell(attributes)
        elif name == "row":
            self._begin_row(attributes)
        elif name in TEXT_ELEMENTS:
            self._parts.start(name)
        elif name == "f":
            self._formula = True
            self._parts.start("v")
        elif ":" in name:
            self._start(name.rpartition(":")[2], attributes)
        if self._elements > MOST_ELEMENTS:
            raise self._unfit(_("row %(row)s is built from too many pieces"))

    def _end(self, name: str) -> None:
        if self._over:
            return
        if name == "c":
            self._end_cell()
        elif name in TEXT_ELEMENTS:
            self._parts.end(name)
        elif name == "row":
            self._end_row()
        elif name == "sheetData":
            self._over = True
        elif name == "f":
            self._formula_text = self._parts.text()
            self._parts.end(name)
            self._parts.clear()
        elif ":" in name:
            self._end(name.rpartition(":")[2])

    def _after_rows(self, name: str, attributes: dict[str, str]) -> None:
        """Read the merged cells; the links, comments and formats behind them end the sheet."""
        if name == "mergeCell":
            _add_merged(self.merged, attributes)
        self._done = self._done or name in AFTER_MERGED

    def _begin_row(self, attributes: dict[str, str]) -> None:
        given = attributes.get("r", "")
        number = int(given) if given.isdecimal() and len(given) < 10 else self._number + 1
        if self._in_row or not self._number < number <= MOST_ROWS:
            raise unreadable_workbook(
                _("its rows are out of order, or more than %(number)s") % {"number": grouped(MOST_ROWS)}
            )
        self._number, self._elements, self._in_row = number, 0, True
        self._values, self._flaws, self._size = {}, {}, 0
        self._column = -1

    def _end_row(self) -> None:
        self._in_row = False
        if self._values:
            self._ready.append((self._number, self._values, self._flaws))

    def _whole(self, number: int, values: dict[int, str | Shared], flaws: dict[int, Flaw]) -> Row:
        """Return a row with its shared texts, which are only looked up now, because many rows may share a long one."""
        texts = self._texts
        whole = {at: texts[value.number] if isinstance(value, Shared) else value for at, value in values.items()}
        return Row(number, whole, flaws)

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        self._parts.clear()
        address = attributes.get("r")
        self._column = self._columns[address.rstrip(DIGITS)] if address else self._column + 1
        if self._column >= FARTHEST_COLUMN:
            raise self._unfit(_("row %(row)s has more than %(number)s columns"), FARTHEST_COLUMN)
        self._kind, self._style, self._formula = attributes.get("t", "n"), attributes.get("s", ""), False

    def _end_cell(self) -> None:
        text = self._parts.text()
        value = self._value(text) if text else ""
        if self._formula and not (self._kind == "b" and self._formula_text in CONSTANTS):
            self._flaws[self._column] = SAVED_FORMULA if value else FORMULA
        elif self._kind == "e":
            self._flaws[self._column] = Flaw(error=label(text))
        elif not value:
            return
        if self._column >= MOST_COLUMNS:
            place = f"{get_column_letter(self._column + 1)}{self._number}"
            said = _("it has a value at %(cell)s, far from the other values: remove it") % {"cell": place}
            raise unreadable_workbook(said, row=self._number)
        self._count(value)
        self._values[self._column] = value

    def _count(self, value: str | Shared) -> None:
        """Limit the size of texts: a few bytes of a sheet can refer to a long shared text thousands of times."""
        size = value.size if isinstance(value, Shared) else len(value)
        self._size += size
        if self._size > LARGEST_ROW:
            raise self._unfit(_("row %(row)s has texts of more than %(number)s MiB"), LARGEST_ROW >> 20)
        if isinstance(value, Shared):
            self._unpacked += size
            if self._unpacked > (most := most_unpacked(self.package.packed)):
                raise self._unfit(_("its texts would unpack to more than %(number)s MiB"), most >> 20)

    def _unfit(self, text: str, number: int = 0) -> Unreadable:
        """Return the error of the current row; ``number`` is the limit in the message."""
        return unreadable_workbook(text % {"row": grouped(self._number), "number": grouped(number)}, row=self._number)

    def _value(self, text: str) -> str | Shared:
        """Return the value of the current cell, as people see it; ``text`` is what the file has."""
        if self._kind == "s":
            try:
                number = int(text)
                size = self._texts.size(number)
            except (IndexError, ValueError) as error:
                raise self._unfit(_("one of its cells refers to a text that is missing")) from error
            return Shared(number, size) if size else ""
        if self._kind in ("inlineStr", "str"):
            return unescaped(text)
        if self._kind == "b":
            return "false" if text.strip() == "0" else "true"
        return self._number_text(text) if self._kind == "n" else text

    def _number_text(self, text: str) -> str:
        """Return a number as people write it, or the date that it stands for."""
        style = int(self._style) if self._style.isdecimal() and len(self._style) < 10 else 0
        dates = self.workbook.dates
        shows = dates[style] if style < len(dates) else None
        if shows is None and text.isdecimal():
            return text
        try:
            number = float(text)
            if shows:
                return _date_text(number, shows, self.workbook.epoch)
            return written_number(text, number)
        except (ValueError, OverflowError, InvalidOperation):
            return text


def written_number(text: str, number: float) -> str:
    """Return a number as a spreadsheet shows it; a whole one with the digits in the file, not those of a float."""
    if not number.is_integer():
        return repr(number)
    whole = Decimal(text)
    return str(int(whole)) if whole == whole.to_integral_value() else str(int(number))


def _date_text(number: float, shows: str, epoch: datetime) -> str:
    """Return the date and time in ISO 8601; without the time if the format shows none and it is midnight."""
    if not math.isfinite(number):
        raise ValueError(number)
    moment = from_excel(number, epoch)
    if shows == "date" and isinstance(moment, datetime) and number.is_integer():
        return str(moment.date())
    return str(moment.isoformat())
