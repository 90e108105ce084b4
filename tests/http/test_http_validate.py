"""/v1/validate over a real socket: every way in, every form of answer, every refusal as a problem document."""

from __future__ import annotations

import asyncio
import base64
import gzip
import io
import json
import shutil
import tarfile
import zipfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from actors.validation import ValidateJob, Validations
from qlp.client import QLP, AsyncQLP
from qlp.config import SandboxSettings, Settings, ValidationSettings, home
from qlp.errors import InputError, OverloadedError, SandboxUnavailableError
from qlp.models import Evidence, Finding, SourceFile, StageResult, Verdict
from qlp.sandbox import open_backend
from qlp.validation.intake import contract_of, files_of
from qlp.validation.outcome import Report, Validation, as_validation
from qlp.validation.policy import load_policy
from qlp.validation.reports import junit, sarif
from tests.http.test_http_bad_input import assert_problem
from tests.support.api import Api, open_api
from tests.support.fake_door import FakeDoor
from tests.support.git_http import GitServer, git

pytestmark = pytest.mark.http
CODE = "def add(a: int, b: int) -> int:\n    return a + b\n"


class FakeValidators:
    """The real intake, and a verdict without tools."""

    def __init__(self) -> None:
        self.settings = ValidationSettings(max_files=20)
        self.asked: list[tuple[ValidateJob, str]] = []
        self.files: tuple[SourceFile, ...] = ()
        self.full = False

    async def validate(self, job: ValidateJob, tenant: str, *, report: Report | None = None) -> Validation:
        if self.full:
            raise OverloadedError("full", retry_after_s=7)
        self.asked.append((job, tenant))
        policy = load_policy(job.policy or "development")
        self.files, origin = await files_of(job, self.settings)
        contract = contract_of(job, self.files)
        finding = Finding(
            rule="F401", severity="medium", message="unused", file=self.files[0].path, line=1, tool="ruff"
        )
        stages = (
            StageResult(stage="syntax", status="passed", facts={"language": contract.language}),
            StageResult(stage="style", status="failed", findings=(finding,)),
        )
        verdict = Verdict(input_digest="sha256:0", stages=stages, verified=False, policy=policy.label)
        validation = as_validation(verdict, policy, origin)
        text = {"sarif": lambda: json.dumps(sarif(validation, self.files)), "junit": lambda: junit(validation)}
        return validation.model_copy(update={"report": text[report]()}) if report else validation


@pytest.fixture(scope="module")
def validators() -> FakeValidators:
    return FakeValidators()


@pytest.fixture(scope="module")
async def api(tmp_path_factory: pytest.TempPathFactory, validators: FakeValidators) -> AsyncIterator[Api]:
    async with open_api(tmp_path_factory.mktemp("home"), FakeDoor(), validators) as api:
        yield api


@pytest.fixture(scope="module")
async def key(api: Api) -> str:
    return await api.new_key("tenant-v")


@pytest.fixture
async def http(api: Api, key: str) -> AsyncIterator[httpx.AsyncClient]:
    async with api.client(key) as client:
        yield client


