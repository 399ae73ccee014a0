"""What can go wrong on the command line only."""


class CommandError(Exception):
    """A command cannot do its work; the message is for the person who has typed it."""


class NothingToRead(CommandError):
    """A path leads nowhere, or a folder holds nothing that could be read."""


class WrongTable(CommandError):
    """The file that results are to be appended to is another kind of file."""


class ServiceFailed(CommandError):
    """The service cannot be reached, or refuses what it is asked."""
