"""What can go wrong on the command line only."""


class CommandError(Exception):
    """A command cannot do its work; the message is for the person who has typed it."""


class WrongUsage(CommandError):
    """The command line asks for what cannot be, whatever is in the files and installed here."""


class NothingToRead(CommandError):
    """A path leads nowhere, or a folder holds nothing that could be read."""


class UnusableFile(CommandError):
    """A file that a person has named cannot be read or written."""


class WrongTable(CommandError):
    """The file that results are to be appended to is another kind of file, or was made with other options."""


class ServiceFailed(CommandError):
    """The service cannot be reached, or refuses what it is asked."""


def reason_of(error: Exception) -> str:
    """What the system says, without its numbers and without names that a person has not given."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
