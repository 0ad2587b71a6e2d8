"""Storing entries by other roads than one by one."""
