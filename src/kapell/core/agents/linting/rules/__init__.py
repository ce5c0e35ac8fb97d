"""The rules, one small function each, a file for each thing they look at."""
