"""The error of this package: the commands print its text and exit with 1, without a stack trace."""


class DevstackError(Exception):
    pass
