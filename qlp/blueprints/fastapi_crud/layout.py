"""Files, tasks and names of a generated project."""

from __future__ import annotations

from dataclasses import dataclass

from qlp.blueprints.fastapi_crud.views import EntityView, ProjectView
from qlp.models import ContractFile, ProjectCommand, PublicName, Route, Task


@dataclass(frozen=True)
class Planned:
    """One file: where it goes, whose it is, and how it is made."""

    path: str
    task: str
    template: str
    purpose: str
    entity: EntityView | None = None


TASKS = (
    Task(id="manifest", kind="config", title="Dependencies and tool settings", complexity="trivial"),
    Task(id="schemas", kind="code", title="Types and schemas of the records", depends_on=("manifest",)),
    Task(id="storage", kind="code", title="Database and repositories", complexity="medium", depends_on=("schemas",)),
    Task(id="api", kind="code", title="Routers and application", depends_on=("schemas", "storage")),
    Task(
        id="tests",
        kind="test",
        title="Tests of records, rules and properties",
        complexity="medium",
        depends_on=("api",),
    ),
    Task(id="docs", kind="docs", title="README", complexity="trivial", depends_on=("api",)),
    Task(
        id="deployment",
        kind="deployment",
        title="Container image and CI",
        complexity="trivial",
        depends_on=("manifest", "api"),
    ),
)


def files(project: ProjectView) -> tuple[Planned, ...]:
    """All files of the project, each with the one task that owns it."""
    planned = [
        Planned("requirements.txt", "manifest", "requirements.txt.j2", "run-time dependencies"),
        Planned("requirements-dev.txt", "manifest", "requirements-dev.txt.j2", "development dependencies"),
        Planned("pyproject.toml", "manifest", "pyproject.toml.j2", "package and tool settings"),
        Planned("app/__init__.py", "schemas", "app/__init__.py.j2", "package"),
        Planned("app/fields.py", "schemas", "app/fields.py.j2", "types of fields"),
        Planned("app/schemas/__init__.py", "schemas", "package.py.j2", "package"),
        Planned("app/schemas/stored.py", "schemas", "app/stored.py.j2", "stored records and pages of them"),
        Planned("app/errors.py", "storage", "app/errors.py.j2", "errors as problem details"),
        Planned("app/database.py", "storage", "app/database.py.j2", "schema and transactions"),
        Planned("app/repositories/__init__.py", "storage", "package.py.j2", "package"),
        Planned("app/settings.py", "api", "app/settings.py.j2", "settings from the environment"),
        Planned("app/routers/__init__.py", "api", "app/routers.py.j2", "all routers"),
        Planned("app/factory.py", "api", "app/factory.py.j2", "builds the application"),
        Planned("app/main.py", "api", "app/main.py.j2", "the application for servers"),
        Planned("app/__main__.py", "api", "app/__main__.py.j2", "python -m app"),
        Planned("tests/__init__.py", "tests", "tests/__init__.py.j2", "package"),
        Planned("tests/conftest.py", "tests", "tests/conftest.py.j2", "fixtures"),
        Planned("tests/service.py", "tests", "tests/service.py.j2", "opens the application"),
        Planned("tests/samples.py", "tests", "tests/samples.py.j2", "valid bodies"),
        Planned("tests/test_service.py", "tests", "tests/test_service.py.j2", "health, errors, documentation"),
        Planned("README.md", "docs", "README.md.j2", "how to start, use and test it"),
        Planned("Dockerfile", "deployment", "Dockerfile.j2", "image, not root"),
        Planned(".dockerignore", "deployment", "dockerignore.j2", "what the image does not need"),
        Planned(".gitignore", "deployment", "gitignore.j2", "what is not kept"),
        Planned(".github/workflows/ci.yml", "deployment", "ci.yml.j2", "checks on every push"),
    ]
    if project.auth:
        planned.append(Planned("app/security.py", "api", "app/security.py.j2", "API key"))
    if project.roots:
        planned.append(
            Planned("tests/test_properties.py", "tests", "tests/test_properties.py.j2", "properties of storage")
        )
    for entity in project.entities:
        planned += [
            Planned(f"app/schemas/{entity.snake}.py", "schemas", "app/schema.py.j2", f"{entity.label} schemas", entity),
            Planned(
                f"app/repositories/{entity.snake}.py",
                "storage",
                "app/repository.py.j2",
                f"stores {entity.labels}",
                entity,
            ),
            Planned(
                f"app/routers/{entity.snake}.py", "api", "app/router.py.j2", f"operations on {entity.labels}", entity
            ),
            Planned(
                f"tests/test_{entity.snake}_api.py",
                "tests",
                "tests/test_entity.py.j2",
                f"{entity.labels} over HTTP",
                entity,
            ),
        ]
        if entity.rule:
            planned.append(
                Planned(
                    f"tests/test_{entity.snake}_rule.py",
                    "tests",
                    "tests/test_rule.py.j2",
                    f"rule of {entity.labels}",
                    entity,
                )
            )
    return tuple(sorted(planned, key=lambda p: p.path))


