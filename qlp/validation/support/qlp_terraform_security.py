"""Runs in the sandbox: what Terraform code opens to the world, leaves unencrypted or allows to all, and its secrets."""

from __future__ import annotations

import json
import re
from typing import Any

from qlp_hcl import Attribute, Block  # type: ignore[import-not-found]
from qlp_report import Report  # type: ignore[import-not-found]

_WORLD = ("0.0.0.0/0", "::/0", "*", "Internet", "0.0.0.0", "Any")
_ADMIN = {22: "SSH", 3389: "RDP"}
_DATA = {
    3306: "MySQL",
    5432: "PostgreSQL",
    6379: "Redis",
    27017: "MongoDB",
    9200: "Elasticsearch",
    1433: "SQL Server",
    2375: "Docker",
}
_SECRET = re.compile(
    r"(?:^|_)(?:password|passwd|secret|secret_key|access_key|api_key|token|private_key|client_secret)$", re.I
)
_PLACEHOLDER = re.compile(
    r"^.{0,3}$|^[<%]|\$\{|change[-_]?me|replace[-_]?me|^(?:x+|\*+)$|^your[-_]|^arn:|^/|_ARN$|^alias/", re.I
)
_FALSE_IS_BAD = {
    ("aws_ebs_volume", "encrypted"): "the volume is not encrypted",
    ("aws_db_instance", "storage_encrypted"): "the database's storage is not encrypted",
    ("aws_rds_cluster", "storage_encrypted"): "the database's storage is not encrypted",
    ("aws_efs_file_system", "encrypted"): "the file system is not encrypted",
    ("aws_s3_bucket_public_access_block", "block_public_acls"): "public access lists stay possible",
    ("aws_s3_bucket_public_access_block", "block_public_policy"): "public policies stay possible",
    ("aws_s3_bucket_public_access_block", "ignore_public_acls"): "public access lists are obeyed",
    ("aws_s3_bucket_public_access_block", "restrict_public_buckets"): "public buckets stay possible",
    ("aws_elasticache_replication_group", "transit_encryption_enabled"): "traffic to the cache is not encrypted",
    ("azurerm_storage_account", "enable_https_traffic_only"): "plain http is allowed",
    ("azurerm_storage_account", "https_traffic_only_enabled"): "plain http is allowed",
    ("google_sql_database_instance", "require_ssl"): "connections without TLS are allowed",
}
_TRUE_IS_BAD = {
    ("aws_db_instance", "publicly_accessible"): ("high", "the database can be reached from the internet"),
    ("aws_rds_cluster_instance", "publicly_accessible"): ("high", "the database can be reached from the internet"),
    ("aws_redshift_cluster", "publicly_accessible"): ("high", "the database can be reached from the internet"),
    ("azurerm_storage_account", "allow_nested_items_to_be_public"): ("medium", "anonymous reads are allowed"),
    ("azurerm_storage_account", "allow_blob_public_access"): ("medium", "anonymous reads are allowed"),
    ("azurerm_kubernetes_cluster", "local_account_disabled"): ("", ""),
}
_MISSING = {
    "aws_ebs_volume": ("encrypted", "the volume is not encrypted"),
    "aws_db_instance": ("storage_encrypted", "the database's storage is not encrypted"),
    "aws_efs_file_system": ("encrypted", "the file system is not encrypted"),
}


