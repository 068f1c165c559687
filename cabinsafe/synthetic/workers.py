"""Work spread over processes that each set up something slow once, such as the model of bodies."""

from __future__ import annotations

import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from cabinsafe.errors import CabinSafeError, ConfigError, DataError, OutputError

Setup = Callable[[], Callable[[int], None]]

THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "OPENCV_FOR_THREADS_NUM",
)
"""Variables that libraries read their number of threads from when they are loaded."""
READY, DONE = "ready", "done"


def retold(error: Exception, where: str = "") -> CabinSafeError:
    """An error with where it happened, as an OutputError, ConfigError, DataError or plain CabinSafeError.

    These hold nothing but their text, so that they can be told from one process to another.
    """
    kinds = (OutputError, ConfigError, DataError)
    kind = next((kind for kind in kinds if isinstance(error, kind)), CabinSafeError)
    text = str(error) if isinstance(error, CabinSafeError) else f"{type(error).__name__}: {error}"
    return kind(f"{where}{text}")


@dataclass(frozen=True)
class _Failure:
    """An error of a process: errors themselves do not all travel between processes."""

    kind: type[CabinSafeError]
    message: str
    trace: str


def spread(
    setup: Setup, items: Iterable[int], processes: int, is_stopped: Callable[[], bool] = lambda: False
) -> Iterator[int]:
    """Call a function on every item, in processes of one thread each.

    Processes are spawned: what a script does when it is imported, it does in each of them. They do not hear
    Ctrl-C; an iterator that is closed or raises ends them. The first is set up before the others start, so
    that what the set-up keeps for later is there for them.

    Args:
        setup: can be pickled; called once in each process for the function.
        items: taken one by one as processes become free.
        processes: how many, at least 1.
        is_stopped: asked before an item is given out; once true, no more are.

    Yields:
        Items as they are done, in any order.

    Raises:
        CabinSafeError: of a process; OutputError, ConfigError and DataError stay what they are, of other
            errors the text is kept. Or a process died.
    """
    waiting = iter(items)
    crew = _Crew(setup)
    try:
        crew.hire()
        while crew.members:
            for link in wait(list(crew.members)):
                assert isinstance(link, Connection)
                answer = crew.answer(link)
                while answer == READY and crew.hired < processes:
                    crew.hire()
                if answer == DONE:
                    yield crew.tasks[link]
                crew.give(link, None if is_stopped() else next(waiting, None))
    finally:
        crew.dismiss()


def catch_up(
    setup: Setup,
    is_done: Callable[[int], bool],
    count: int,
    processes: int,
    is_stopped: Callable[[], bool],
    tell: Callable[[int, int], None] | None = None,
) -> tuple[int, int]:
    """Do those of the first items that are not done yet.

    Args:
        setup: as for :func:`spread`.
        is_done: whether an item was done before.
        count: of items, numbered from 0.
        processes: at most so many.
        is_stopped: as for :func:`spread`.
        tell: called with the numbers of items done now and before, at first and after every item.

    Returns:
        How many were done now, and how many before; fewer than ``count`` in all if it was stopped.

    Raises:
        CabinSafeError: as :func:`spread`.
    """
    pending = [index for index in range(count) if not is_done(index)]
    made, kept = 0, count - len(pending)
    tell = tell or (lambda _made, _kept: None)
    tell(made, kept)
    if pending:
        for _ in spread(setup, pending, min(processes, len(pending)), is_stopped):
            made += 1
            tell(made, kept)
    return made, kept


class _Crew:
    """Processes at work.

    Attributes:
        members: by the link to each.
        tasks: what each was given last.
        hired: how many there have been.
    """

    def __init__(self, setup: Setup) -> None:
        self.members: dict[Connection, BaseProcess] = {}
        self.tasks: dict[Connection, int] = {}
        self.hired = 0
        self._setup = setup
        self._context = get_context("spawn")

    def hire(self) -> None:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_work, args=(theirs, self._setup), daemon=True)
        with _deaf_to_interrupts(), _one_thread():
            process.start()
        theirs.close()
        self.members[ours] = process
        self.hired += 1

    def answer(self, link: Connection) -> str:
        try:
            answer = link.recv()
        except (EOFError, ConnectionError):
            self.members[link].join()
            at_work = f"at number {self.tasks[link]}" if link in self.tasks else "while starting"
            code = self.members[link].exitcode
            raise CabinSafeError(f"a process died {at_work} (exit code {code}); out of memory?") from None
        if isinstance(answer, _Failure):
            raise answer.kind(answer.message) from RuntimeError(answer.trace)
        return str(answer)

    def give(self, link: Connection, item: int | None) -> None:
        """Hand out an item; none sends the process home."""
        try:
            link.send(item)
        except ConnectionError:
            self.answer(link)  # it died: says so
        if item is not None:
            self.tasks[link] = item
            return
        self.members.pop(link).join()
        link.close()

    def dismiss(self) -> None:
        for link, process in self.members.items():
            process.terminate()
            process.join()
            link.close()
        self.members.clear()


def _work(link: Connection, setup: Setup) -> None:
    """What each process does: take items until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        call = setup()
        link.send(READY)
        while (item := link.recv()) is not None:
            call(item)
            link.send(DONE)
    except Exception as error:
        told = retold(error)
        with suppress(OSError):  # the parent may be gone: then this is the end, too
            link.send(_Failure(type(told), str(told), traceback.format_exc()))


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Processes started meanwhile ignore Ctrl-C from their first moment on."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Processes started meanwhile compute with one thread each."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
