"""Storing entries in other ways than one INSERT each."""
