"""sandboxd itself: `python -m qlp.sandbox.daemon.worker LISTENER CONTROL`, started by its keeper alone.

What needs the starting user's rights is done first (files of the package and of the home, certificates); then root is
given up, and nothing but sockets that are open already, or that the keeper opens, is used.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import logging
import os
import select
import signal
import socket
import sys
import threading

from pydantic import TypeAdapter

from qlp.errors import SandboxUnavailableError
from qlp.sandbox import engine
from qlp.sandbox.container import create_options
from qlp.sandbox.container_host import ContainerHost, ProfileTable
from qlp.sandbox.daemon.keeper import ENGINE, PROFILES, through_keeper
from qlp.sandbox.daemon.policy import Policy
from qlp.sandbox.daemon.post import Post
from qlp.sandbox.daemon.server import Server
from qlp.sandbox.engine_calls import Dial, dial_url
from qlp.sandbox.ownership import Register
from qlp.sandbox.protocol import Limits

log = logging.getLogger(__name__)

_ASK_S = 15.0
_MOST = 1 << 18
_TABLE: TypeAdapter[ProfileTable] = TypeAdapter(ProfileTable)
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38


class Keeper:
    """What only the keeper can reach. Blocking, safe to use from several threads."""

    def __init__(self, control: socket.socket) -> None:
        control.settimeout(_ASK_S)
        self._control = control
        self._asking = threading.Lock()
        self._broken = False

    def dial(self) -> socket.socket:
        """A connection to the engine. Raises OSError."""
        told, descriptors = self._ask(ENGINE)
        if not descriptors:
            raise ConnectionError(told.decode("utf-8", "replace") or "the keeper is gone")
        return socket.socket(fileno=descriptors[0])

    def profiles(self) -> ProfileTable:
        """Read anew each time: an operator may have added one. Raises OSError."""
        told, _ = self._ask(PROFILES)
        return _TABLE.validate_json(told or b"{}")

    def _ask(self, question: bytes) -> tuple[bytes, list[int]]:
        with self._asking:
            if self._broken:  # a late answer would be taken for the next one's
                raise ConnectionError("the keeper did not answer")
            try:
                self._control.send(question)
                told, descriptors, _, _ = socket.recv_fds(self._control, _MOST, 1, socket.MSG_CMSG_CLOEXEC)
            except OSError:
                self._broken = True
                raise
        return told, descriptors


def give_up_root(uid: int) -> bool:
    """Become `uid` with no group but its own, for good. False where there is no root, or no such uid to become."""
    if os.geteuid() != 0:
        return False
    try:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    except OSError as error:  # a user namespace that maps root only
        log.warning("root was not given up: %s", error)
        return False
    return True


def harden() -> None:
    """No privileges by exec, no core, no ptrace by others of this uid."""
    libc = ctypes.CDLL(None, use_errno=True)
    for option, value in ((_PR_SET_NO_NEW_PRIVS, 1), (_PR_SET_DUMPABLE, 0)):
        if libc.prctl(option, value, 0, 0, 0) != 0:
            log.warning("prctl %d: %s", option, os.strerror(ctypes.get_errno()))


async def _serve(server: Server, parent: int) -> None:
    """Until SIGTERM, or until the keeper is gone."""
    loop = asyncio.get_running_loop()
    serving = asyncio.create_task(server.serve(), name="sandboxd")
    loop.add_signal_handler(signal.SIGTERM, serving.cancel)
    loop.add_reader(parent, serving.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await serving


async def _warm_up(host: ContainerHost) -> None:
    """Imports what a call to the engine imports, and writes what Podman wants to read, while that can be done."""
    try:
        await host.look()
        await host.facts()
    except SandboxUnavailableError as error:
        log.warning("no engine answers yet: %s", error)


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s sandboxd %(levelname)s %(message)s")
    parent = os.pidfd_open(os.getppid())
    listener = socket.socket(fileno=int(sys.argv[1]))
    control = socket.socket(fileno=int(sys.argv[2]))
    for end in (listener, control):
        os.set_inheritable(end.fileno(), False)
    post = Post.model_validate_json(sys.stdin.read())
    if select.select([parent], [], [], 0)[0]:
        return  # it ended before we knew it
    url = engine.engine_url(post.settings, post.home)
    keeper = Keeper(control)
    dial: Dial = keeper.dial if through_keeper(url) else dial_url(url)
    register = Register(post.home)
    create_options("", {}, Limits(), runtime=None)  # reads and caches the package's data
    host = ContainerHost(post.settings, post.home, dial=dial, register=register, table=keeper.profiles)
    asyncio.run(_warm_up(host))
    dropped = False
    if post.user is not None and os.geteuid() == 0:
        os.fchown(register.fd, post.user, post.user)
        dropped = give_up_root(post.user)
    harden()
    server = Server(host, Policy.of(post.settings), listener, post.allowed, dropped=dropped)
    asyncio.run(_serve(server, parent))
    host.close()


if __name__ == "__main__":
    main()
