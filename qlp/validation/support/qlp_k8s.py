"""Runs in the sandbox: Kubernetes manifests against k8s_schema.json, and what they promise each other."""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
from dataclasses import dataclass
from typing import Any

from qlp_report import Report  # type: ignore[import-not-found]
from qlp_yaml import Node  # type: ignore[import-not-found]

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "k8s_schema.json"), encoding="utf-8") as _handle:
    SCHEMA: dict[str, Any] = json.load(_handle)

_QUANTITY = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?")
_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?")
_LABEL_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")
_CRON = re.compile(r"@(?:hourly|daily|weekly|monthly|yearly|annually|midnight|every \S+)|(?:TZ=\S+ )?(?:\S+\s+){4}\S+")
_CRON_FIELD = re.compile(r"[\d*/,\-?LW#A-Za-z]+")
_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")
_FREE_NAMES = ("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding")
MAX_NODES = 200_000


@dataclass
class Manifest:
    path: str
    root: Node
    kind: str
    api: str
    partial: bool
    """A patch: what it leaves out is elsewhere."""

    @property
    def name(self) -> str:
        node = self.root.get("metadata", "name")
        return node.value if node and isinstance(node.value, str) else ""

    @property
    def namespace(self) -> str:
        node = self.root.get("metadata", "namespace")
        return node.value if node and isinstance(node.value, str) else ""

    def pod(self) -> Node | None:
        if self.kind == "Pod":
            return self.root.get("spec")
        if self.kind == "CronJob":
            return self.root.get("spec", "jobTemplate", "spec", "template", "spec")
        return self.root.get("spec", "template", "spec")

    def labels(self) -> dict[str, Any]:
        where = ("metadata", "labels") if self.kind == "Pod" else ("spec", "template", "metadata", "labels")
        node = self.root.get(*where)
        return {k: v.value for k, v in node.value.items()} if node and isinstance(node.value, dict) else {}

    def containers(self) -> list[Node]:
        pod = self.pod()
        both = (pod.get("initContainers"), pod.get("containers")) if pod else ()
        return [c for group in both if group for c in group.items() if isinstance(c.value, dict)]


def manifest(path: str, root: Node, partial: bool) -> Manifest | None:
    """None where the document is no manifest of a built-in group."""
    kind, api = root.get("kind"), root.get("apiVersion")
    if not kind or not api or not isinstance(kind.value, str) or not isinstance(api.value, str):
        return None
    group = api.value.split("/")[0]
    if group not in SCHEMA["groups"] or kind.value.endswith("List"):
        return None
    return Manifest(path, root, kind.value, api.value, partial)