def check(report: Report, path: str, root: Block) -> None:
    def add(rule: str, severity: str, message: str, at: Block | Attribute) -> None:
        report.add(rule, severity, message, path, at.line, at.column)

    for block in root.blocks:
        if block.kind == "resource" and len(block.labels) == 2:
            _resource(add, block)
        elif block.kind == "data" and block.labels[:1] == ["aws_iam_policy_document"]:
            for statement in block.of("statement"):
                _statement(add, statement)
        elif block.kind == "provider" and block.labels:
            for name in ("access_key", "secret_key", "token", "password", "client_secret", "api_key"):
                if isinstance(value := block.value(name), str) and not _PLACEHOLDER.search(value):
                    add("hard-coded-secret", "high", f"the provider's {name} is in the code", block.attributes[name])
        elif block.kind == "variable" and block.labels and _SECRET.search(block.labels[0]):
            value = block.value("default")
            if isinstance(value, str) and not _PLACEHOLDER.search(value):
                add(
                    "hard-coded-secret",
                    "high",
                    f"the default of {block.labels[0]} is a secret in the code",
                    block.attributes["default"],
                )
        elif block.kind == "locals":
            for name, attribute in block.attributes.items():
                value = attribute.literal
                if _SECRET.search(name) and isinstance(value, str) and not _PLACEHOLDER.search(value):
                    add("hard-coded-secret", "high", f"{name} is a secret in the code", attribute)


def _resource(add: Any, block: Block) -> None:
    kind = block.labels[0]
    for inner in block.walk():
        for name, attribute in inner.attributes.items():
            value = attribute.literal
            if (
                _SECRET.search(name)
                and isinstance(value, str)
                and not _PLACEHOLDER.search(value)
                and not name.startswith("kms")
            ):
                add("hard-coded-secret", "high", f"{name} is in the code", attribute)
            if name in ("policy", "assume_role_policy", "container_definitions"):
                _policy(add, attribute, kind)
    for (resource, name), message in _FALSE_IS_BAD.items():
        if kind == resource and block.value(name) is False:
            add("unencrypted" if "crypt" in name else "public-access", "medium", message, block.attributes[name])
    for (resource, name), (severity, message) in _TRUE_IS_BAD.items():
        if kind == resource and severity and block.value(name) is True:
            add("public-access", severity, message, block.attributes[name])
    if kind in _MISSING and _MISSING[kind][0] not in block.attributes:
        add("unencrypted", "info", _MISSING[kind][1] + " unless the account's default says so", block)
    for device in (*block.of("root_block_device"), *block.of("ebs_block_device")):
        if device.value("encrypted") is False:
            add("unencrypted", "medium", "the volume is not encrypted", device.attributes["encrypted"])
    if kind in ("aws_s3_bucket", "aws_s3_bucket_acl") and block.value("acl") in (
        "public-read",
        "public-read-write",
        "authenticated-read",
    ):
        add("public-bucket", "high", "everybody can read the bucket", block.attributes["acl"])
    if kind == "aws_instance" or kind == "aws_launch_template":
        for options in block.of("metadata_options"):
            if options.value("http_tokens") == "optional":
                add(
                    "imds-v1",
                    "medium",
                    "the metadata service answers without a token",
                    options.attributes["http_tokens"],
                )
    if kind.startswith("google_") and "iam" in kind:
        members = block.value("members") or [block.value("member")]
        if {"allUsers", "allAuthenticatedUsers"} & {m for m in members if isinstance(m, str)}:
            add(
                "public-access",
                "high",
                "everybody gets the role",
                block.attributes.get("members") or block.attributes["member"],
            )
    _network(add, kind, block)


def _network(add: Any, kind: str, block: Block) -> None:
    if kind == "aws_security_group":
        for ingress in block.of("ingress"):
            _ports(add, ingress, ("cidr_blocks", "ipv6_cidr_blocks"))
    elif kind == "aws_security_group_rule" and block.value("type") == "ingress":
        _ports(add, block, ("cidr_blocks", "ipv6_cidr_blocks"))
    elif kind == "aws_vpc_security_group_ingress_rule":
        _ports(add, block, ("cidr_ipv4", "cidr_ipv6"))
    elif kind == "google_compute_firewall" and block.value("direction") in (None, "INGRESS"):
        if _world(block.value("source_ranges")):
            for allow in block.of("allow"):
                ports = allow.value("ports")
                _open(add, _spans(ports) if isinstance(ports, list) else [(0, 65535)], allow)
    elif kind in ("azurerm_network_security_rule", "azurerm_network_security_group"):
        rules = [block] if kind.endswith("_rule") else block.of("security_rule")
        for rule in rules:
            allows = (str(rule.value("access")).lower(), str(rule.value("direction")).lower()) == ("allow", "inbound")
            if allows and _world(rule.value("source_address_prefix")):
                port = rule.value("destination_port_range")
                ports = rule.value("destination_port_ranges") or ([port] if port is not None else [])
                _open(add, [(0, 65535)] if "*" in ports else _spans(ports), rule)


