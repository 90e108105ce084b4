"""The settings tree. Environment: `QLP_SECTION__FIELD`; the same names in `$QLP_HOME/config.yaml`.

Order: arguments, environment, file, defaults. Provider keys keep the names that users have
(`OPENAI_API_KEY`, `OPENAI_BASE_URL`).
"""

from __future__ import annotations

import ipaddress
import os
from decimal import Decimal
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, YamlConfigSettingsSource


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class SandboxSettings(_Section):
    backend: Literal["auto", "docker", "bubblewrap"] = "auto"
    """Which isolation to use; `auto` takes the best that works here."""
    docker_host: str | None = None
    """Socket of the engine, such as unix:///var/run/docker.sock; None uses DOCKER_HOST or the default socket."""
    runtime: str | None = None
    """OCI runtime by name (runc, runsc, kata); None leaves it to the engine."""
    runtimes: tuple[str, ...] = ("runc", "runsc", "kata")
    """Runtimes that callers may ask for by name, as far as the engine knows them."""
    daemon_socket: Path | None = None
    """Socket of sandboxd; None means `$QLP_HOME/run/sandboxd.sock` if one listens there, else the engine is opened
    directly."""
    memory_mb: int = 1024
    """Memory of one sandbox, MiB."""
    pids: int = 256
    """Processes and threads of one sandbox."""
    cpus: float = 2.0
    """CPU cores of one sandbox."""
    disk_mb: int = 512
    """Largest workspace that a caller may ask for, MiB."""
    concurrency: int = 2
    """Sandboxes that work at the same time; more wait."""
    queue: int = Field(default=64, ge=0)
    """Jobs that may wait for a sandbox; one more is answered 429."""
    warm: dict[str, int] = {"python": 2}
    """Sandboxes kept ready, by profile."""
    keep: int = 6
    """Most sandboxes kept between jobs on one node, warm ones included; sessions come on top."""
    refill_concurrency: int = Field(default=1, ge=1)
    """Sandboxes made at the same time to refill the pool."""
    max_jobs: int = Field(default=200, ge=1)
    """Jobs that one sandbox serves before it is destroyed."""
    max_age_s: float = 1800.0
    """Age at which a sandbox is destroyed between two jobs, seconds."""
    idle_s: float = 300.0
    """A sandbox bound to a tenant is destroyed when unused for this long, seconds."""
    sessions: int = Field(default=8, ge=0)
    """Sessions (`/v1/sandboxes`) open at the same time on one node; one more is answered 429."""
    images: dict[str, str] = {}
    """Further profiles: name -> image reference. Callers name the profile, never the image."""
    indexes: tuple[str, ...] = ("pypi.org", "files.pythonhosted.org", "registry.npmjs.org", "proxy.golang.org")
    """Hosts that `qlp sandbox image add` may fetch dependencies from."""


class ModelSettings(_Section):
    base_url: str | None = None
    """OpenAI-compatible endpoint; None uses OPENAI_BASE_URL, api.openai.com if there is a key, or localhost:11434."""
    api_key: SecretStr | None = None
    """Key of the endpoint; None uses OPENAI_API_KEY."""
    prompt_style: Literal["fenced", "bare"] = "fenced"
    """`fenced` sends contract and upstream files and reads fenced blocks; `bare` sends the request alone and reads
    the whole answer as one file (base or very small models)."""
    price: Literal["table", "free", "unknown"] = "table"
    """`table` looks the price up; `free` declares a self-hosted model that costs nothing per token; with `unknown`,
    or a model that the table lacks, a run that has a cost cap is refused."""
    n: int = Field(default=1, ge=1, le=64)
    """Candidates sampled per attempt of a code task."""
    temperature: float = 0.2
    max_tokens: int = 8192
    timeout_s: float = 120.0
    """Deadline of one model call, its retries included, seconds."""
    max_attempts: int = Field(default=3, ge=1, le=10)
    """Attempts at one task over all tiers."""
    extra_body: dict[str, object] = {}
    """Fields passed through to the endpoint, such as top_k or min_p."""


class ProviderSettings(_Section):
    """One source of models beside the endpoint of `models`, under a name of your own."""

    kind: Literal["openai", "azure", "anthropic", "bedrock", "vllm"] = "openai"
    """`openai` is any OpenAI-compatible endpoint; `vllm` is a model that this cluster hosts itself."""
    base_url: str | None = None
    """Address; None means the one of the kind (its usual environment variable, or the public service)."""
    api_key: SecretStr | None = None
    """None uses the kind's usual environment variable."""
    api_version: str | None = None
    """Azure only."""
    region: str | None = None
    """Bedrock only; None uses AWS_REGION."""
    price: Literal["table", "free", "unknown"] = "table"
    """As in `models.price`."""
    rpm: int | None = Field(default=None, ge=1)
    """Requests a minute, over the whole cluster."""
    tpm: int | None = Field(default=None, ge=1)
    """Tokens a minute, over the whole cluster."""


