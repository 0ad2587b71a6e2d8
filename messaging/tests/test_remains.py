"""``remains`` finds texts that no gettext marks; the tests of pages rely on it."""

from __future__ import annotations

from messaging.tests.remains import remains


def test_unmarked_text_is_found() -> None:
    page = '<p title="Words">⟦Ḿáŕķéď ⟦ẃíťħíñ⟧ ĝ⟧ but <b>this</b> <bdi>alice</bdi> of bob</p><br><code>typed</code>'
    assert remains(page, "bob") == "Words\nbut\nthis\nof"


def test_unmarked_text_of_buttons_and_scripts_is_found() -> None:
    page = '<input type="submit" value="Send it"><input type="hidden" value="state">'
    assert remains(f'{page}<p data-say-done="Done" data-at="no"></p>') == "Send it\nDone"


def test_a_name_is_not_removed_from_within_a_word() -> None:
    assert remains("<p>bob, bobbin</p>", "bob") == ", bobbin"


def test_untranslatable_text_is_ignored() -> None:
    page = '<p dir="auto">Hello <em>you</em></p><span translate="no" title="A name">CSV</span> <kbd>j</kbd> A 2026'
    assert remains(page) == ""