def tarball(**files: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, text in files.items():
            info = tarfile.TarInfo(name.replace("_", "."))
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    return gzip.compress(out.getvalue())


def zipball(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


async def test_a_snippet(http: httpx.AsyncClient, validators: FakeValidators) -> None:
    answer = await http.post("/v1/validate", json={"code": CODE, "language": "py", "policy": "production"})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["object"] == "validation"
    assert (body["verified"], body["decision"], body["policy"]) == (False, "reject", "production@1")
    assert body["origin"]["kind"] == "snippet"
    assert [s["stage"] for s in body["stages"]] == ["syntax", "style"]
    assert validators.asked[-1][1] == "tenant-v"
    assert [f.path for f in validators.files] == ["main.py"]
    Validation.model_validate(body)


async def test_files_text_and_binary(http: httpx.AsyncClient, validators: FakeValidators) -> None:
    files = {"calc.py": CODE, "logo.png": {"base64": base64.b64encode(b"\x89\xff").decode()}}
    files["run.sh"] = {"text": "echo", "executable": True}
    answer = await http.post("/v1/validate", json={"files": files})
    assert answer.json()["origin"]["files"] == 3
    assert {f.path: (f.data, f.executable) for f in validators.files} == {
        "calc.py": (CODE.encode(), False),
        "logo.png": (b"\x89\xff", False),
        "run.sh": (b"echo", True),
    }


async def test_archives_as_base64_as_body_and_as_form(http: httpx.AsyncClient, validators: FakeValidators) -> None:
    packed = zipball({"calc.py": CODE.encode(), "b.bin": bytes(range(256))})
    encoded = base64.b64encode(packed).decode()
    answers = [
        await http.post("/v1/validate", json={"archive": {"base64": encoded}, "language": "python"}),
        await http.post("/v1/validate", json={"archive": encoded, "language": "python"}),
        await http.post(
            "/v1/validate", content=packed, headers={"Content-Type": "application/zip"}, params={"language": "python"}
        ),
        await http.post(
            "/v1/validate",
            files={"archive": ("p.zip", packed)},
            data={"language": "python", "stages": "syntax, style", "public": "true"},
        ),
    ]
    for answer in answers:
        assert answer.status_code == 200, answer.text
        assert answer.json()["origin"] == {**answers[0].json()["origin"], "kind": "archive", "files": 2}
    job = validators.asked[-1][0]
    assert job.stages == ("syntax", "style")
    assert job.public
    assert next(f for f in validators.files if f.path == "b.bin").data == bytes(range(256))
    again = await http.post(
        "/v1/validate", content=tarball(a_py="x = 1\n"), headers={"Content-Type": "application/gzip"}
    )
    assert again.json()["origin"]["files"] == 1


async def test_own_image_and_commands(http: httpx.AsyncClient, validators: FakeValidators) -> None:
    body = {"files": {"hello.hs": "main = print 1\n"}, "language": "other", "profile": "haskell"}
    answer = await http.post("/v1/validate", json={**body, "commands": {"run": ["runghc", "hello.hs"]}})
    assert answer.status_code == 200, answer.text
    job = validators.asked[-1][0]
    contract = contract_of(job, validators.files)
    assert contract.profile == "haskell"
    assert [(c.purpose, c.argv) for c in contract.commands] == [("run", ("runghc", "hello.hs"))]


async def test_reports_by_query_and_by_accept(http: httpx.AsyncClient) -> None:
    body = {"code": CODE, "language": "python"}
    for options in ({"params": {"format": "sarif"}}, {"headers": {"Accept": "application/sarif+json"}}):
        answer = await http.post("/v1/validate", json=body, **options)  # type: ignore[arg-type]
        assert answer.headers["content-type"] == "application/sarif+json"
        assert answer.json()["runs"][0]["results"][0]["ruleId"] == "ruff/F401"
    answer = await http.post("/v1/validate", json=body, params={"format": "junit"})
    assert answer.headers["content-type"].startswith("application/xml")
    assert ET.fromstring(answer.content).get("failures") == "1"
    browser = {"Accept": "text/html,application/xml;q=0.9,*/*;q=0.8"}
    assert (await http.post("/v1/validate", json=body, headers=browser)).json()["object"] == "validation"


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitServer]:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    root = tmp_path_factory.mktemp("repositories")
    (root / "work").mkdir()
    git(root / "work", "init", "-q", "-b", "main")
    (root / "work" / "calc.py").write_text(CODE)
    git(root / "work", "add", ".")
    git(root / "work", "commit", "-q", "-m", "one")
    git(root, "clone", "-q", "--bare", "work", "shop.git")
    with GitServer(root) as server:
        yield server


async def test_a_git_repository(http: httpx.AsyncClient, validators: FakeValidators, repository: GitServer) -> None:
    url = f"{repository.host}/shop.git"
    refused = await http.post("/v1/validate", json={"git": {"url": url}})
    assert_problem(refused, 400, "invalid_request")
    validators.settings = ValidationSettings(git_hosts=(repository.host,))
    answer = await http.post("/v1/validate", json={"git": {"url": url, "ref": "main"}})
    assert answer.status_code == 200, answer.text
    origin = answer.json()["origin"]
    assert (origin["kind"], origin["url"], len(origin["commit"])) == ("git", url, 40)
    assert [f.path for f in validators.files] == ["calc.py"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"code": CODE}, 422),
        ({"code": CODE, "language": "python", "files": {"a.py": ""}}, 422),
        ({"files": {}}, 422),
        ({"files": {"a.py": 5}}, 422),
        ({"files": {"a.py": {"base64": "!!"}}}, 422),
        ({"archive": "!!"}, 422),
        ({"files": {"a.py": ""}, "language": "cobol"}, 422),
        ({"files": {"a.py": ""}, "policy": "../../etc/passwd"}, 422),
        ({"files": {"a.py": ""}, "policy": "/etc/passwd.toml"}, 422),
        ({"files": {"a.py": ""}, "policy": "no-such"}, 400),
        ({"files": {"a.py": ""}, "stages": ["taste"]}, 422),
        ({"files": {"a.py": ""}, "commands": {"test": []}}, 422),
        ({"files": {"a.py": ""}, "unknown": 1}, 422),
        ({"files": {"../a.py": ""}}, 400),
        ({"files": {"/a.py": ""}}, 400),
        ({"files": {"a.py": "\ud800"}}, 400),
        ({"files": {"a": "", "a/b.py": ""}}, 400),
        ({"archive": base64.b64encode(b"no archive").decode()}, 400),
        ({"archive": base64.b64encode(zipball({"../x.py": b""})).decode()}, 400),
        ({"archive": base64.b64encode(zipball({f"f{n}.py": b"" for n in range(99)})).decode()}, 413),
        ({"git": {"url": "https://user:pw@github.com/a/b"}}, 400),
        ({"git": {"url": "file:///etc"}}, 400),
        ({"git": {"url": "https://169.254.169.254/a/b"}}, 400),
        ({"git": {"url": "https://github.com/a/b", "ref": "--upload-pack=x"}}, 400),
    ],
)
async def test_wrong_bodies_are_problems(
    http: httpx.AsyncClient, validators: FakeValidators, body: dict[str, Any], status: int
) -> None:
    validators.settings = ValidationSettings(max_files=20, git_hosts=())
    answer = await http.post("/v1/validate", content=json.dumps(body).encode())
    assert_problem(answer, status, "request_too_large" if status == 413 else "invalid_request")
    if status == 422:
        assert answer.json()["errors"][0]["field"].startswith("body")


