"""What the user can mend, told without a stack trace."""


class UserError(Exception):
    """A mistake in the input or the set-up.

    `user_message` says what is wrong and where, `hint` what to do about it (None when the message says it all).
    """

    def __init__(self, user_message: str, hint: str | None = None) -> None:
        super().__init__(user_message)
        self.user_message = user_message
        self.hint = hint

    def __str__(self) -> str:
        return self.user_message if self.hint is None else f"{self.user_message}\n{self.hint}"


class NoRoom(UserError):
    """A disk or a quota that is full. `errno` is ENOSPC or EDQUOT."""

    def __init__(self, user_message: str, hint: str, errno: int) -> None:
        super().__init__(user_message, hint)
        self.errno = errno
