"""Which repositories may be fetched, and from which addresses: an API that clones must not become a way inside."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from qlp.errors import InputError
from qlp.models._base import Frozen

_REF = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._/+@-]{0,198}[A-Za-z0-9])?")
_PATH = re.compile(r"(?:/[A-Za-z0-9._~+-]+)+/?")
_RESOLVE_S = 10.0


class Remote(Frozen):
    """A repository that may be fetched: the URL as it is given to git, and the addresses that it was checked with."""

    url: str
    scheme: str
    host: str
    port: int
    addresses: tuple[str, ...]


async def allowed_remote(url: str, hosts: Iterable[str]) -> Remote:
    """Raises InputError for anything but https without credentials, to an allowed host with public addresses.

    `hosts`: see `ValidationSettings.git_hosts`.
    """
    scheme, host, port, path = _parts(url)
    listed = tuple(hosts)
    default = port == (443 if scheme == "https" else 80)
    here = f"[{host}]" if ":" in host else host
    if scheme == "https" and default and host in listed:
        inside_ok = False
    elif (scheme == "https" and f"{here}:{port}" in listed) or f"{scheme}://{here}:{port}" in listed:
        inside_ok = True  # an operator named this very port
    else:
        raise InputError(
            f"git repositories are fetched over https from {', '.join(listed) or 'nowhere'}; {scheme}://{host}:{port} "
            "is none of them (setting validation.git_hosts)"
        )
    addresses = await _resolve(host, port)
    if not inside_ok:
        for address in addresses:
            if not _public(address):
                raise InputError(f"{host} resolves to {address}, which is no public address: it is not fetched")
    told = f"{scheme}://{here}{'' if default else f':{port}'}{path}"
    return Remote(url=told, scheme=scheme, host=host, port=port, addresses=addresses)


def check_ref(ref: str) -> str:
    """A branch, a tag or a commit. Raises InputError for what git could take for something else."""
    if not _REF.fullmatch(ref) or ".." in ref or "@{" in ref or "//" in ref or ref.endswith(".lock"):
        raise InputError(f"{ref!r} is no name of a branch, tag or commit")
    return ref


def _parts(url: str) -> tuple[str, str, int, str]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InputError(f"this is no URL: {error}") from error
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise InputError("a git URL is https://HOST/PATH; other protocols are off")
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise InputError("a git URL must hold no credentials: only public repositories are fetched")
    if parts.query or parts.fragment:
        raise InputError("a git URL has no query and no fragment; name a branch or commit as `ref`")
    if not _PATH.fullmatch(parts.path) or any(part in (".", "..") for part in parts.path.split("/")):
        raise InputError("the path of a git URL holds letters, digits and . _ ~ + - only")
    host = parts.hostname.rstrip(".").lower()
    return parts.scheme, host, port or (443 if parts.scheme == "https" else 80), parts.path


async def _resolve(host: str, port: int) -> tuple[str, ...]:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(_RESOLVE_S):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError) as error:
        raise InputError(f"{host} has no address that can be found from here") from error
    return tuple(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


def _public(address: str) -> bool:
    ip = ipaddress.ip_address(address.split("%", 1)[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is not None and not inner.is_global:
            return False
    return ip.is_global and not ip.is_multicast
