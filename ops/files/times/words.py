"""Names of months and of days of the week, in English, German, French and Spanish."""

from __future__ import annotations

import unicodedata

_MONTHS = (
    "january jan januar jänner jän janvier janv enero ene",
    "february feb februar feber février fév févr febrero",
    "march mar märz mär mrz mars marzo",
    "april apr avril avr abril abr",
    "may mai mayo",
    "june jun juni juin junio",
    "july jul juli juillet juil julio",
    "august aug août agosto ago",
    "september sep sept septembre septiembre setiembre set",
    "october oct oktober okt octobre octubre",
    "november nov novembre noviembre",
    "december dec dezember dez décembre déc diciembre dic",
)
_WEEKDAYS = (
    "monday mon montag mo lundi lun lunes",
    "tuesday tue tues dienstag di mardi martes",
    "wednesday wed mittwoch mi mercredi mer miércoles mié",
    "thursday thu thur thurs donnerstag do jeudi jeu jueves jue",
    "friday fri freitag fr vendredi ven viernes vie",
    "saturday sat samstag sonnabend sa samedi sam sábado sáb",
    "sunday sun sonntag so dimanche dim domingo dom",
)
# Short for a Tuesday in French and Spanish, and for March.
TUESDAY_OR_MARCH = "mar"


def plain(word: str) -> str:
    """Return a word in lower case without accents: "août" and "AOUT" are the same."""
    apart = unicodedata.normalize("NFKD", word.casefold())
    return "".join(sign for sign in apart if not unicodedata.combining(sign))


MONTHS = {plain(word): number for number, words in enumerate(_MONTHS, start=1) for word in words.split()}
# Counted as datetime.weekday() does: Monday is 0.
WEEKDAYS = {plain(word): number for number, words in enumerate(_WEEKDAYS) for word in words.split()}
WEEKDAYS[TUESDAY_OR_MARCH] = 1
