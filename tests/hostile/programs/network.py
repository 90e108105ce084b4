"""Ways out through sockets."""

from __future__ import annotations

from tests.hostile.program import Program
from tests.hostile.verdict import Expected

_NOWHERE = "ENETUNREACH|EHOSTUNREACH"
_ALL = ("job", "fork", "session")

PROGRAMS = (
    Program(
        id="internet",
        item="AF_INET",
        tries="reach the outside by TCP, UDP, raw packets and names",
        source="""
def tcp(host, port, family=socket.AF_INET):
    with socket.socket(family) as s:
        s.settimeout(2); s.connect((host, port))
def udp(): socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("8.8.8.8", 53))
def name():
    try: socket.getaddrinfo("example.com", 80)
    except socket.gaierror as e: raise OSError(errno.ENETUNREACH, str(e))
verdict(tcp=outcome(tcp, "1.1.1.1", 53), private=outcome(tcp, "10.0.0.1", 80), docker=outcome(tcp, "172.17.0.1", 2375),
        ipv6=outcome(tcp, "2606:4700:4700::1111", 53, socket.AF_INET6), udp=outcome(udp), name=outcome(name),
        raw=outcome(socket.socket, socket.AF_INET, socket.SOCK_RAW, 1), interfaces=",".join(n for _, n in socket.if_nameindex()))
""",
        expected=Expected(
            ends=("exit 0",),
            facts={
                **dict.fromkeys(("tcp", "private", "docker", "udp", "name"), _NOWHERE),
                "ipv6": f"{_NOWHERE}|EADDRNOTAVAIL|EAFNOSUPPORT",
                "raw": "EPERM",
                "interfaces": "lo",
            },
        ),
        modes=_ALL,
        control="root",
        control_facts=("raw",),
    ),
    Program(
        id="metadata_service",
        item="metadata IP",
        tries="ask the cloud's metadata service for credentials",
        source="""
def ask(host, family=socket.AF_INET):
    with socket.socket(family) as s:
        s.settimeout(2); s.connect((host, 80))
verdict(v4=outcome(ask, "169.254.169.254"), ecs=outcome(ask, "169.254.170.2"), v6=outcome(ask, "fd00:ec2::254", socket.AF_INET6))
""",
        expected=Expected(
            ends=("exit 0",),
            facts={"v4": _NOWHERE, "ecs": _NOWHERE, "v6": f"{_NOWHERE}|EADDRNOTAVAIL|EAFNOSUPPORT"},
        ),
    ),
    Program(
        id="host_loopback",
        item="AF_INET",
        tries="reach a server on the host's loopback (the suite runs one)",
        source="""
def connect():
    with socket.socket() as s:
        s.settimeout(2); s.connect(("127.0.0.1", int(os.environ["HOSTILE_PORT"])))
def own():
    with socket.create_server(("127.0.0.1", 0)) as s: socket.create_connection(s.getsockname(), 2).close()
verdict(host=outcome(connect), own=outcome(own))
""",
        expected=Expected(ends=("exit 0",), facts={"host": "ECONNREFUSED", "own": "OK"}),
        modes=_ALL,
        control="root",
        control_facts=("host",),
    ),
    Program(
        id="families",
        item="NETLINK/VSOCK",
        tries="open sockets of families that lead to the machine or its hypervisor",
        source="""
verdict(**{name: outcome(socket.socket, number, kind) for name, number, kind in (
    ("vsock", 40, socket.SOCK_STREAM), ("vsock_dgram", 40, socket.SOCK_DGRAM), ("packet", 17, socket.SOCK_RAW), ("alg", 38, socket.SOCK_SEQPACKET),
    ("bluetooth", 31, socket.SOCK_RAW), ("can", 29, socket.SOCK_RAW), ("key", 15, socket.SOCK_RAW), ("tipc", 30, socket.SOCK_RDM),
    ("rds", 21, socket.SOCK_SEQPACKET), ("xdp", 44, socket.SOCK_RAW), ("smc", 43, socket.SOCK_STREAM))})
""",
        expected=Expected(
            ends=("exit 0",),
            facts=dict.fromkeys(
                ("vsock", "vsock_dgram", "packet", "alg", "bluetooth", "can", "key", "tipc", "rds", "xdp", "smc"),
                "EPERM",
            ),
        ),
        modes=_ALL,
        control="root",
        # What a kernel does not have it answers by EAFNOSUPPORT, which is not EPERM either: the filter was asked first.
    ),
    Program(
        id="netlink",
        item="NETLINK/VSOCK",
        tries="make a network interface and an address by rtnetlink, listen to the kernel's events and audit log",
        source="""
def ask(kind, body):
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as s:
        s.settimeout(2)
        s.send(struct.pack("=IHHII", 16 + len(body), kind, 0x605, 1, 0) + body)
        code = struct.unpack("=i", s.recv(4096)[16:20])[0]
        if code: raise OSError(-code, "netlink")
kind = b"dummy\\0\\0\\0"
info = struct.pack("=HH", 4 + len(kind) , 1) + kind
link = struct.pack("=BxHiII", 0, 0, 0, 0, 0xFFFFFFFF) + struct.pack("=HH", 4 + len(info), 18) + info
address = struct.pack("=BBBBi", 2, 8, 0, 0, 1) + struct.pack("=HH4s", 8, 2, bytes((10, 9, 9, 9))) + struct.pack("=HH4s", 8, 1, bytes((10, 9, 9, 9)))
def audit():
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 9) as s:
        s.settimeout(2)
        s.send(struct.pack("=IHHII", 16, 1000, 5, 1, 0))
        code = struct.unpack("=i", s.recv(4096)[16:20])[0]
        if code: raise OSError(-code, "audit")
verdict(link=outcome(ask, 16, link), address=outcome(ask, 20, address), audit=outcome(audit))
""",
        expected=Expected(
            ends=("exit 0",),
            facts={"link": "EPERM|EACCES", "address": "EPERM|EACCES", "audit": "EPERM|ECONNREFUSED|EPROTONOSUPPORT"},
        ),
        modes=_ALL,
        control="namespaces",
        control_facts=("address",),
    ),
    Program(
        id="abstract_sockets",
        item="abstract sockets",
        tries="connect to an abstract Unix socket of the host (the suite listens on one) and to the engine's",
        source="""
def connect(path):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(2); s.connect(path)
listed = [l.split()[-1] for l in open("/proc/net/unix").read().splitlines()[1:] if "@" in l or "/" in l]
verdict(abstract=outcome(connect, "\\0" + os.environ["HOSTILE_ABSTRACT"]), engine=outcome(connect, "/var/run/docker.sock"),
        containerd=outcome(connect, "/run/containerd/containerd.sock"), listed="some" if any(os.environ["HOSTILE_ABSTRACT"] in l for l in listed) else "none")
""",
        expected=Expected(
            ends=("exit 0",),
            facts={
                "abstract": "ECONNREFUSED",
                "engine": "ENOENT|EACCES",
                "containerd": "ENOENT|EACCES",
                "listed": "none",
            },
        ),
        modes=_ALL,
        control="root",
        control_facts=("abstract", "listed"),
    ),
)
