"""What can be wrong with runs and their files."""


class NoRecords(ValueError):
    """There is no record of what is to be shown: says of what, and in which folder."""


class NotWhole(ValueError):
    """A file of a run that was cut short, or changed by hand. Says which."""


class RunsFailed(RuntimeError):
    """Some runs have ended in errors; all others are recorded. Says which."""