def contract_files(project: ProjectView) -> tuple[ContractFile, ...]:
    return tuple(ContractFile(path=p.path, task=p.task, purpose=p.purpose) for p in files(project))


def names(project: ProjectView) -> tuple[PublicName, ...]:
    """Names that other files import."""
    listed = [
        PublicName(file="app/main.py", name="app", kind="constant", signature="FastAPI"),
        PublicName(file="app/factory.py", name="create_app", signature="create_app(settings: Settings) -> FastAPI"),
        PublicName(file="app/settings.py", name="Settings", kind="class"),
        PublicName(file="app/database.py", name="Database", kind="class", signature="Database(path: Path)"),
        PublicName(file="app/database.py", name="fetch"),
        PublicName(file="app/errors.py", name="ConflictError", kind="class"),
        PublicName(file="app/errors.py", name="NotFoundError", kind="class"),
        PublicName(file="app/errors.py", name="Problem", kind="class"),
        PublicName(file="app/routers/__init__.py", name="ROUTERS", kind="constant"),
        PublicName(file="app/schemas/stored.py", name="RecordList", kind="class"),
        PublicName(file="app/schemas/stored.py", name="Stored", kind="class"),
        PublicName(file="app/fields.py", name="RecordId", kind="constant"),
        PublicName(file="tests/service.py", name="open_client"),
    ]
    if project.auth:
        listed.append(PublicName(file="app/security.py", name="require_api_key"))
    for entity in project.entities:
        listed += [PublicName(file=f"app/schemas/{entity.snake}.py", name=n, kind="class") for n in entity.schemas]
        listed += [
            PublicName(
                file=f"app/repositories/{entity.snake}.py",
                name=f"{entity.name}Repository",
                kind="class",
                signature=f"{entity.name}Repository(database: Database)",
            ),
            PublicName(file=f"app/routers/{entity.snake}.py", name="router", kind="constant", signature="APIRouter"),
            PublicName(file="tests/samples.py", name=f"{entity.snake}_body"),
        ]
    return tuple(listed)


SMOKE_KEY = "smoke-test-key"


def routes(project: ProjectView) -> tuple[Route, ...]:
    """Smoke requests that succeed in this order on an empty database: parents first, deleted last."""
    headers = {"X-API-Key": SMOKE_KEY} if project.auth else {}
    listed = [Route(method="GET", path="/health")]
    for entity in project.entities:
        listed.append(Route(method="POST", path=entity.path, status=201, body=entity.body(), headers=headers))
    for entity in project.entities:
        listed.append(Route(method="GET", path=entity.path, headers=headers))
        listed.append(Route(method="GET", path=f"{entity.path}/1", headers=headers))
        if entity.replaceable:
            listed.append(Route(method="PUT", path=f"{entity.path}/1", body=entity.change(), headers=headers))
    for entity in reversed(project.entities):
        listed.append(Route(method="DELETE", path=f"{entity.path}/1", status=204, headers=headers))
    listed.append(Route(method="GET", path="/openapi.json"))
    return tuple(listed)


def commands(project: ProjectView) -> tuple[ProjectCommand, ...]:
    pip = ("python3", "-m", "pip", "install", "--no-index", "--disable-pip-version-check", "--no-warn-script-location")
    return (
        ProjectCommand(purpose="install", argv=(*pip, "-r", "requirements.txt")),
        ProjectCommand(purpose="test", argv=("python3", "-m", "pytest", "-q")),
        ProjectCommand(
            purpose="start",
            argv=("python3", "-m", "uvicorn", "app.main:app", "--host", "127.0.0.1", "--port", "8000"),
            env={"API_KEY": SMOKE_KEY} if project.auth else {},
        ),
    )
