class Stop(Exception):
    """The command cannot go on; its text tells the person at the terminal why and what to do."""