def _ports(add: Any, block: Block, sources: tuple[str, ...]) -> None:
    if not any(_world(block.value(name)) for name in sources):
        return
    first, last = block.value("from_port"), block.value("to_port")
    if str(block.value("protocol") or block.value("ip_protocol")) in ("-1", "all"):
        _open(add, [(0, 65535)], block)
    elif isinstance(first, int) and isinstance(last, int):
        _open(add, [(first, last)], block)


def _open(add: Any, spans: list[tuple[int, int]], at: Block) -> None:
    for first, last in spans:
        if last - first >= 60000:
            add("open-to-world", "high", "every port is open to the whole internet", at)
            continue
        for ports, severity in ((_ADMIN, "high"), (_DATA, "medium")):
            for port, name in ports.items():
                if first <= port <= last:
                    add("open-to-world", severity, f"port {port} ({name}) is open to the whole internet", at)


def _spans(ports: list[Any]) -> list[tuple[int, int]]:
    made = []
    for port in ports:
        if m := re.fullmatch(r"(\d+)(?:-(\d+))?", str(port)):
            made.append((int(m[1]), int(m[2] or m[1])))
    return made


def _world(value: Any) -> bool:
    return any(v in _WORLD for v in (value if isinstance(value, list) else [value]))


def _statement(add: Any, block: Block) -> None:
    if str(block.value("effect") or "Allow") != "Allow":
        return
    actions, resources = block.value("actions") or [], block.value("resources") or []
    if "*" in actions and "*" in resources:
        add("wildcard-policy", "high", "the policy allows everything on everything", block.attributes["actions"])


def _policy(add: Any, attribute: Attribute, kind: str) -> None:
    """A policy document in jsonencode() or in a heredoc, read as text: its form differs, its words do not."""
    text = attribute.text
    for statement in re.split(r"(?=[\"']?Effect[\"']?\s*[:=])", text)[1:] or [text]:
        if not re.match(r"[\"']?Effect[\"']?\s*[:=]\s*[\"']Allow", statement):
            continue
        around = statement + text[max(0, text.find(statement) - 200) : text.find(statement)].rpartition("{")[2]
        everything = [
            re.search(rf"[\"']?{name}[\"']?\s*[:=]\s*(?:\[\s*)?[\"']\*[\"']", around) for name in ("Action", "Resource")
        ]
        if all(everything):
            add("wildcard-policy", "high", "the policy allows everything on everything", attribute)
        conditional = re.search(r"[\"']?Condition[\"']?\s*[:=]", around)
        if not conditional and re.search(
            r"[\"']?Principal[\"']?\s*[:=]\s*(?:[\"']\*[\"']|\{\s*[\"']?AWS[\"']?\s*[:=]\s*(?:\[\s*)?[\"']\*[\"'])",
            around,
        ):
            add("public-policy", "high" if "role" in kind else "medium", "the policy lets anybody in", attribute)
    if kind == "aws_ecs_task_definition":
        try:
            rows = json.loads(re.sub(r"^<<-?\w+\n|\n\s*\w+$", "", text.strip()))
        except ValueError:
            return
        if any(isinstance(r, dict) and r.get("privileged") is True for r in rows if isinstance(rows, list)):
            add("privileged", "high", "the container is privileged", attribute)