class Types:
    """Shape of single manifests, then what they say about each other."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._nodes = 0

    def _add(
        self, rule: str, message: str, m: Manifest, node: Node | tuple[int, int], severity: str = "medium"
    ) -> None:
        line, column = node if isinstance(node, tuple) else (node.line, node.column)
        self._report.add(rule, severity, message, m.path, line, column)

    def shape(self, m: Manifest) -> None:
        kind = SCHEMA["kinds"].get(m.kind)
        at = m.root.get("apiVersion") or m.root
        if m.api in SCHEMA["removed"]:
            right = f"; use {kind['api'][0]}" if kind else ""
            self._add(
                "removed-api", f"{m.api} was removed in Kubernetes {SCHEMA['removed'][m.api]}{right}", m, at, "high"
            )
            return
        if kind is None:
            self._add("unknown-kind", f"{m.api} has no kind {m.kind}", m, m.root.get("kind") or m.root) if _known(
                m.api
            ) else None
            return
        if m.api not in kind["api"]:
            self._add("wrong-api-version", f"{m.kind} is in {' or '.join(kind['api'])}, not in {m.api}", m, at, "high")
            return
        fields = {"apiVersion!": "str", "kind!": "str", "metadata!": "Meta", **kind.get("top", {}), "status": "any"}
        if "spec" in kind:
            fields["spec!"] = kind["spec"]
        elif "top" not in kind:
            fields["*"] = "any"
        self._object(fields, m.root, m, m.kind)
        self._name(m)
        if m.kind == "Secret":
            self._base64(m)

    def _object(self, fields: dict[str, str], node: Node, m: Manifest, where: str) -> None:
        known = {name.rstrip("!"): spec for name, spec in fields.items()}
        if not m.partial:
            for name in fields:
                if name.endswith("!") and name[:-1] not in node.value:
                    self._add("missing-field", f"{where} needs the field {name[:-1]}", m, node)
        for name, value in node.value.items():
            if name in known:
                self._value(known[name], value, m, f"{where}.{name}")
            elif "*" not in known and not name.startswith("$"):
                place = node.keys.get(name, (node.line, node.column))
                self._add("unknown-field", f"{where} has no field {name}{_nearest(name, known)}", m, place)

    def _value(self, spec: str, node: Node, m: Manifest, where: str) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES or spec == "any":
            return
        value = node.value
        if value is None:
            if spec[0] not in "[{" and spec not in (
                "str",
                "map",
                "Meta",
                "Selector",
                "EmptyDir",
                "PodSecurity",
                "Security",
                "Resources",
            ):
                self._add("empty-field", f"{where} is empty", m, node)
            return
        if spec[0] == "[":
            if not isinstance(value, list):
                self._wrong(m, node, where, "a list")
                return
            for i, item in enumerate(value):
                self._value(spec[1:-1], item, m, f"{where}[{i}]")
        elif spec[0] == "{" or spec == "map":
            inner = "str" if spec == "map" else spec[1:-1]
            if not isinstance(value, dict):
                self._wrong(m, node, where, "a mapping")
                return
            for key, item in value.items():
                self._value(inner, item, m, f"{where}.{key}")
        elif spec in SCHEMA["definitions"]:
            if not isinstance(value, dict):
                self._wrong(m, node, where, "a mapping")
                return
            self._object(SCHEMA["definitions"][spec], node, m, where.rsplit(".", 1)[-1])
        else:
            self._scalar(spec, node, m, where)

    def _scalar(self, spec: str, node: Node, m: Manifest, where: str) -> None:
        value = node.value
        if spec.startswith("enum:"):
            if value not in (allowed := spec[5:].split(",")):
                self._add("wrong-value", f"{where} is {value!r}, not one of {', '.join(allowed)}", m, node)
        elif spec == "str":
            if not isinstance(value, str):
                self._wrong(m, node, where, "a string; quote it" if not isinstance(value, list | dict) else "a string")
        elif spec == "bool":
            if not isinstance(value, bool):
                self._wrong(m, node, where, "true or false")
        elif spec in ("int", "port"):
            if isinstance(value, bool) or not isinstance(value, int):
                self._wrong(m, node, where, "a whole number")
            elif spec == "port" and not 1 <= value <= 65535:
                self._add("port-range", f"{where} is {value}: ports go from 1 to 65535", m, node)
            elif spec == "int" and value < 0:
                self._add("wrong-value", f"{where} is negative", m, node)
        elif spec == "intstr":
            if isinstance(value, bool) or not isinstance(value, int | str):
                self._wrong(m, node, where, "a number or a name")
            elif isinstance(value, int) and where.endswith(("port", "Port")) and not 1 <= value <= 65535:
                self._add("port-range", f"{where} is {value}: ports go from 1 to 65535", m, node)
        elif spec == "quantity":
            if isinstance(value, bool | list | dict) or not _QUANTITY.fullmatch(str(value)):
                self._add("quantity", f"{where}: {value!r} is no quantity such as 500m or 128Mi", m, node)
        elif spec == "cron":
            fine = isinstance(value, str) and _CRON.fullmatch(value.strip())
            words = value.split() if isinstance(value, str) and not value.startswith(("@", "TZ=")) else []
            if not fine or not all(_CRON_FIELD.fullmatch(w) for w in words):
                self._add("schedule", f"{where}: {value!r} is no schedule of five fields", m, node)

    def _wrong(self, m: Manifest, node: Node, where: str, wanted: str) -> None:
        self._add("wrong-type", f"{where} must be {wanted}", m, node)

    def _name(self, m: Manifest) -> None:
        node = m.root.get("metadata", "name")
        generated = m.root.get("metadata", "generateName")
        if node is None:
            if not generated and not m.partial and m.root.get("metadata"):
                self._add("missing-field", f"{m.kind} has no metadata.name", m, m.root.get("metadata"))
            return
        pattern = _LABEL_NAME if m.kind in ("Service", "Namespace") else _NAME
        if not isinstance(node.value, str) or m.kind in _FREE_NAMES or re.search(r"\{\{|\$\{|\$\(", node.value):
            return
        if not pattern.fullmatch(node.value):
            self._add("name", f"{node.value!r} is no name: small letters, digits and '-'", m, node)

    def _base64(self, m: Manifest) -> None:
        data = m.root.get("data")
        for key, node in data.value.items() if data and isinstance(data.value, dict) else ():
            if isinstance(node.value, str) and not re.search(r"\{\{|\$\{|<", node.value):
                try:
                    base64.b64decode("".join(node.value.split()), validate=True)
                except (binascii.Error, ValueError):
                    self._add("base64", f"data.{key} is not base64; plain text belongs in stringData", m, node)

    def inside(self, m: Manifest) -> None:
        """What one manifest says twice, and must say alike."""
        if m.partial:
            return
        wanted = m.root.get("spec", "selector", "matchLabels")
        if m.kind in _WORKLOADS and wanted and isinstance(wanted.value, dict):
            labels = m.labels()
            for key, node in wanted.value.items():
                if labels.get(key) != node.value:
                    self._add(
                        "selector-mismatch",
                        f"the selector asks for {key}={node.value}, the pods' labels do not have it",
                        m,
                        node,
                        "high",
                    )
        pod = m.pod()
        if pod is None or not isinstance(pod.value, dict):
            return
        policy = pod.get("restartPolicy")
        if m.kind in ("Job", "CronJob") and (policy is None or policy.value == "Always"):
            self._add(
                "restart-policy", f"pods of a {m.kind} need restartPolicy Never or OnFailure", m, policy or pod, "high"
            )
        if m.kind in _WORKLOADS and policy is not None and policy.value in ("Never", "OnFailure"):
            self._add("restart-policy", f"pods of a {m.kind} can only have restartPolicy Always", m, policy, "high")
        self._volumes(m, pod)
        names: set[str] = set()
        for container in m.containers():
            self._container(m, container, names)
        least, most = m.root.get("spec", "minReplicas"), m.root.get("spec", "maxReplicas")
        if least and most and isinstance(least.value, int) and isinstance(most.value, int) and least.value > most.value:
            self._add("replicas", "minReplicas is above maxReplicas", m, least)

    def _volumes(self, m: Manifest, pod: Node) -> None:
        known = {v.get("name").value for v in (pod.get("volumes") or Node([], 1, 1)).items() if v.get("name")}
        claims = m.root.get("spec", "volumeClaimTemplates")
        known |= {
            c.get("metadata", "name").value for c in (claims.items() if claims else ()) if c.get("metadata", "name")
        }
        for container in m.containers():
            for mount in (container.get("volumeMounts") or Node([], 1, 1)).items():
                name = mount.get("name")
                if name and isinstance(name.value, str) and name.value not in known:
                    self._add("unknown-volume", f"the mount {name.value!r} has no volume of that name", m, name, "high")

    def _container(self, m: Manifest, container: Node, names: set[str]) -> None:
        name = container.get("name")
        if name and isinstance(name.value, str):
            if name.value in names:
                self._add("duplicate-name", f"two containers are called {name.value!r}", m, name, "high")
            names.add(name.value)
        if not container.get("image"):
            self._add("missing-field", "the container has no image", m, container)
        seen: set[Any] = set()
        for port in (container.get("ports") or Node([], 1, 1)).items():
            title, number = port.get("name"), port.get("containerPort")
            if (
                title
                and isinstance(title.value, str)
                and (len(title.value) > 15 or not re.search(r"[a-z]", title.value))
            ):
                self._add(
                    "port-name", f"{title.value!r} is no port name: at most 15 small letters, digits and '-'", m, title
                )
            protocol = port.get("protocol")
            key = (
                number.value if number and not isinstance(number.value, list | dict) else None,
                protocol.value if protocol else "TCP",
            )
            if number and key in seen:
                self._add("duplicate-port", f"port {key[0]} is there twice", m, number)
            seen.add(key)
        for which in ("livenessProbe", "readinessProbe", "startupProbe"):
            probe = container.get(which)
            handlers = [h for h in ("httpGet", "exec", "tcpSocket", "grpc") if probe and probe.get(h)]
            if probe and isinstance(probe.value, dict) and len(handlers) != 1:
                self._add("probe", f"{which} needs exactly one of httpGet, exec, tcpSocket and grpc", m, probe)
            port = probe.get("httpGet", "port") or probe.get("tcpSocket", "port") if probe else None
            if port and isinstance(port.value, str):
                named = [
                    p.get("name").value for p in (container.get("ports") or Node([], 1, 1)).items() if p.get("name")
                ]
                if port.value not in named and not port.value.startswith(("$", "{")):
                    self._add("unknown-port", f"{which}: the container has no port called {port.value!r}", m, port)
        self._resources(m, container)
        env: set[str] = set()
        for variable in (container.get("env") or Node([], 1, 1)).items():
            key_node, value, source = variable.get("name"), variable.get("value"), variable.get("valueFrom")
            if value is not None and source is not None:
                self._add("env", "a variable has either value or valueFrom", m, variable)
            if key_node and isinstance(key_node.value, str):
                if key_node.value in env:
                    self._add("duplicate-name", f"the variable {key_node.value} is there twice", m, key_node)
                env.add(key_node.value)

    def _resources(self, m: Manifest, container: Node) -> None:
        for resource in ("cpu", "memory"):
            asked, most = (
                container.get("resources", "requests", resource),
                container.get("resources", "limits", resource),
            )
            if asked and most:
                a, b = amount(asked.value), amount(most.value)
                if a is not None and b is not None and a > b:
                    self._add("resources", f"the request of {resource} is above its limit", m, asked)

    def together(self, every: list[Manifest]) -> None:
        """What the manifests of the project say about each other."""
        whole = [m for m in every if not m.partial]
        seen: dict[tuple[str, str, str, str], Manifest] = {}
        for m in whole:
            key = (m.path, m.kind, m.namespace, m.name)
            if m.name and key in seen:
                self._add(
                    "duplicate-resource",
                    f"{m.kind} {m.name} is there twice in this file",
                    m,
                    m.root.get("metadata", "name"),
                )
            seen[key] = m
        pods = [m for m in whole if m.kind in (*_WORKLOADS, "Pod")]
        services = {m.name: m for m in whole if m.kind == "Service"}
        for service in services.values():
            self._service(service, pods)
        for m in whole:
            if m.kind == "Ingress":
                self._ingress(m, services)

    def _service(self, service: Manifest, pods: list[Manifest]) -> None:
        selector = service.root.get("spec", "selector")
        if not pods or not selector or not isinstance(selector.value, dict) or not selector.value:
            return
        wanted = {k: v.value for k, v in selector.value.items()}
        chosen = [p for p in pods if all(p.labels().get(k) == v for k, v in wanted.items())]
        near = [p for p in pods if not p.namespace or not service.namespace or p.namespace == service.namespace]
        if not chosen:
            if near:
                self._add(
                    "selector-mismatch",
                    "no pod of these manifests has the labels that the selector asks for",
                    service,
                    selector,
                )
            return
        named = {
            p.get("name").value
            for pod in chosen
            for c in pod.containers()
            for p in (c.get("ports") or Node([], 1, 1)).items()
            if p.get("name")
        }
        for port in (service.root.get("spec", "ports") or Node([], 1, 1)).items():
            target = port.get("targetPort")
            if target and isinstance(target.value, str) and target.value not in named:
                self._add(
                    "unknown-port",
                    f"no container of the selected pods has a port called {target.value!r}",
                    service,
                    target,
                )

    def _ingress(self, m: Manifest, services: dict[str, Manifest]) -> None:
        for rule in (m.root.get("spec", "rules") or Node([], 1, 1)).items():
            for path in (rule.get("http", "paths") or Node([], 1, 1)).items():
                place, kind = path.get("path"), path.get("pathType")
                free = kind is None or kind.value == "ImplementationSpecific"
                if place and isinstance(place.value, str) and not place.value.startswith("/") and not free:
                    self._add("path", f"{place.value!r}: a path begins with /", m, place)
                name, port = path.get("backend", "service", "name"), path.get("backend", "service", "port")
                service = services.get(name.value) if name and isinstance(name.value, str) else None
                if service is None or not port:
                    continue
                ports = (service.root.get("spec", "ports") or Node([], 1, 1)).items()
                number, title = port.get("number"), port.get("name")
                if number and number.value not in [p.get("port").value for p in ports if p.get("port")]:
                    self._add("unknown-port", f"the service {service.name} has no port {number.value}", m, number)
                if title and title.value not in [p.get("name").value for p in ports if p.get("name")]:
                    self._add(
                        "unknown-port", f"the service {service.name} has no port called {title.value!r}", m, title
                    )


_SUFFIX = {"": 1.0, "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
           "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50, "Ei": 2.0**60}  # fmt: skip


def amount(value: Any) -> float | None:
    """A quantity as a number; None where it is none, or in exponent form."""
    m = re.fullmatch(r"([+-]?[\d.]+)([A-Za-z]*)", str(value))
    if not m or m[2] not in _SUFFIX or m[1].count(".") > 1 or m[1] in (".", "+", "-"):
        return None
    return float(m[1]) * _SUFFIX[m[2]]


def _known(api: str) -> bool:
    return any(api in kind["api"] for kind in SCHEMA["kinds"].values())


def _nearest(name: str, known: dict[str, str]) -> str:
    low = name.lower().replace("_", "").replace("-", "")
    same = next((k for k in known if k.lower() == low or k.lower().rstrip("s") == low.rstrip("s")), "")
    return f"; is {same} meant?" if same else ""
