"""How a rank begins and ends: who speaks about a mistake, which exit code, and that nothing is left behind.

Exit codes: 0 done · 1 failed · 2 the user's mistake · 143 or 130 stopped by SIGTERM or SIGINT after a checkpoint.
(torchrun itself ends with 1 whenever one of its ranks does not end with 0.)
"""

import contextlib
import os
import signal
import sys
from collections.abc import Callable
from typing import NoReturn

from chexnet.mistakes import NoRoom, UserError
from chexnet.runtime.failure import error_of, write_error_file
from chexnet.runtime.journal import Journal, Warned
from chexnet.runtime.lost_peer import is_lost_peer
from chexnet.runtime.process import die_with_parent
from chexnet.runtime.rank_files import begin_rank, end_rank

USER_MISTAKE = 2
FAILED = 1

# How long another rank waits for rank 0 to tell of the mistake that both have met.
_PATIENCE_SECONDS = 10.0


def run_rank(body: Callable[[], int]) -> NoReturn:
    """Carry out `body`, which returns an exit code, and end the process with it.

    Ends by os._exit: threads of the collectives sometimes abort an interpreter that tears itself down.
    """
    if "RANK" in os.environ:
        # torchrun gives each rank a session of its own; without this its death would leave them behind.
        die_with_parent()
    begin_rank()
    try:
        code = body()
    except UserError as mistake:
        code = _tell(mistake)
    except KeyboardInterrupt:
        code = 128 + signal.SIGINT
    except Exception as error:
        code = _report(error)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    end_rank(code)
    os._exit(code)


def say(text: str) -> None:
    """One line for people. Rank 0 says what is true for all. A log on a full disk is no reason to end."""
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)


def warn(journal: Journal, text: str) -> None:
    """Something that people should know of although the job goes on: in its log and as an event. For rank 0."""
    if journal.path is not None:
        say(f"warning: {text}")
    journal.append(Warned(text=text))


def _tell(mistake: UserError) -> int:
    """Every rank meets the same mistake; one of them says so."""
    code = FAILED if isinstance(mistake, NoRoom) else USER_MISTAKE
    if int(os.environ.get("RANK", "0")) != 0 and _ended_by_others():
        return code
    write_error_file(error_of(mistake))
    hint = "" if mistake.hint is None else f"\n  {mistake.hint}"
    say(f"error: {mistake.user_message}{hint}")
    return code


def _ended_by_others() -> bool:
    """Whether torchrun ends this rank because another one has ended, before patience does."""
    awaited = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, awaited)
    return signal.sigtimedwait(awaited, _PATIENCE_SECONDS) is not None


def _report(error: Exception) -> int:
    failure = error_of(error)
    write_error_file(failure)
    if is_lost_peer(failure.type, failure.message) and "RANK" in os.environ:
        # The rank that ended first has told why.
        say(f"rank {os.environ['RANK']} lost touch with another rank: {failure.message.splitlines()[0]}")
    elif failure.hint is not None:
        say(f"error: {failure.message}\n  {failure.hint}")
    else:
        say(failure.traceback.rstrip())
    return FAILED
