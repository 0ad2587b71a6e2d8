"""The figures: plain functions of a period, each documented with what it counts and leaves out, and with the list of
its rows.

docs/figures-of-dashboards.md explains each figure to its readers.
"""
