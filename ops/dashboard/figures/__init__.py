"""The figures: plain functions of a period, each with what it means, what it leaves out, and the list of its rows.

What each means for a reader is told in docs/figures-of-dashboards.md.
"""
