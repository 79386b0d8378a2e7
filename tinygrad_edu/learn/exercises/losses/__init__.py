"""Losses."""

EXERCISES = ()
