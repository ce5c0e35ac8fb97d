"""Tools: the one door through which tools are called, and the ports behind it."""
