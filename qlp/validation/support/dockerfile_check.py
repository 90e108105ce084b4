"""Runs in the sandbox: `dockerfile_check.py syntax|style|security` over Dockerfiles named on standard input.

The rules are those of the Dockerfile reference and the important ones of hadolint, whose codes they carry where they
are the same.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable

from qlp_dockerfile import INSTRUCTIONS, Instruction, parse, words  # type: ignore[import-not-found]
from qlp_report import Report, texts  # type: ignore[import-not-found]

Add = Callable[[str, str, str, Instruction], None]

_STAGE = re.compile(r"^(\S+)(?:\s+[Aa][Ss]\s+([a-zA-Z][\w.-]*))?$")
_PORT = re.compile(r"(?:\d+(?:-\d+)?|\$\{?\w+[^/]*\}?)(?:/(?:tcp|udp|sctp))?", re.I)
_SECRET = re.compile(
    r"(?:^|_)(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY|CREDENTIALS?)(?:$|_(?!FILE|PATH|NAME|URL|TTL|EXPIR|LENGTH|ALGORITHM|HEADER))",
    re.I,
)
_PLACEHOLDER = re.compile(r"^$|^[<$%{]|change[-_]?me|replace[-_]?me|^(?:x+|\*+|true|false|\d{1,5})$|^/|^your[-_]", re.I)
_APT = re.compile(r"\bapt-get\s+(?:-\S+\s+|\S+=\S+\s+)*install\b")
_PIPED = re.compile(r"\b(?:curl|wget)\b[^|;&\n]*\|\s*(?:sudo\s+)?(?:ba|da|z|k)?sh\b")
_SHELLS = ("bash", "sh", "ash", "zsh", "cmd", "powershell")


def stages(file: list[Instruction]) -> list[list[Instruction]]:
    made: list[list[Instruction]] = []
    for one in file:
        if one.name == "FROM":
            made.append([])
        if made:
            made[-1].append(one)
    return made


def syntax(add: Add, file: list[Instruction]) -> None:
    if not file:
        return
    seen = False
    names: set[str] = set()
    for one in file:
        if one.name not in INSTRUCTIONS:
            add("unknown-instruction", "critical", f"{one.name[:40]} is no instruction{_nearest(one.name)}", one)
            continue
        if one.name == "FROM":
            seen = True
        elif not seen and one.name != "ARG":
            add("DL3061", "critical", f"{one.name} stands before the first FROM; only ARG may", one)
            seen = True
        if one.unterminated:
            add("unterminated-heredoc", "critical", f"the heredoc {one.unterminated} is never closed", one)
        if one.dangling:
            add(
                "dangling-continuation",
                "critical",
                "the instruction ends in a continuation mark and nothing follows",
                one,
            )
        _arguments(add, one, names)
    if not any(one.name == "FROM" for one in file):
        add("no-from", "critical", "the file has no FROM: there is nothing to build on", file[0])


def _arguments(add: Add, one: Instruction, names: set[str]) -> None:
    name, args = one.name, one.args
    if not args and not one.heredocs:
        add("missing-argument", "critical", f"{name} needs an argument", one)
        return
    if name == "FROM":
        m = _STAGE.match(args)
        if not m:
            add("syntax-error", "critical", "FROM takes `image [AS name]`", one)
        elif m[2]:
            if m[2].lower() in names:
                add("DL3024", "critical", f"two stages are called {m[2]}", one)
            names.add(m[2].lower())
    elif name in ("CMD", "ENTRYPOINT", "RUN", "SHELL", "VOLUME", "COPY", "ADD") and args.startswith("["):
        _exec_form(add, one)
    elif name == "SHELL":
        add("syntax-error", "critical", 'SHELL takes a JSON list such as ["/bin/bash", "-c"]', one)
    elif name in ("RUN", "CMD", "ENTRYPOINT"):
        if not one.heredocs and words(args) is None and "#" not in args and "$'" not in args and "`" not in args:
            add("unclosed-quote", "critical", "a quote is not closed", one)
    elif name in ("COPY", "ADD"):
        parts = words(args)
        if parts is not None and len(parts) < 2 and not one.heredocs:
            add("missing-argument", "critical", f"{name} needs a source and a destination", one)
        elif parts is not None and len(parts) > 2 and not parts[-1].endswith(("/", "\\", ".")) and "$" not in parts[-1]:
            add("DL3021", "critical", "with more than one source the destination must be a folder that ends in /", one)
    elif name == "EXPOSE":
        for port in args.split("#")[0].split():
            numbers = [int(n) for n in re.findall(r"\d+", port.split("/")[0])] if "$" not in port else []
            if not _PORT.fullmatch(port) or any(not 0 < n <= 65535 for n in numbers):
                add("DL3011", "critical", f"{port} is no port: 1 to 65535, /tcp or /udp", one)
    elif name in ("ENV", "LABEL"):
        parts = words(args)
        if parts is None and "\\" not in args:
            add("unclosed-quote", "critical", "a quote is not closed", one)
        elif parts and "=" in parts[0] and any("=" not in p for p in parts):
            add(
                "syntax-error",
                "critical",
                f"{name}: every part must be name=value; a value with spaces needs quotes",
                one,
            )
        elif parts and len(parts) == 1 and "=" not in parts[0]:
            add("syntax-error", "critical", f"{name} needs a name and a value", one)
    elif name == "ARG":
        for part in words(args) or []:
            if not re.match(r"[A-Za-z_]\w*(?:=|$)", part):
                add("syntax-error", "critical", f"{part!r} is no name of a variable", one)
    elif name == "HEALTHCHECK" and args.split()[0].upper() not in ("NONE", "CMD"):
        add("syntax-error", "critical", "HEALTHCHECK takes CMD with a command, or NONE", one)
    elif name == "ONBUILD" and args.split()[0].upper() not in INSTRUCTIONS:
        add("unknown-instruction", "critical", f"{args.split()[0][:40]} is no instruction", one)
    elif name == "USER" and len(args.split("#")[0].split()) > 1:
        add("syntax-error", "critical", "USER takes one user", one)


def _exec_form(add: Add, one: Instruction) -> None:
    """A list that is no JSON is silently run by a shell, which does not know a command called `[`."""
    try:
        value = json.loads(one.args)
    except (ValueError, RecursionError):
        if one.name == "RUN" and re.match(r"\[\[?\s", one.args):
            return  # the shell's own test command
        add("exec-form", "critical", f"{one.name}: the list is no JSON (double quotes, commas between the words)", one)
        return
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        add("exec-form", "critical", f"{one.name}: the list may hold strings only", one)


def _nearest(name: str) -> str:
    same = [i for i in INSTRUCTIONS if sorted(i) == sorted(name) or i.startswith(name[:3]) or name.startswith(i)]
    return f"; is {same[0]} meant?" if same else ""


def style(add: Add, file: list[Instruction]) -> None:
    known = {m[2].lower() for one in file if one.name == "FROM" and (m := _STAGE.match(one.args)) and m[2]}
    count = sum(one.name == "FROM" for one in file)
    for stage in stages(file):
        for name, code in (("CMD", "DL4003"), ("ENTRYPOINT", "DL4004"), ("HEALTHCHECK", "DL3012")):
            several = [one for one in stage if one.name == name]
            for one in several[:-1]:
                add(code, "medium", f"a later {name} replaces this one", one)
        _stage(add, stage, known, count)
    for one in file:
        if one.name == "MAINTAINER":
            add("DL4000", "low", "MAINTAINER is deprecated; use a label", one)


def _stage(add: Add, stage: list[Instruction], known: set[str], count: int) -> None:
    updated = False
    for one in stage:
        if one.name == "FROM":
            _base(add, one, known)
        elif one.name == "RUN":
            _run(add, one, updated)
            updated = updated or bool(re.search(r"\bapt-get\s+(?:-\S+\s+)*update\b", one.script))
        elif one.name == "WORKDIR" and re.match(r"[A-Za-z_.]", one.args) and not re.match(r"[A-Za-z]:", one.args):
            add("DL3000", "medium", "WORKDIR is relative: where it leads depends on the base image", one)
        elif one.name == "ADD":
            sources = (words(one.args) or [])[:-1]
            plain = [
                s
                for s in sources
                if not re.match(r"https?://|git@|ftp://", s)
                and not re.search(r"\.(?:tar|tgz|tbz2?|txz|tar\.\w+|gz|xz|bz2)$", s)
            ]
            if sources and plain and not one.heredocs:
                add("DL3020", "medium", "ADD also unpacks archives and fetches addresses; COPY copies files", one)
        elif one.name == "COPY" and (origin := one.flags.get("from", "")):
            if origin.isdigit() and int(origin) >= count:
                add("DL3022", "medium", f"there is no stage {origin}", one)
            elif (
                re.fullmatch(r"[a-z][\w-]*", origin)
                and origin.lower() not in known
                and count > 1
                and not _image(origin)
            ):
                add("DL3022", "medium", f"no stage is called {origin}", one)


def _image(name: str) -> bool:
    return name in ("alpine", "busybox", "debian", "ubuntu", "nginx", "node", "python", "golang", "scratch", "redis")


def _base(add: Add, one: Instruction, known: set[str]) -> None:
    image = one.args.split()[0] if one.args else ""
    last = image.rsplit("/", 1)[-1]
    if image.lower() in known or image == "scratch" or "$" in image or "@" in image:
        return
    if ":" not in last:
        add("DL3006", "low", f"{image} has no tag: which image is meant changes without a change here", one)
    elif last.endswith(":latest"):
        add("DL3007", "medium", f"{image}: which image is meant changes without a change here", one)


def _run(add: Add, one: Instruction, updated: bool) -> None:
    script = one.script
    commands = re.split(r"&&|\|\||;|\n|(?<!\|)\|(?!\|)", script)
    for command in commands:
        if m := _APT.search(command):
            parts = command.split()
            flags = [p for p in parts if p.startswith("-")]
            if not any(
                f in ("--yes", "--assume-yes", "--quiet=2", "-qq") or (re.match(r"-[a-zA-Z]*y", f)) for f in flags
            ):
                add("DL3014", "medium", "apt-get install asks a question that nobody answers; add -y", one)
            if not any(f == "--no-install-recommends" for f in flags):
                add(
                    "DL3015",
                    "info",
                    "apt-get installs what is recommended too; --no-install-recommends keeps it small",
                    one,
                )
            del m
        if re.match(r"\s*(?:\(\s*)?sudo\s", command):
            add("DL3004", "medium", "sudo in a build; use USER", one)
        if re.match(r"\s*apt\s+(?:-\S+\s+)*(?:install|update|upgrade)\b", command):
            add("DL3027", "low", "apt is for terminals; use apt-get", one)
        if (
            re.search(r"\bapk\s+(?:-\S+\s+)*add\b", command)
            and "--no-cache" not in command
            and "apk update" not in script
        ):
            add("DL3019", "info", "apk add without --no-cache", one)
        if re.search(r"\b(?:pip3?|python3? -m pip)\s+install\b", command) and "--no-cache-dir" not in command:
            add("DL3042", "info", "pip keeps its cache in the image; --no-cache-dir", one)
        if re.match(r"\s*cd\s+\S+\s*$", command) and len([c for c in commands if c.strip()]) == 1:
            add("DL3003", "medium", "cd alone in a RUN has no effect on the next one; use WORKDIR", one)
        if re.search(r"\b(?:yum|dnf|microdnf)\s+(?:-\S+\s+)*install\b", command) and not re.search(
            r"\s-\w*y|--assumeyes", command
        ):
            add("DL3030", "medium", "the install asks a question that nobody answers; add -y", one)
    if _APT.search(script) and not updated and not re.search(r"\bapt-get\s+(?:-\S+\s+)*update\b", script):
        add("DL3009", "medium", "apt-get install without apt-get update: the base image has no package lists", one)
    if re.search(r"\bapt-get\s+(?:-\S+\s+)*update\b", script) and len([c for c in commands if c.strip()]) == 1:
        add(
            "DL3009-alone",
            "medium",
            "apt-get update alone in a RUN is cached and goes stale; join it with the install",
            one,
        )


def security(add: Add, file: list[Instruction]) -> None:
    for one in file:
        if one.name == "ENV" or one.name == "ARG":
            _secrets(add, one)
        elif one.name == "RUN":
            if _PIPED.search(one.script):
                add("curl-to-shell", "medium", "a script from the network is run without a check of what it is", one)
            if re.search(r"\bchmod\s+(?:-\w+\s+)*(?:a\+rwx|0?777)\b", one.script):
                add("world-writable", "medium", "everybody may write to what chmod 777 is given", one)
            if re.search(
                r"(?:curl\b[^|;&\n]*\s(?:-k|--insecure)\b|wget\b[^|;&\n]*--no-check-certificate|--trusted-host|--allow-unauthenticated|NODE_TLS_REJECT_UNAUTHORIZED=0|strict-ssl\s+false|http\.sslVerify\s+false)",
                one.script,
            ):
                add("no-tls-check", "medium", "the certificate of the other side is not checked", one)
            if re.search(r"(?:echo|printf)\s+['\"]?root:\S+['\"]?\s*\|\s*chpasswd", one.script):
                add("root-password", "high", "root gets a password that everybody can read here", one)
            if re.search(r"https?://[^/\s:@]+:[^/\s:@$]{3,}@", one.script):
                add("secret-in-image", "high", "an address with a password stays in the image's history", one)
        elif one.name == "EXPOSE" and re.search(r"(?:^|\s)22(?:/tcp)?(?:\s|$)", one.args):
            add("ssh", "low", "an SSH server in a container", one)
        elif one.name == "ADD" and re.search(r"(?:^|\s)http://", one.args):
            add("plain-http", "medium", "what is fetched over http can be changed on its way", one)
        elif one.name in ("COPY", "ADD"):
            for source in (words(one.args) or [])[:-1]:
                if re.search(
                    r"(?:^|/)(?:\.env|id_(?:rsa|dsa|ecdsa|ed25519)|\.npmrc|\.netrc|\.aws(?:/credentials)?|[\w-]+\.pem|\.git)/?$",
                    source,
                ):
                    add("secret-in-image", "medium", f"{source} stays in the image; use a build secret", one)
    every = stages(file)
    if every:
        users = [one for one in every[-1] if one.name == "USER"]
        if users and re.match(r"(?:root|0)(?::|$)", users[-1].args):
            add("DL3002", "medium", "the last user is root", users[-1])
        elif not users and not re.search(r"nonroot|unprivileged|rootless|distroless", every[-1][0].args):
            add("no-user", "info", "no USER: the container runs as its base image does, often as root", every[-1][0])


def _secrets(add: Add, one: Instruction) -> None:
    parts = words(one.args) or []
    pairs = [p.partition("=") for p in parts if "=" in p]
    if not pairs and one.name == "ENV" and len(parts) >= 2:
        pairs = [(parts[0], "=", parts[1])]
    for name, _, value in pairs:
        if _SECRET.search(name) and not _PLACEHOLDER.search(value):
            add(
                "secret-in-image",
                "high",
                f"the value of {name} stays in the image; use a build secret or the environment",
                one,
            )


def main(mode: str) -> int:
    report = Report()
    for path, text in texts(report, quiet=mode != "syntax", limit=1_000_000):
        if max(map(len, text.split("\n")), default=0) > 100_000:
            if mode == "syntax":
                report.add("too-large", "high", "a line longer than 100,000 characters", path)
            continue

        def add(rule: str, severity: str, message: str, one: Instruction, path: str = path) -> None:
            report.add(rule, severity, message, path, one.line, 1)

        file = parse(text)
        if not file and mode == "syntax":
            report.add("no-from", "critical", "the file has no instruction", path, 1)
        {"syntax": syntax, "style": style, "security": security}[mode](add, file)
    report.emit()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
