"""What a person can put right: a name, a number, a file, a program that is missing.

A `UserError` is one line that says what was given, where, and what to write instead: the command line prints it and ends with
status 2.  Whatever else is raised is a fault of this package, and shows its traceback.
"""


class UserError(ValueError):
    """Something given to this package that it cannot use, told in a sentence.

    >>> issubclass(UserError, ValueError)
    True
    """
