"""What a person can act on: the commands print its text and exit 1, without a stack trace."""


class Fault(Exception):
    pass
