"""The parent of sandboxd: keeps its socket, brings it back when it dies, and opens the engine's socket for it.

The worker talks to callers and to the engine, under an unprivileged uid where there is root to give up. This process
stays what it was started as, and does little, none of which reads what a caller sends: it holds the listening socket
(callers queue while a new worker starts), passes connections to the engine down, tells the profiles, and waits.
So the engine's socket may be 0600 in a folder that nobody else can enter, and may come back as another inode.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import selectors
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import TypeAdapter

from qlp.errors import ConflictError, InputError
from qlp.sandbox.container_host import ProfileTable, profile_table
from qlp.sandbox.daemon.address import address
from qlp.sandbox.daemon.post import Post
from qlp.sandbox.engine import engine_url
from qlp.sandbox.engine_calls import dial_url

log = logging.getLogger(__name__)

ENGINE, PROFILES = b"engine", b"profiles"
BACKLOG = 64
_STOP_S = 25.0
_BACKOFF_S = (0.1, 0.5, 1.0, 2.0, 5.0)
_LIVED_S = 30.0
"""A worker that lived this long starts the backoff anew."""


def keep(post: Post) -> None:
    """Until SIGTERM, SIGINT or the end of `post.watch`. Raises ConflictError if another one runs."""
    lock = _lock(post.socket)
    listener = _listen(post)
    try:
        _Keeper(post, listener).run()
    finally:
        listener.close()
        with contextlib.suppress(FileNotFoundError):
            post.socket.unlink()
        os.close(lock)


def through_keeper(url: str) -> bool:
    """Whether the keeper opens connections to this engine; TCP needs no right that the worker lacks."""
    return urlsplit(url).scheme == "unix"


def _lock(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise ConflictError(f"a sandboxd works at {path} already") from error
    return descriptor


def _listen(post: Post) -> socket.socket:
    """Bound as 0600: there is no moment at which others could connect."""
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(post.socket.lstat().st_mode):
            raise InputError(f"{post.socket} is not a socket: name another path for sandboxd")
        post.socket.unlink()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    before = os.umask(0o177)
    try:
        with address(post.socket) as name:
            listener.bind(name)
    finally:
        os.umask(before)
    if post.group is not None:
        os.chown(post.socket, -1, post.group)
        post.socket.chmod(0o660)
    listener.listen(BACKLOG)
    return listener


class _Keeper:
    """One selector, no threads. Nothing here may block for longer than a connect to the engine."""

    def __init__(self, post: Post, listener: socket.socket) -> None:
        self._post = post
        self._listener = listener
        self._url = engine_url(post.settings, post.home)
        self._stopping = False
        self._selector = selectors.DefaultSelector()
        self._wake, self._waker = socket.socketpair()
        for end in (self._wake, self._waker):
            end.setblocking(False)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: None)  # the number comes through the wakeup descriptor
        self._selector.register(self._wake, selectors.EVENT_READ, self._signalled)
        self._watched = -1 if post.watch is None else os.pidfd_open(post.watch)
        if self._watched >= 0:
            self._selector.register(self._watched, selectors.EVENT_READ, self._stop)
        self._worker: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def run(self) -> None:
        failures = 0
        while True:
            began = time.monotonic()
            self._attend(self._spawn())
            if self._stopping:
                return
            failures = 0 if time.monotonic() - began > _LIVED_S else failures + 1
            pause = _BACKOFF_S[min(failures, len(_BACKOFF_S) - 1)]
            log.warning("sandboxd's worker ended; a new one starts in %g s", pause)
            self._idle(pause)
            if self._stopping:
                return

    def _spawn(self) -> subprocess.Popen[bytes]:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            worker = subprocess.Popen(
                [sys.executable, "-m", "qlp.sandbox.daemon.worker", str(self._listener.fileno()), str(theirs.fileno())],
                stdin=subprocess.PIPE,
                pass_fds=(self._listener.fileno(), theirs.fileno()),
                env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
            )
        assert worker.stdin
        with contextlib.suppress(BrokenPipeError), worker.stdin as stdin:
            stdin.write(self._post.model_dump_json().encode())
        self._control = ours
        self._selector.register(ours, selectors.EVENT_READ, self._asked)
        self._worker = worker
        return worker

    def _attend(self, worker: subprocess.Popen[bytes]) -> None:
        """Serve the worker until it has ended."""
        descriptor = os.pidfd_open(worker.pid)
        ended: list[bool] = []
        self._selector.register(descriptor, selectors.EVENT_READ, lambda: ended.append(True))
        patience: float | None = None
        try:
            while not ended:
                if self._stopping and patience is None:
                    patience = time.monotonic() + _STOP_S
                    worker.terminate()
                left = None if patience is None else patience - time.monotonic()
                if left is not None and left <= 0:
                    worker.kill()
                    left = None
                self._events(left)
        finally:
            self._selector.unregister(descriptor)
            os.close(descriptor)
            self._drop_control()
            worker.wait()
            self._worker = None

    def _idle(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self._stopping and (left := end - time.monotonic()) > 0:
            self._events(left)

    def _events(self, timeout: float | None) -> None:
        for key, _ in self._selector.select(timeout):
            key.data()

    def _signalled(self) -> None:
        for number in self._wake.recv(64):
            if number in (signal.SIGTERM, signal.SIGINT):
                self._stop()
            elif number == signal.SIGHUP and self._worker:
                self._worker.terminate()  # a new one starts

    def _stop(self) -> None:
        self._stopping = True
        if self._watched >= 0:
            self._selector.unregister(self._watched)
            os.close(self._watched)
            self._watched = -1

    def _asked(self) -> None:
        """The worker's two questions: a connection to the engine, the profiles (their files may be ours alone)."""
        assert self._control
        try:
            question = self._control.recv(16)
            if question == ENGINE:
                self._send_engine(self._control)
            elif question == PROFILES:
                table = profile_table(self._post.settings, self._post.home)
                self._control.send(TypeAdapter(ProfileTable).dump_json(table))
            else:
                self._drop_control()
        except OSError as error:
            log.warning("the worker is gone: %s", error)
            self._drop_control()

    def _send_engine(self, control: socket.socket) -> None:
        try:
            connection = dial_url(self._url)()
        except OSError as error:
            control.send(repr(error).encode()[:1000])
            return
        with connection:
            socket.send_fds(control, [b"+"], [connection.fileno()])

    def _drop_control(self) -> None:
        if self._control:
            self._selector.unregister(self._control)
            self._control.close()
            self._control = None
