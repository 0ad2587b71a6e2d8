"""Guessing which column is which: by the names that other programs use, or by the values."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from pathlib import Path

from django.conf import settings

from ops.files.headers.columns import plain

NAMES = Path(__file__).with_name("header_names.toml")
LONGEST_NAME, LONGEST_ID = 150, 255  # characters
A_DATE = re.compile(
    r"\[?\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?!\d).*|\[?\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}(?!\d).*|\d{10}(\.\d+)?|\d{13}|\d{16}"
)

Names = dict[str, list[tuple[int, str]]]  # for each column (rank, reduced name); the lowest rank is the likeliest


class NamesUnfit(ValueError):
    """A file of names cannot be used; the text is the reason."""


def suggest(headers: Sequence[str]) -> dict[str, str]:
    """Return for each column the likeliest header; no header twice, columns without a match left out."""
    bare: dict[str, list[str]] = {}
    for given in headers:
        bare.setdefault(_bare(given), []).append(given)
    meanings = _meanings(str(settings.IMPORT_HEADER_NAMES or ""))
    found: dict[str, str] = {}
    # A column's most likely name wins over a less likely one of another column.
    for _, _, column, name in sorted(one for called in bare for one in meanings.get(called, ())):
        free = (header for header in bare[name] if header not in found.values())
        if column not in found and (header := next(free, None)) is not None:
            found[column] = header
    return found


@cache
def names_of_columns(own: str) -> Names:
    """Return the known names, those of the file at the path ``own`` first. Raises NamesUnfit, OSError."""
    names = _read(NAMES)
    for column, added in (_read(Path(own)) if own else {}).items():
        if column not in names:
            raise NamesUnfit(f"there is no column {column}; there are {', '.join(names)}")
        names[column] = [*((rank - len(added), name) for rank, name in added), *names[column]]
    return names


@cache
def _meanings(own: str) -> dict[str, list[tuple[int, int, str, str]]]:
    """Return what each name may mean: (rank, position of the column, column, name)."""
    found: dict[str, list[tuple[int, int, str, str]]] = {}
    for place, (column, given) in enumerate(names_of_columns(own).items()):
        for rank, name in given:
            found.setdefault(name, []).append((rank, place, column, name))
    return found


def places_of(rows: Sequence[Sequence[str]]) -> dict[str, int]:
    """Return each column's position in rows without a header, guessed from the values; {} if they do not show it.

    The first row counts like the others: if it is a header, no column holds only times, and the result is {}.
    """
    width = max(map(len, rows), default=0)
    values = [[row[place].strip() if place < len(row) else "" for row in rows] for place in range(width)]
    times = [place for place, column in enumerate(values) if all(map(A_DATE.fullmatch, column))]
    if not times:
        return {}
    found = {"timestamp": times[0]}
    ids = _ids(values, found.values())
    if ids is not None:
        found["external_id"] = ids
        parents = _parents(values, ids, found.values())
        if parents is not None:
            found["parent_external_id"] = parents
    texts = _texts(values, found.values())
    if texts is None:
        return {}
    found["content"] = texts
    names = [place for place in _free(values, found.values()) if _are_names(values[place])]
    return {**found, "sender": names[0], "receiver": names[1]} if len(names) >= 2 else {}


def _ids(values: Sequence[Sequence[str]], taken: Collection[int]) -> int | None:
    """Return the position of the first column whose values are all different and look like ids."""
    for place in _free(values, taken):
        column = values[place]
        if all(column) and len(set(column)) == len(column) > 1 and all(map(_is_id, column)):
            return place
    return None


def _parents(values: Sequence[Sequence[str]], ids: int, taken: Collection[int]) -> int | None:
    """Return the position of the first column whose values are all empty or one of the ids."""
    known = {*values[ids], ""}
    fitting = (place for place in _free(values, taken) if set(values[place]) <= known)
    return next(fitting, None)


def _texts(values: Sequence[Sequence[str]], taken: Collection[int]) -> int | None:
    """Return the position of the column with the longest values, if one of them contains a blank or is long."""
    free = _free(values, taken)
    best = max(free, key=lambda place: sum(map(len, values[place])), default=None)
    if best is None or not any(" " in value or len(value) > LONGEST_NAME for value in values[best]):
        return None
    return best


def _free(values: Sequence[Sequence[str]], taken: Collection[int]) -> list[int]:
    return [place for place in range(len(values)) if place not in taken]


def _is_id(value: str) -> bool:
    return len(value) <= LONGEST_ID and not any(map(str.isspace, value))


def _are_names(column: Sequence[str]) -> bool:
    words = {"true", "false", "yes", "no", "0", "1"}
    return all(0 < len(value) <= LONGEST_NAME for value in column) and not {*map(str.lower, column)} <= words


def _read(path: Path) -> Names:
    try:
        languages: Mapping[str, Mapping[str, Sequence[str]]] = tomllib.loads(path.read_text(encoding="utf-8"))
        return {
            column: [(rank, _bare(name)) for given in names.values() for rank, name in enumerate(given)]
            for column, names in languages.items()
        }
    except (ValueError, AttributeError, TypeError) as error:
        raise NamesUnfit(f"it is not like {NAMES.name}: {error}") from error


def _bare(name: str) -> str:
    """Reduce a name to its letters and digits, without accents unless it is a single letter (à)."""
    letters = re.sub(r"[\W_]+", "", unicodedata.normalize("NFC", plain(name)))
    if len(letters) == 1:
        return letters
    return "".join(one for one in unicodedata.normalize("NFD", letters) if not unicodedata.combining(one))
