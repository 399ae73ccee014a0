"""What can go wrong in the trainer in a way that its user can mend."""


class TrainerError(Exception):
    """A sentence for the person at the terminal: what happened, and what to do. Shown without a traceback."""
