"""Storing entries other than by one INSERT each."""
