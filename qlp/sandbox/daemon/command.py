"""The command that runs sandboxd in the foreground: settings in, `Post` out."""

from __future__ import annotations

import argparse
import grp
import logging
import os
import pwd
import sys
from collections.abc import Sequence
from pathlib import Path

from qlp.config import Settings
from qlp.errors import InputError, QLPError, SandboxUnavailableError
from qlp.sandbox.daemon.client import daemon_socket
from qlp.sandbox.daemon.keeper import keep
from qlp.sandbox.daemon.post import UNPRIVILEGED_UID, Post

USER = "qlp-sandboxd"
"""Whom sandboxd becomes when root starts it, if there is such a user."""


def make_post(
    settings: Settings,
    *,
    allow: Sequence[str] = (),
    group: str | None = None,
    user: str | None = None,
    watch: int | None = None,
) -> Post:
    """Raises InputError for a user or group that is not there."""
    return Post(
        settings=settings.sandbox,
        home=settings.home,
        socket=daemon_socket(settings.sandbox, settings.home),
        allowed=frozenset({os.geteuid(), *map(_uid, allow)}),
        group=None if group is None else _gid(group),
        user=_worker_uid(user),
        watch=watch,
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Exit 0 after SIGTERM, 2 for wrong arguments, 1 if it cannot work here."""
    parser = argparse.ArgumentParser("sandboxd", description=__doc__)
    parser.add_argument("--socket", type=Path, help="default: QLP_SANDBOX__DAEMON_SOCKET, $QLP_HOME/run/sandboxd.sock")
    parser.add_argument("--allow-uid", action="append", default=[], metavar="UID", help="user that may ask; repeatable")
    parser.add_argument("--group", help="group that may open the socket (mode 0660)")
    parser.add_argument("--user", help=f"whom to become if root starts it; default {USER} or {UNPRIVILEGED_UID}")
    parser.add_argument("--watch", type=int, metavar="PID", help="end when this process ends")
    parser.add_argument("--post", action="store_true", help="read everything from standard input (`qlp up` does)")
    given = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s sandboxd %(levelname)s %(message)s")
    try:
        if given.post:
            _keep(Post.model_validate_json(sys.stdin.read()))
        else:
            run(Settings(), given.socket, given.allow_uid, given.group, given.user, given.watch)
    except QLPError as error:
        print(f"sandboxd: {error.detail}", file=sys.stderr)  # noqa: T201
        return 2 if isinstance(error, InputError) else 1
    return 0


def run(
    settings: Settings,
    socket: Path | None,
    allow: Sequence[str],
    group: str | None,
    user: str | None,
    watch: int | None = None,
) -> None:
    """Until it is ended. Raises QLPError."""
    post = make_post(settings, allow=allow, group=group, user=user, watch=watch)
    _keep(post if socket is None else post.model_copy(update={"socket": socket}))


def _keep(post: Post) -> None:
    if not sys.platform.startswith("linux"):
        raise SandboxUnavailableError("sandboxd needs Linux (SO_PEERCRED); elsewhere QLP opens the engine directly")
    keep(post)


def _worker_uid(user: str | None) -> int:
    if user is not None:
        return _uid(user)
    try:
        return pwd.getpwnam(USER).pw_uid
    except KeyError:
        return UNPRIVILEGED_UID


def _uid(user: str) -> int:
    if user.isdecimal():
        return int(user)
    try:
        return pwd.getpwnam(user).pw_uid
    except KeyError:
        raise InputError(f"there is no user {user!r}") from None


def _gid(group: str) -> int:
    if group.isdecimal():
        return int(group)
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        raise InputError(f"there is no group {group!r}") from None