async def test_bodies_that_are_no_json_and_no_archive(http: httpx.AsyncClient) -> None:
    for content, kind, status in (
        (b"", "application/json", 422),
        (b"{", "application/json", 400),
        (b"[" * 50_000, "application/json", 400),
        (b"\xff\xfe\x00", "application/json", 400),
        (b"[]", "application/json", 422),
        (b"x", "text/plain", 422),
        (b"x", "application/zip", 400),
        (b"x", "multipart/form-data", 400),
        (b"x", "multipart/form-data; boundary=b", 400),
        (b"--b\r\n\r\nx\r\n--b--", "multipart/form-data; boundary=b", 400),
        (b'--b\r\nContent-Disposition: form-data; name="archive"\r\n\r\nx\r\n--b--', "multipart/form-data; boundary=b", 400),
        (b'--b\r\nContent-Disposition: form-data; name="policy"\r\n\r\nx\r\n--b--', "multipart/form-data; boundary=b", 422),
    ):  # fmt: skip
        answer = await http.post("/v1/validate", content=content, headers={"Content-Type": kind})
        assert_problem(answer, status, "invalid_request")


async def test_a_full_queue_says_when_to_come_again(http: httpx.AsyncClient, validators: FakeValidators) -> None:
    validators.full = True
    answer = await http.post("/v1/validate", json={"code": CODE, "language": "python"})
    validators.full = False
    assert_problem(answer, 429, "overloaded")
    assert answer.headers["retry-after"] == "7"
    assert answer.json()["retryable"] is True


