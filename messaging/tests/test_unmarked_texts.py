"""Template texts that are not marked for translation are found."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from messaging.languages import unmarked as linter
from messaging.languages.unmarked import unmarked

# Starts one process and sets the app up again for each further command: a start takes a second and a half.
ASKED = """
import sys
import django
from django.apps import apps
django.setup()
print("messaging.languages.unmarked" in sys.modules)
for sys.argv[1] in ("runserver", "check"):
    apps.get_app_config("messaging").ready()
    print("messaging.languages.unmarked" in sys.modules)
"""


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>Send it</p>", "Send it"),
        ("{% if x %}Send it{% endif %}", "…Send it…"),
        ("<p>{{ n }} messages</p>", "… messages"),
        ("<p>{% translate 'Send' %} later</p>", "… later"),
        ('<a title="Send it">{{ x }}</a>', 'title="Send it"'),
        ('<nav aria-label="Main {{ x }}"></nav>', 'aria-label="Main …"'),
        ('<p data-say-saved="Saved"></p>', 'data-say-saved="Saved"'),
        ('<td data-name="replies">{{ n }}</td>', 'data-name="replies"'),
        ('<input type="submit" value="Send">', 'value="Send"'),
        ("<p>{{ name|default:'nobody' }}</p>", "|default:'nobody'"),
        ('<p>{{ on|yesno:"yes,no" }}</p>', '|yesno:"yes,no"'),
        ("<p>{{ n|pluralize }}</p>", "|pluralize"),
        ('{% include "x.html" with title="Send it" %}', 'e="Send it"'),
        ("<code>x</code> Send", "Send"),
        ("<details{% if x %} open{% endif %}>Send</details>", "Send"),
        ('<p{% if x %} class="y"{% endif %} title="Send it">', 'title="Send it"'),
        ('{% block width %} title="Send it"{% endblock %}', 'title="Send it"'),
        ("<title>{% block title %}{% endblock %} of Threadward</title>", "…… of Threadward"),
        ("""<p title="{{ on|yesno:'yes,no' }}">""", "|yesno:'yes,no'"),
        ("<p>送信する</p>", "送信する"),
    ],
)
def test_an_unmarked_text_is_found(source: str, text: str) -> None:
    assert [one.text for one in unmarked(source)] == [text]


@pytest.mark.parametrize(
    "source",
    [
        "{% translate 'Send it' %}",
        "{% blocktranslate trimmed %}\n  Send {{ n }} <b>messages</b>\n{% endblocktranslate %}",
        "{% blocktranslate count n=n %}One{% plural %}Many{% endblocktranslate %}",
        "{% comment %}Send it{% endcomment %}{# Send it #}<!-- Send it -->",
        "<script>const text = 'Send it';</script><style>p { color: red }</style>",
        "<code>manage.py work</code><kbd>Enter</kbd>",
        '<p translate="no">Threadward<br>Threadward</p>',
        '<p class="some words" id="send">{{ text }}: … 12</p>',
        "<code{% if x %} class='y'{% endif %}>manage.py work</code>",
        '<p{% block width %} class="wide and high"{% endblock %}>{% block bodyclass %}wide{% endblock %}</p>',
        """<html dir="{{ bidi|yesno:'rtl,ltr' }}"><p class="{{ look|default:'secondary' }}"></p></html>""",
        "<title>{% block title %}{% endblock %} · Threadward</title>",
        '<input type="hidden" name="state" value="waiting">',
        "{{ name|default:_('nobody') }}",
        '{% include "x.html" with title=_("Send it") kind="plain" %}',
    ],
)
def test_marked_texts_and_markup_are_not_found(source: str) -> None:
    assert unmarked(source) == []


def test_the_line_number_is_reported() -> None:
    assert [one.line for one in unmarked("<p>\n{# a\nb #}\n  {{ x }}\n\nSend\n</p>")] == [6]


def test_the_check_names_the_template_and_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.html"
    page.write_text("<p>\nSend it</p>")
    monkeypatch.setattr(linter, "templates", lambda: [page])
    (fault,) = linter.texts_are_marked(None)
    assert (fault.id, fault.msg) == ("messaging.E101", f"{page}, line 2: “Send it” is not marked for translation.")


def test_only_the_command_that_checks_reads_all_templates() -> None:
    asked = subprocess.run([sys.executable, "-c", ASKED, "work"], capture_output=True, text=True, check=True)
    assert asked.stdout.split() == ["False", "False", "True"]


def test_no_text_of_a_template_is_unmarked() -> None:
    assert linter.texts_are_marked(None) == []
