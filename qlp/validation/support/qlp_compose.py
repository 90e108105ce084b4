"""Runs in the sandbox: compose files and GitHub workflows, as far as their shape tells that they cannot work."""

from __future__ import annotations

import re

from qlp_k8s_security import PLACEHOLDER, SECRET_NAME  # type: ignore[import-not-found]
from qlp_report import Report  # type: ignore[import-not-found]
from qlp_yaml import Node  # type: ignore[import-not-found]

COMPOSE = re.compile(r"(?:^|/)(?:docker-)?compose(?:[.-][\w.-]+)?\.ya?ml$")
WORKFLOW = re.compile(r"(?:^|/)\.github/workflows/[^/]+\.ya?ml$")
_PORT = re.compile(r"(?:(?:\[[0-9a-fA-F:]+\]|[\w.-]+):)?(?:\d+(?:-\d+)?:)?\d+(?:-\d+)?(?:/(?:tcp|udp|sctp))?|:?\d+")
_UNTRUSTED = re.compile(
    r"\$\{\{\s*(?:github\.event\.(?:issue\.title|issue\.body|pull_request\.title|pull_request\.body|comment\.body|review\.body|"
    r"head_commit\.message|pull_request\.head\.ref|discussion\.(?:title|body))|github\.head_ref)\s*\}\}"
)
_EXPRESSION = re.compile(r"\$\{\{(?:(?!\}\}|\$\{\{).)*(?:\}\}|$)", re.S)


def _named(node: Node | None) -> dict[str, Node]:
    return node.value if node and isinstance(node.value, dict) else {}


def _names(node: Node | None) -> list[Node]:
    """A list of names, the keys of a mapping, or one name."""
    if node is None or node.value is None:
        return []
    if isinstance(node.value, dict):
        return [Node(key, *node.keys.get(key, (node.line, node.column))) for key in node.value]
    return node.items() if isinstance(node.value, list) else [node]


def compose_types(report: Report, path: str, root: Node) -> None:
    services = root.get("services")
    if not _named(services):
        if not root.get("include") and root.get("version"):
            report.add("missing-field", "medium", "the file has no services", path, root.line)
        return
    many = "override" in path or root.get("include") is not None
    volumes, networks = set(_named(root.get("volumes"))), set(_named(root.get("networks"))) | {"default"}
    for name, service in _named(services).items():
        if not isinstance(service.value, dict):
            report.add("wrong-type", "medium", f"the service {name} must be a mapping", path, service.line)
            continue
        if not many and not any(k in service.value for k in ("image", "build", "extends", "provider")):
            report.add("missing-field", "medium", f"the service {name} has neither image nor build", path, service.line)
        for port in _names(service.get("ports")):
            if isinstance(port.value, str) and "$" not in port.value and not _PORT.fullmatch(port.value):
                report.add(
                    "wrong-value", "medium", f"{port.value!r} is no mapping of ports", path, port.line, port.column
                )
        if not many:
            for other in _names(service.get("depends_on")):
                if isinstance(other.value, str) and other.value not in _named(services):
                    report.add(
                        "unknown-service",
                        "high",
                        f"{name} depends on {other.value}, which is no service here",
                        path,
                        other.line,
                    )
            for network in _names(service.get("networks")):
                if isinstance(network.value, str) and network.value not in networks:
                    report.add(
                        "unknown-network", "high", f"the network {network.value} is not declared", path, network.line
                    )
        for volume in (service.get("volumes") or Node([], 1, 1)).items():
            source = volume.value.split(":")[0] if isinstance(volume.value, str) and ":" in volume.value else ""
            if re.fullmatch(r"[a-zA-Z0-9][\w.-]+", source) and source not in volumes and not many:
                report.add("unknown-volume", "high", f"the volume {source} is not declared", path, volume.line)


def compose_security(report: Report, path: str, root: Node) -> None:
    for name, service in _named(root.get("services")).items():
        privileged, mode = service.get("privileged"), service.get("network_mode")
        if privileged and privileged.value is True:
            report.add(
                "privileged", "high", f"the service {name} is privileged: root on its host", path, privileged.line
            )
        if mode and mode.value == "host":
            report.add("host-namespace", "low", f"the service {name} shares the host's network", path, mode.line)
        for volume in (service.get("volumes") or Node([], 1, 1)).items():
            text = (
                volume.value
                if isinstance(volume.value, str)
                else str(volume.get("source") and volume.get("source").value)
            )
            if "docker.sock" in text:
                report.add(
                    "host-path", "medium", f"the service {name} may command the host's engine", path, volume.line
                )
        environment = service.get("environment")
        pairs = [(k, v) for k, v in _named(environment).items()]
        for item in environment.items() if environment else ():
            if isinstance(item.value, str) and "=" in item.value:
                key, _, value = item.value.partition("=")
                pairs.append((key, Node(value, item.line, item.column)))
        for key, node in pairs:
            if (
                isinstance(node.value, str)
                and SECRET_NAME.search(key)
                and not PLACEHOLDER.search(node.value)
                and len(node.value) >= 12
            ):
                report.add(
                    "secret-in-manifest", "medium", f"the value of {key} is in the file", path, node.line, node.column
                )


def workflow_types(report: Report, path: str, root: Node) -> None:
    if root.get("true") is None and root.get("on") is None:
        report.add("missing-field", "high", "the workflow has no `on`: it never starts", path, root.line)
    jobs = _named(root.get("jobs"))
    if not jobs:
        report.add("missing-field", "high", "the workflow has no jobs", path, root.line)
    for name, job in jobs.items():
        if not isinstance(job.value, dict):
            report.add("wrong-type", "high", f"the job {name} must be a mapping", path, job.line)
            continue
        if "uses" not in job.value and "runs-on" not in job.value:
            report.add("missing-field", "high", f"the job {name} has no runs-on", path, job.line)
        for other in _names(job.get("needs")):
            if isinstance(other.value, str) and other.value not in jobs:
                report.add("unknown-job", "high", f"{name} needs {other.value}, which is no job here", path, other.line)
        steps = job.get("steps")
        if steps is None and "uses" not in job.value:
            report.add("missing-field", "high", f"the job {name} has no steps", path, job.line)
        for step in steps.items() if steps else ():
            if isinstance(step.value, dict) and ("uses" in step.value) == ("run" in step.value):
                report.add("step", "high", "a step has either uses or run", path, step.line, step.column)
            elif not isinstance(step.value, dict):
                report.add("wrong-type", "high", "a step must be a mapping", path, step.line, step.column)


def workflow_security(report: Report, path: str, root: Node) -> None:
    trigger = root.get("true") or root.get("on")
    target = any(n.value == "pull_request_target" for n in _names(trigger))
    for job in _named(root.get("jobs")).values():
        for step in (job.get("steps") or Node([], 1, 1)).items():
            run, uses, ref = step.get("run"), step.get("uses"), step.get("with", "ref")
            if run and isinstance(run.value, str) and _UNTRUSTED.search(run.value):
                report.add(
                    "script-injection",
                    "high",
                    "text that a stranger writes becomes part of a script; pass it in env",
                    path,
                    run.line,
                )
            if target and uses and ref and "pull_request.head" in str(ref.value):
                report.add(
                    "untrusted-checkout",
                    "high",
                    "a stranger's code is checked out where the secrets are",
                    path,
                    ref.line,
                )
