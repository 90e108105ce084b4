"""Which nodes offer sandboxes, and which managers there are."""

from __future__ import annotations

from typing import Any

import ray

PREFIX = "sandbox-manager-"


def manager_name(node: str) -> str:
    """Of a node id, whole or its first eight characters."""
    return f"{PREFIX}{node[:8]}"


def manager_names(namespace: str) -> tuple[str, ...]:
    """Of the managers that live or are being restarted."""
    found: list[Any] = ray.util.list_named_actors(all_namespaces=True)
    names = (actor["name"] for actor in found if actor["namespace"] == namespace)
    return tuple(sorted(name for name in names if name.startswith(PREFIX)))


def missing_managers(resource: str, namespace: str) -> tuple[str, ...]:
    """Ids of living nodes that have the resource and no manager."""
    nodes = _nodes()
    there = manager_names(namespace)
    able = [node["NodeID"] for node in nodes if node["Alive"] and node["Resources"].get(resource, 0) > 0]
    return tuple(node for node in able if manager_name(node) not in there)


def stale_managers(namespace: str) -> tuple[str, ...]:
    """Managers pinned to nodes that are gone: Ray would try to restart them for ever."""
    nodes = _nodes()
    alive = {manager_name(node["NodeID"]) for node in nodes if node["Alive"]}
    return tuple(name for name in manager_names(namespace) if name not in alive)


def _nodes() -> list[dict[str, Any]]:
    ask: Any = ray.nodes
    nodes: list[dict[str, Any]] = ask()
    return nodes
