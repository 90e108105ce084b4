"""Software bill of materials: CycloneDX 1.6 (ECMA-424) in JSON."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from qlp.capsule.dependencies import Dependency, find_dependencies
from qlp.models import SourceFile
from qlp.models.capsule import ToolVersion

if TYPE_CHECKING:
    from cyclonedx.model.component import Component

_SERIALS = uuid.UUID("5a3c3f0e-52a5-5f0b-9d3f-6d1c2f4f7a10")
"""Name space of serial numbers: the same content has the same serial number."""


def build_sbom(
    *,
    project: str,
    files: Iterable[SourceFile],
    tools: Iterable[ToolVersion],
    qlp_version: str,
    content_digest: str,
    created_at: datetime,
) -> bytes:
    """The project, what its manifests ask for, and the tools that the evidence names.

    A component has a version and a purl only where the manifest gives an exact version; a range is kept as the
    property `qlp:requirement`. Manifests that could not be read are listed as `qlp:unread`.
    """
    from cyclonedx.model import Property
    from cyclonedx.model.bom import Bom, BomMetaData
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.model.tool import ToolRepository
    from cyclonedx.output.json import JsonV1Dot6

    dependencies = find_dependencies(files)
    root = Component(
        name=project,
        type=ComponentType.APPLICATION,
        bom_ref="project",
        properties=[Property(name="qlp:unread", value=text) for text in dependencies.unread],
    )
    components = [_component(d) for d in _merged(dependencies.found)]
    toolchain = [
        Component(name="qlp", version=qlp_version, type=ComponentType.APPLICATION, bom_ref="tool:qlp"),
        *(
            Component(
                name=t.tool, version=t.version, type=ComponentType.APPLICATION, bom_ref=f"tool:{t.tool}@{t.version}"
            )
            for t in tools
        ),
    ]
    bom = Bom(
        components=components,
        serial_number=uuid.uuid5(_SERIALS, content_digest),
        metadata=BomMetaData(
            component=root, timestamp=created_at.astimezone(UTC), tools=ToolRepository(components=toolchain)
        ),
    )
    bom.register_dependency(root, components)
    text = JsonV1Dot6(bom).output_as_string()
    return json.dumps(json.loads(text), indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def _merged(found: Iterable[Dependency]) -> list[tuple[Dependency, ...]]:
    """Mentions of one component together: a package of several manifests is one component."""
    groups: dict[tuple[str, str, str | None], list[Dependency]] = {}
    for dependency in found:
        groups.setdefault((dependency.ecosystem, dependency.name, dependency.version), []).append(dependency)
    return [tuple(group) for group in groups.values()]


def _component(mentions: tuple[Dependency, ...]) -> Component:
    from cyclonedx.model import Property
    from cyclonedx.model.component import Component, ComponentScope
    from packageurl import PackageURL

    first = mentions[0]
    scopes = {m.scope for m in mentions}
    scope = next(s for s in ("required", "optional", "excluded") if s in scopes)
    group, _, name = first.name.rpartition("/")
    version = first.version
    return Component(
        name=name,
        group=group or None,
        version=version,
        bom_ref=f"{first.ecosystem}:{first.name}" + (f"@{version}" if version else ""),
        purl=PackageURL(first.ecosystem, group or None, name, version) if version else None,
        scope=ComponentScope(scope),
        properties=[
            *(Property(name="qlp:manifest", value=m) for m in sorted({m.file for m in mentions})),
            *(Property(name="qlp:requirement", value=r) for r in sorted({m.requirement for m in mentions} - {""})),
        ],
    )
