"""The root of every error a person can do something about."""


class HeadstartError(Exception):
    """Its message is one line that says what is wrong and what to do."""
