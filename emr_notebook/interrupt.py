"""Ends a command at Ctrl-C with one line and status 130, whatever it is at."""

import os
import signal
import sys
import threading
from collections.abc import Callable

# A shell's status of what Ctrl-C ended.
INTERRUPTED = 130
CLEAR_LINE, SHOW_CURSOR = "\r\x1b[2K", "\x1b[?25h"


def run_interruptibly(load: Callable[[], Callable[[], None]]) -> None:
    """Run what `load` imports and returns; `load` opens nothing that would have to be closed."""
    signal.signal(signal.SIGINT, _end_at_once)
    run = load()
    signal.signal(signal.SIGINT, _interrupt)
    try:
        run()
    except KeyboardInterrupt:
        _leave()
    except SystemExit as end:
        if end.code == INTERRUPTED:
            _leave()
        raise


def _end_at_once(*_: object) -> None:
    """While modules are loaded, some of which let no exception through; nothing is open yet."""
    _say()
    os._exit(INTERRUPTED)


def _interrupt(*_: object) -> None:
    """Say it, and let nobody add to it: Node, which Ctrl-C ends too, would show a stack trace."""
    _say()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    raise KeyboardInterrupt


def _say() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    terminal = f"{CLEAR_LINE}{SHOW_CURSOR}" if sys.stderr.isatty() else ""
    os.write(2, f"{terminal}error: interrupted\n".encode())


def _leave() -> None:
    """End at once where Python would wait for the calls to AWS that are under way."""
    others = [each for each in threading.enumerate() if each is not threading.main_thread()]
    if any(not each.daemon for each in others):
        os._exit(INTERRUPTED)
    sys.exit(INTERRUPTED)
