"""Texts: split, counted, searched, replaced, cut and compared, each in time that has an end."""
