"""The options of an import: how the file is read, and what happens to rows that need a decision.

Each option is a field of Reading or of Choices, and is declared in OPTIONS, from which the console gets a form field
and the command an argument of the same name.
"""

from ops.imports.options.arguments import add_arguments, as_argument, chosen
from ops.imports.options.choices import CHOICES, DEFAULTS, READING, Choices, options_of, take, with_values
from ops.imports.options.declared import BY_NAME, OPTIONS, Kind, Option, problems_of, time_zone_problem

__all__ = [
    "BY_NAME",
    "CHOICES",
    "DEFAULTS",
    "OPTIONS",
    "READING",
    "Choices",
    "Kind",
    "Option",
    "add_arguments",
    "as_argument",
    "chosen",
    "options_of",
    "problems_of",
    "take",
    "time_zone_problem",
    "with_values",
]
