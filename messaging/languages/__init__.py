"""Texts that people read, in the language of each."""
