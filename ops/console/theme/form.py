"""The form of a theme: the settings that affect the console, with readable colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from admin_interface.models import Theme
from django import forms
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ops.console.theme.colours import READABLE, contrast, long_form, readable
from ops.console.theme.images import ImageField
from ops.console.theme.palette import GROUNDS

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

SECTIONS: list[tuple[StrOrPromise | None, dict[str, StrOrPromise]]] = [
    (None, {"name": gettext_lazy("Name of the theme"), "active": gettext_lazy("Active")}),
    (
        gettext_lazy("Environment"),
        {
            "env_name": gettext_lazy("Environment"),
            "env_color": gettext_lazy("Colour of the environment"),
            "env_visible_in_header": gettext_lazy("Show the environment"),
        },
    ),
    (
        gettext_lazy("Title and logo"),
        {
            "title": gettext_lazy("Title"),
            "title_visible": gettext_lazy("Show the title"),
            "title_color": gettext_lazy("Title colour"),
            "logo": gettext_lazy("Logo"),
            "logo_visible": gettext_lazy("Show the logo"),
            "favicon": gettext_lazy("Icon of browser tabs"),
        },
    ),
    (
        gettext_lazy("Header"),
        {
            "css_header_background_color": gettext_lazy("Header background"),
            "css_header_text_color": gettext_lazy("Header text"),
            "css_header_link_color": gettext_lazy("Header links"),
            "css_header_link_hover_color": gettext_lazy("Header links under the pointer"),
        },
    ),
    (
        gettext_lazy("Links"),
        {
            "css_generic_link_color": gettext_lazy("Links"),
            "css_generic_link_hover_color": gettext_lazy("Links under the pointer"),
        },
    ),
    (
        gettext_lazy("Section headings"),
        {
            "css_module_background_color": gettext_lazy("Heading background"),
            "css_module_text_color": gettext_lazy("Heading text"),
        },
    ),
    (
        gettext_lazy("Buttons"),
        {
            "css_save_button_background_color": gettext_lazy("Button background"),
            "css_save_button_background_hover_color": gettext_lazy("Button background under the pointer"),
            "css_save_button_text_color": gettext_lazy("Button text"),
            "css_delete_button_background_color": gettext_lazy("Delete button background"),
            "css_delete_button_background_hover_color": gettext_lazy("Delete button background under the pointer"),
            "css_delete_button_text_color": gettext_lazy("Delete button text"),
        },
    ),
]
LABELS = {name: label for _, fields in SECTIONS for name, label in fields.items()}
HELP = {
    "active": gettext_lazy("Used in the console. The theme used until now is kept, but no longer active."),
    "env_name": gettext_lazy("Such as STAGING. It is shown beside the title on every page of the console."),
    "env_color": gettext_lazy("The text on it is dark or white, whichever reads better."),
    "title_visible": gettext_lazy("Without a logo the title is always shown."),
    "logo": gettext_lazy("PNG, JPEG, GIF, WebP or ICO, up to 512 kB. It is shown up to 32 pixels high."),
    "favicon": gettext_lazy("A square image: PNG, JPEG, GIF, WebP or ICO, up to 512 kB."),
    "css_header_background_color": gettext_lazy("In dark mode, colours keep their hue and get another lightness."),
}
# Fields of text colours, each with the fields of the backgrounds that it is shown on.
TEXTS_ON: dict[str, tuple[str, ...]] = {
    "title_color": ("css_header_background_color",),
    "css_header_text_color": ("css_header_background_color",),
    "css_header_link_color": ("css_header_background_color",),
    "css_header_link_hover_color": ("css_header_background_color",),
    "css_module_text_color": ("css_module_background_color",),
    "css_save_button_text_color": ("css_save_button_background_color", "css_save_button_background_hover_color"),
    "css_delete_button_text_color": ("css_delete_button_background_color", "css_delete_button_background_hover_color"),
}
TEXTS_ON_PAGES = ("css_generic_link_color", "css_generic_link_hover_color")
NO_COLOUR = gettext_lazy("Enter a colour as # and six digits or letters from a to f, such as #1d4f9c.")
# By the number of backgrounds that are settings; without any, the text is on the pages themselves.
UNREADABLE = (
    gettext_lazy(
        "Text in this colour is hard to read on the pages of the console: the contrast is %(contrast)s, and %(least)s "
        "is needed."
    ),
    gettext_lazy(
        "Text in this colour is hard to read on “%(ground)s”: the contrast is %(contrast)s, and %(least)s is needed."
    ),
    gettext_lazy(
        "Text in this colour is hard to read on “%(ground)s” and “%(other)s”: the contrast is %(contrast)s, and "
        "%(least)s is needed."
    ),
)


# All other boolean settings. They either have no effect here, or change how pages work, which is not up to a theme:
# saving a theme sets them to the values that the console needs.
NOT_OFFERED = {
    **dict.fromkeys(
        (
            "env_visible_in_favicon",
            "language_chooser_active",
            "related_modal_active",
            "list_filter_highlight",
            "list_filter_dropdown",
            "list_filter_sticky",
            "list_filter_removal_links",
            "foldable_apps",
            "show_fieldsets_as_tabs",
            "show_inlines_as_tabs",
            "collapsible_stacked_inlines",
            "collapsible_tabular_inlines",
            "form_actions_sticky",
            "form_submit_sticky",
            "form_pagination_sticky",
        ),
        False,
    ),
    "recent_actions_visible": True,
}


def is_colour(text: str) -> None:
    """Raise ValidationError if ``text`` is not a colour: only colours can be compared."""
    try:
        long_form(text)
    except ValueError as fault:
        raise forms.ValidationError(NO_COLOUR) from fault


class ThemeForm(forms.ModelForm):
    """The settings of a theme that a team may choose."""

    logo = ImageField(most=(320, 64), label=LABELS["logo"], help_text=HELP["logo"])
    favicon = ImageField(most=(64, 64), label=LABELS["favicon"], help_text=HELP["favicon"])

    class Meta:
        model = Theme
        fields = list(LABELS)
        labels = LABELS
        help_texts = {**dict.fromkeys(LABELS, ""), **HELP}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if name.endswith("_color"):
                field.required = True
                field.validators.append(is_colour)

    def clean(self) -> dict[str, Any]:
        """Refuse unreadable text colours, and suggest the nearest readable ones."""
        cleaned = super().clean() or self.cleaned_data
        chosen = {name: long_form(cleaned[name]) for name in LABELS if name.endswith("_color") and cleaned.get(name)}
        for text, grounds in TEXTS_ON.items():
            if text in chosen and all(ground in chosen for ground in grounds):
                self._check(text, chosen[text], {LABELS[ground]: chosen[ground] for ground in grounds})
        for text in TEXTS_ON_PAGES:
            if text in chosen:
                self._check(text, chosen[text], {}, list(GROUNDS[0]))
        return cleaned

    def save(self, commit: bool = True) -> Theme:
        """Save the theme, with the values that the console needs for settings that are not offered."""
        for name, value in NOT_OFFERED.items():
            setattr(self.instance, name, value)
        return super().save(commit)

    def _check(self, name: str, colour: str, named: dict[StrOrPromise, str], grounds: Sequence[str] = ()) -> None:
        """Refuse ``colour`` if it is unreadable on ``grounds``, or on ``named``: colours by the setting's label."""
        grounds = [*named.values(), *grounds]
        found = min(contrast(colour, ground) for ground in grounds)
        if found >= READABLE:
            return
        better = readable(colour, *grounds)
        fits = min(contrast(better, ground) for ground in grounds) >= READABLE
        hint = (
            _("%(colour)s would do.") % {"colour": better}
            if fits
            else _("No text can be read on both: choose backgrounds that are more alike.")
        )
        said = {"contrast": number_format(round(found, 1), 1), "least": number_format(READABLE, 1)}
        fault = UNREADABLE[len(named)] % {**dict(zip(("ground", "other"), named, strict=False)), **said}
        self.add_error(name, f"{fault} {hint}")