async def test_openapi_shows_every_way_in(http: httpx.AsyncClient) -> None:
    document = (await http.get("/openapi.json")).json()
    body = document["paths"]["/v1/validate"]["post"]["requestBody"]["content"]
    assert set(body) >= {"application/json", "application/zip", "application/gzip", "multipart/form-data"}
    schemas = document["components"]["schemas"]
    assert {"code", "files", "archive", "git", "policy", "public"} <= set(schemas["ValidateJob"]["properties"])
    for example in body["application/json"]["examples"].values():
        ValidateJob.model_validate(example["value"])
    text = json.dumps(document)
    for word in text.split("#/components/schemas/")[1:]:
        assert word.split('"', 1)[0] in schemas


async def test_the_sdk_sends_a_folder_files_and_raises_typed_errors(
    api: Api, key: str, validators: FakeValidators, tmp_path: Path
) -> None:
    (tmp_path / "calc.py").write_text(CODE)
    (tmp_path / "logo.png").write_bytes(b"\x89\xff")
    (tmp_path / "out.py").symlink_to("/etc/passwd")
    async with AsyncQLP(api.url, key, retries=0) as client:
        found = await client.validate(tmp_path, policy="prototype", stages=("syntax",))
        assert (found.policy, found.decision) == ("prototype@1", "unverified")
        assert {f.path: f.data for f in validators.files} == {"calc.py": CODE.encode(), "logo.png": b"\x89\xff"}
        assert (await client.validate({"a.go": "package a\n", "x": b"\xff"}, language="go")).origin.files == 2
        with pytest.raises(InputError):
            await client.validate({"../a.py": ""})
        with pytest.raises(InputError, match="either"):
            await client.validate()
        validators.full = True
        with pytest.raises(OverloadedError):
            await client.validate({"a.py": ""})
        validators.full = False

    def without_await() -> Validation:
        with QLP(api.url, key) as client:
            return client.validate(str(tmp_path))

    assert (await asyncio.to_thread(without_await)).decision == "reject"


@pytest.mark.docker
async def test_real_tools_judge_what_comes_in_by_http(tmp_path: Path) -> None:
    try:
        backend = await open_backend(SandboxSettings(), home())
    except SandboxUnavailableError as error:
        pytest.skip(error.detail)
    real = Validations(backend, Settings(home=tmp_path))

    class Real:
        async def validate(self, job: ValidateJob, tenant: str, *, report: Report | None = None) -> Validation:
            return await real.validate(job, tenant, report=report)

    async with open_api(tmp_path, FakeDoor(), Real()) as api, api.client(await api.new_key("t"), timeout=120) as http:
        test = "from calc import add\n\n\ndef test_add() -> None:\n    assert add(1, 2) == 3\n"
        packed = zipball({"calc.py": CODE.encode(), "test_calc.py": test.encode(), "logo.png": b"\x89\xff"})
        good = await http.post("/v1/validate", content=packed, headers={"Content-Type": "application/zip"})
        assert good.status_code == 200, good.text
        assert (good.json()["verified"], good.json()["decision"]) == (True, "accept"), good.text
        assert Evidence.model_validate(good.json()["stages"][0]["evidence"][0]).tool_version
        wrong = {"calc.py": CODE.replace("+", "-"), "test_calc.py": test}
        bad = await http.post("/v1/validate", json={"files": wrong}, params={"format": "sarif"})
        assert "error" in {r["level"] for r in bad.json()["runs"][0]["results"]}