class TierSettings(_Section):
    """Who serves a tier. A model is `provider:model`, or an id at the endpoint of `models`."""

    model: str | None = None
    """None: tier T1 takes the first model that the endpoint lists, the others the model of the tier below."""
    fallbacks: tuple[str, ...] = ()
    """Models to ask, in this order, when the one before cannot answer (rate limit, context, content policy, outage)."""
    hedge_after_s: float | None = Field(default=None, gt=0)
    """Ask the first fallback too when the model has not answered after this many seconds; None never does."""


class TiersSettings(_Section):
    t0: TierSettings = TierSettings()
    t1: TierSettings = TierSettings()
    t2: TierSettings = TierSettings()
    t3: TierSettings = TierSettings()


class ServerSettings(_Section):
    host: str = "127.0.0.1"
    """Interface of the HTTP API. Anything but loopback needs RAY_AUTH_MODE=token and a firewall."""
    port: int = 8420
    max_body_bytes: int = 4_194_304
    """Largest request body, bytes."""
    open_run_code: bool = False
    """Answer `/run_code` also without a key, for scripts that cannot send one; refused unless `host` is loopback."""

    @model_validator(mode="after")
    def _open_on_loopback_only(self) -> ServerSettings:
        if self.open_run_code and not _is_loopback(self.host):
            raise ValueError(
                f"server.open_run_code lets everybody run code who reaches {self.host}: it needs a loopback host "
                "(server.host: 127.0.0.1); elsewhere put a key into the URL, http://qlp:KEY@host:port/run_code"
            )
        return self


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


class RunSettings(_Section):
    max_request_chars: int = 32_000
    """Longest request text."""
    deadline_s: float = 1800.0
    """Wall-clock limit of a run unless the request sets one, seconds."""
    max_cost_usd: Decimal | None = None
    """Cap of model cost for a run that names none; None means no cap."""
    workers: int = 1
    """Run workers (Ray actors)."""
    concurrency: int = 4
    """Runs that one worker advances at the same time."""
    queue_limit: int = 100
    """Runs that may wait; one more is answered 429."""
    match_threshold: float = 0.75
    """Blueprint scores below this are refused or handed to a model."""


class ValidationSettings(_Section):
    policy: str = "development"
    """Policy where a request names none: prototype, development, production, critical, or a file of your own."""
    cache_mb: int = Field(default=256, ge=0)
    """Largest size of the cache of verdicts, MiB; 0 turns it off."""
    actors: int | None = Field(default=None, ge=1, le=64)
    """Validator actors of a cluster; None means one for every four cores, at most four."""
    concurrency: int = Field(default=4, ge=1)
    """Validations that one validator actor works on at the same time."""
    queue: int = Field(default=64, ge=0)
    """Validations that may wait at one validator actor; one more is answered 429."""
    max_files: int = Field(default=2000, ge=1)
    """Files of one project."""
    max_bytes: int = Field(default=20_000_000, ge=1)
    """All files of one project together, unpacked, bytes."""
    git_hosts: tuple[str, ...] = ("github.com", "gitlab.com", "bitbucket.org", "codeberg.org")
    """Where /v1/validate may clone from. `host` means https on port 443 and public addresses only; `host:port` is
    https on that port at any address; `http://host:port` also allows plain http, for a mirror of your own."""
    git_wall_s: float = Field(default=60.0, gt=0)
    """Deadline of one clone, seconds."""
    git_max_bytes: int = Field(default=50_000_000, ge=1)
    """Most that a shallow clone may take, packed, bytes."""


def home() -> Path:
    """`$QLP_HOME`, by default `~/.qlp`: store, keys, capsules, toolchains."""
    return Path(os.environ.get("QLP_HOME") or Path.home() / ".qlp")


class Settings(BaseSettings):
    """The whole tree."""

    model_config = SettingsConfigDict(
        env_prefix="QLP_", env_nested_delimiter="__", extra="forbid", frozen=True, use_attribute_docstrings=True
    )

    home: Path = Field(default_factory=home)
    """Folder of everything that QLP keeps."""
    sandbox: SandboxSettings = SandboxSettings()
    models: ModelSettings = ModelSettings()
    providers: dict[str, ProviderSettings] = {}
    """Further sources of models, by name: `provider:model` finds them."""
    tiers: TiersSettings = TiersSettings()
    server: ServerSettings = ServerSettings()
    runs: RunSettings = RunSettings()
    validation: ValidationSettings = ValidationSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        file = home() / "config.yaml"
        return (init_settings, env_settings, YamlConfigSettingsSource(settings_cls, yaml_file=file))
