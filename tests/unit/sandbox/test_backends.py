from pathlib import Path

import pytest

from qlp.config import SandboxSettings
from qlp.errors import SandboxUnavailableError
from qlp.sandbox import engine, images, open_backend, probe_backends, toolchain
from qlp.sandbox.profiles import IMAGE_PROFILES, environment, image_profile, languages

pytestmark = pytest.mark.unit


async def test_without_any_sandbox_the_refusal_names_the_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    settings = SandboxSettings(docker_host=f"unix://{tmp_path}/none.sock")
    with pytest.raises(SandboxUnavailableError, match=r"start-docker\.sh.*apt-get install bubblewrap"):
        await open_backend(settings, tmp_path)
    statuses = await probe_backends(settings, tmp_path)
    assert [s.name for s in statuses] == ["docker", "bubblewrap"]
    assert not any(s.available for s in statuses)
    assert all(s.remedy for s in statuses)


async def test_a_chosen_backend_is_not_replaced_by_another(tmp_path: Path) -> None:
    settings = SandboxSettings(backend="docker", docker_host=f"unix://{tmp_path}/none.sock")
    with pytest.raises(SandboxUnavailableError):
        await open_backend(settings, tmp_path)


def test_where_the_engine_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://elsewhere:2375")
    assert engine.engine_url(SandboxSettings(docker_host="unix:///x"), tmp_path) == "unix:///x"
    assert engine.engine_url(SandboxSettings(), tmp_path) == "tcp://elsewhere:2375"
    monkeypatch.delenv("DOCKER_HOST")
    monkeypatch.setattr(engine, "_DEFAULT_SOCKET", tmp_path / "default.sock")
    assert engine.engine_url(SandboxSettings(), tmp_path) == f"unix://{tmp_path}/default.sock"


def test_an_ssh_engine_is_refused_with_the_way_round() -> None:
    with pytest.raises(SandboxUnavailableError, match="ssh -L"):
        engine.connect("ssh://somebody@somewhere")


def test_another_pin_is_another_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {p: images.image_ref(p) for p in IMAGE_PROFILES}
    assert len(set(before.values())) == len(IMAGE_PROFILES)
    (tmp_path / "node").mkdir()
    (tmp_path / "python.txt").write_text("fastapi==0.0.1\n")
    (tmp_path / "analysis.txt").write_text("bandit==0.0.1\n")
    (tmp_path / "node/package.json").write_text("{}")
    monkeypatch.setattr(toolchain, "PINS", tmp_path)
    after = {p: images.image_ref(p) for p in IMAGE_PROFILES}
    for profile in IMAGE_PROFILES:
        assert (after[profile] != before[profile]) == (profile in toolchain.TOOLCHAINS)


def test_a_toolchain_is_named_by_what_it_holds_and_for_whom(tmp_path: Path) -> None:
    here, there = toolchain.host_target(), toolchain.Target("/usr/bin/python3.13", "3.13", "x86_64", False)
    assert toolchain.path("python", tmp_path, here) == toolchain.path("python", tmp_path, here)
    assert toolchain.path("python", tmp_path, here) != toolchain.path("python", tmp_path, there)


def test_every_language_has_a_profile_without_secrets() -> None:
    assert {image_profile(language) for p in IMAGE_PROFILES for language in languages(p)} == set(IMAGE_PROFILES) - {
        "analysis"
    }
    assert image_profile("typescript") == image_profile("javascript") == "node"
    for profile in IMAGE_PROFILES:
        assert environment(profile)["PATH"].startswith(f"/opt/qlp/{profile}/bin")


def test_all_pins_are_exact() -> None:
    for file in ("python.txt", "analysis.txt", "node/runtime.txt"):
        lines = [x for x in (toolchain.PINS / file).read_text().splitlines() if x and not x.startswith("#")]
        assert lines
        assert all("==" in line for line in lines)
    assert '"resolved"' not in (toolchain.PINS / "node/package-lock.json").read_text()
