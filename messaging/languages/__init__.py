"""Translation and formatting of texts in each person's language."""
