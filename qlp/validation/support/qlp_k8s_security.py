"""Runs in the sandbox: what a Kubernetes manifest lets its pods do."""

from __future__ import annotations

import re

from qlp_k8s import Manifest  # type: ignore[import-not-found]
from qlp_report import Report  # type: ignore[import-not-found]
from qlp_yaml import Node  # type: ignore[import-not-found]

SECRET_NAME = re.compile(
    r"(?:^|[_-])(?:PASSWORD|PASSWD|PWD|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY|CREDENTIALS?)"
    r"(?:$|[_-](?!FILE|PATH|NAME|URL|TTL|EXPIR|LENGTH))",
    re.I,
)
PLACEHOLDER = re.compile(
    r"^\s*$|^[<$%{]|\$\{|\{\{|change[-_]?me|replace[-_]?me|^(?:x+|\*+|true|false|\d{1,5})$|^/|^your[-_]", re.I
)
_CAPABILITIES = {
    "ALL": "high", "SYS_ADMIN": "high", "SYS_MODULE": "high", "SYS_RAWIO": "high", "SYS_PTRACE": "medium",
    "NET_ADMIN": "medium", "DAC_READ_SEARCH": "medium", "BPF": "medium",
}  # fmt: skip


def check(report: Report, m: Manifest) -> None:
    def add(rule: str, severity: str, message: str, node: Node) -> None:
        report.add(rule, severity, message, m.path, node.line, node.column)

    if m.kind in ("Role", "ClusterRole"):
        _rules(add, m)
    if m.kind in ("RoleBinding", "ClusterRoleBinding"):
        name = m.root.get("roleRef", "name")
        if name and name.value == "cluster-admin":
            add("cluster-admin", "high", "the binding gives every right on the cluster", name)
    if m.kind == "Secret":
        data = m.root.get("stringData")
        for key, node in data.value.items() if data and isinstance(data.value, dict) else ():
            if isinstance(node.value, str) and not PLACEHOLDER.search(node.value):
                add("secret-in-manifest", "low", f"the value of {key} is in the manifest in plain text", node)
    if m.kind == "Service":
        kind, ranges = m.root.get("spec", "type"), m.root.get("spec", "loadBalancerSourceRanges")
        if kind and kind.value == "LoadBalancer" and not ranges:
            add("open-load-balancer", "info", "the load balancer takes requests from any address", kind)
    pod = m.pod() if m.kind not in ("Service", "Ingress", "NetworkPolicy") else None
    if pod is None or not isinstance(pod.value, dict):
        return
    _pod(add, pod)
    root = pod.get("securityContext", "runAsNonRoot")
    for container in m.containers():
        _container(add, container, bool(root and root.value is True))


def _rules(add, m: Manifest) -> None:  # type: ignore[no-untyped-def]
    for rule in (m.root.get("rules") or Node([], 1, 1)).items():
        has = {
            name: [i.value for i in (rule.get(name) or Node([], 1, 1)).items()]
            for name in ("verbs", "resources", "apiGroups")
        }
        if "*" in has["verbs"] and "*" in has["resources"]:
            add("wildcard-role", "high", "the role allows every verb on every resource", rule)
        elif "*" in has["verbs"] and ({"secrets", "pods", "pods/exec"} & set(has["resources"])):
            add("wildcard-role", "medium", "the role allows every verb on secrets or pods", rule)


def _pod(add, pod: Node) -> None:  # type: ignore[no-untyped-def]
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        node = pod.get(name)
        if node and node.value is True:
            add("host-namespace", "medium", f"{name}: the pod shares a namespace with its node", node)
    user = pod.get("securityContext", "runAsUser")
    if user and user.value == 0:
        add("runs-as-root", "medium", "the pod runs as root", user)
    for volume in (pod.get("volumes") or Node([], 1, 1)).items():
        path = volume.get("hostPath", "path")
        if path and isinstance(path.value, str):
            worst = path.value == "/" or "docker.sock" in path.value or "containerd.sock" in path.value
            add("host-path", "high" if worst else "medium", f"the pod reaches {path.value} of its node", path)


def _container(add, container: Node, non_root: bool) -> None:  # type: ignore[no-untyped-def]
    security = container.get("securityContext")
    if security is not None:
        privileged, user = security.get("privileged"), security.get("runAsUser")
        escalation, added = security.get("allowPrivilegeEscalation"), security.get("capabilities", "add")
        if privileged and privileged.value is True:
            add("privileged", "high", "the container is privileged: it is root on its node", privileged)
        if user and user.value == 0:
            add("runs-as-root", "medium", "the container runs as root", user)
        if escalation and escalation.value is True:
            add(
                "privilege-escalation",
                "medium",
                "the container may gain rights that it does not begin with",
                escalation,
            )
        for capability in added.items() if added else ():
            severity = _CAPABILITIES.get(str(capability.value).upper().removeprefix("CAP_"))
            if severity:
                add("capability", severity, f"the capability {capability.value} is added", capability)
    own = container.get("securityContext", "runAsNonRoot")
    if not non_root and not (own and own.value is True):
        add("may-run-as-root", "info", "runAsNonRoot is not set: the image decides who runs", container)
    if not container.get("resources", "limits"):
        add("no-limits", "info", "the container has no resource limits", container)
    image = container.get("image")
    if image and isinstance(image.value, str) and not re.search(r"\{\{|\$", image.value):
        last = image.value.rsplit("/", 1)[-1]
        if "@" not in last and (":" not in last or last.endswith(":latest")):
            add("latest-image", "low", f"{image.value}: which image runs changes without a change here", image)
    for variable in (container.get("env") or Node([], 1, 1)).items():
        name, value = variable.get("name"), variable.get("value")
        if not name or not value or not isinstance(value.value, str):
            continue
        if SECRET_NAME.search(str(name.value)) and not PLACEHOLDER.search(value.value):
            add("secret-in-manifest", "high", f"the value of {name.value} is here; use a secretKeyRef", value)
