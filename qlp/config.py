"""The settings tree. Environment: `QLP_SECTION__FIELD`; the same names in `$QLP_HOME/config.yaml`.

Order: arguments, environment, file, defaults. Provider keys keep the names that users have
(`OPENAI_API_KEY`, `OPENAI_BASE_URL`).
"""

from __future__ import annotations

import ipaddress
import os
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

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

    kind: str = "openai"
    """`openai` is any OpenAI-compatible endpoint, `ollama` one on this machine, `vllm` a model that this cluster hosts
    itself or a vLLM server; `azure`, `anthropic`, `bedrock`; or a plug-in of the entry point group qlp.providers."""
    base_url: str | None = None
    """Address; None means the one of the kind (its usual environment variable, or the public service)."""
    api_key: SecretStr | None = None
    """None uses the kind's usual environment variable, unless `base_url` leads away from the service it is meant for.
    Of Bedrock: a Bedrock API key; None uses the AWS credentials."""
    api_version: str | None = None
    """Azure only; None uses OPENAI_API_VERSION, or the last dated version that is no preview."""
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


class OwnPrice(_Section):
    """A price that you know better than the public table; it outranks the table. US dollars."""

    model: str
    """`provider:model`, exactly."""
    since: date = date.min
    """First day (UTC) on which it holds; of several for one model the latest that has begun counts."""
    input: Decimal | None = Field(default=None, ge=0)
    """Per million tokens, as all that follow."""
    output: Decimal | None = Field(default=None, ge=0)
    cached: Decimal | None = Field(default=None, ge=0)
    """Input that was read from the provider's cache; None: as input."""
    cache_write: Decimal | None = Field(default=None, ge=0)
    """Input that was written to it; None: as input."""
    reasoning: Decimal | None = Field(default=None, ge=0)
    """Output that is not shown; None: as output."""
    batch: Decimal = Field(default=Decimal(1), ge=0)
    """Factor on the whole price in the provider's batch API."""
    gpu_hour: Decimal | None = Field(default=None, ge=0)
    """Of a self-hosted model instead of token prices: US dollars for one hour of one GPU."""
    gpus: float = Field(default=1.0, gt=0)
    """GPUs that one replica of the model takes."""

    @model_validator(mode="after")
    def _by_token_or_by_time(self) -> OwnPrice:
        if (self.gpu_hour is None) == (self.input is None or self.output is None):
            raise ValueError(f"the price of {self.model} needs `input` and `output`, or else `gpu_hour`")
        return self


class PriceSettings(_Section):
    """What models cost, beyond the public price table."""

    own: tuple[OwnPrice, ...] = ()
    """Prices of your own."""
    file: Path | None = None
    """YAML file with a list of further prices, written like those of `own`."""
    same_as: dict[str, str] = {}
    """Models under another name: `azure:my-deployment: openai:gpt-4o`, or the ARN of a Bedrock profile."""
    unknown: Literal["uncapped", "refuse", "ceiling"] = "uncapped"
    """A model without a known price: `uncapped` lets it work where no cost cap or budget holds and reports its cost as
    unknown, `refuse` never lets it work, `ceiling` counts the two ceilings below as its price."""
    ceiling_input: Decimal = Field(default=Decimal(20), ge=0)
    """US dollars per million tokens of a model without a price."""
    ceiling_output: Decimal = Field(default=Decimal(100), ge=0)


class Caps(_Section):
    """Most that may be spent, US dollars; None is no cap. Days and months are those of UTC."""

    day: Decimal | None = Field(default=None, ge=0)
    month: Decimal | None = Field(default=None, ge=0)
    total: Decimal | None = Field(default=None, ge=0)


class BudgetSettings(_Section):
    """Caps that the operator sets; those of `qlp budget set` and `/v1/budgets` hold beside them."""

    tenant: Caps = Caps()
    """Of each tenant."""
    key: Caps = Caps()
    """Of each API key."""
    user: Caps = Caps()
    """Of each user."""
    tenants: dict[str, Caps] = {}
    """Of single tenants by name, instead of `tenant`."""
    grace_s: float = Field(default=60.0, gt=0)
    """How long after its deadline a call may still settle before its reservation counts as spent, seconds."""


class AgentSettings(_Section):
    """How models work at a task: candidates, tests by somebody else, and the shell agent of tier T3."""

    early_stopping: bool = True
    """Draw the `models.n` candidates in waves and stop when the evidence is enough; false draws all at once."""
    stop_confidence: float = Field(default=0.95, ge=0.5, lt=1)
    """Where nothing but agreement ranks candidates: how sure it must be that the leading behaviour stays ahead."""
    cross_tests: int = Field(default=8, ge=0, le=40)
    """Tests that another call writes to rank candidates when no test is given; 0 writes none."""
    ensemble: tuple[Annotated[str, Field(pattern=r"^t[123](:[a-z-]+)?$")], ...] = ()
    """Who draws the candidates of a code task, in parallel: tiers, each with the name of a prompt if it is not the
    implementer's, such as `t1`, `t2:implementer-stepwise`. Empty: the task's own tier."""
    steps: int = Field(default=40, ge=1, le=500)
    """Model calls of one shell agent."""
    wall_s: float = Field(default=900.0, gt=0)
    """Time of one shell agent, seconds."""
    max_cost_usd: Decimal | None = Field(default=None, ge=0)
    """Model cost of one shell agent; the run's cap holds besides."""
    command_s: float = Field(default=60.0, gt=0, le=600)
    """Deadline of one command of a shell agent, seconds."""
    output_chars: int = Field(default=8000, ge=500)
    """Output of one command that is shown to the shell agent."""
    critic: Literal["t1", "t2", "t3"] | None = "t3"
    """Tier whose model judges a shell agent's work against the request before it ends; None asks nobody."""
    architect_tasks: int = Field(default=3, ge=1)
    """Code tasks from which on an architect settles the interface contract before they are written."""


class CallSettings(_Section):
    """What surrounds every model call."""

    queue: int = Field(default=1000, ge=1)
    """Calls that may wait for the rate limit of one model and key in one process; one more is refused."""
    cache: Literal["off", "deterministic", "replay"] = "replay"
    """Which answers of models are kept and given again: `deterministic` those to calls with temperature 0 or a seed,
    `replay` also those to a sampled call when this very call is repeated after a crash; `off` none."""
    cache_mb: int = Field(default=256, ge=0)
    """Largest size of the cache of answers, MiB; 0 turns it off."""
    cache_days: float = Field(default=7.0, gt=0)
    """Age at which a kept answer is forgotten: models change under their names."""


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


class VllmModelSettings(_Section):
    """A model that the cluster hosts itself. Tiers name it `vllm:NAME`, an adapter of it `vllm:NAME@ADAPTER`."""

    source: str | None = None
    """Folder of the weights, `s3://`, `gs://` or `az://` address of such a folder, or id on the hub; None means that
    the name is the id."""
    revision: str | None = None
    """Commit, branch or tag on the hub."""
    adapters: dict[str, str] = {}
    """LoRA adapters by name; each is a folder, an address or an id, as `source`."""
    gpus: float = Field(default=1.0, ge=0)
    """GPUs of one replica: 0 is the processor alone, a fraction shares one GPU, more than one is tensor parallel."""
    spread: bool = False
    """The GPUs of a replica may be on several nodes; otherwise they are on one."""
    accelerator: str | None = None
    """Type of GPU as Ray knows it, such as H100 or A10G; None takes any."""
    labels: dict[str, str] = {}
    """Node labels that a replica needs, as Ray's label selectors."""
    resources: dict[str, float] = {}
    """Custom Ray resources that a replica needs."""
    cpus: float = Field(default=1.0, gt=0)
    """Processor cores of one replica."""
    dtype: str = "auto"
    max_model_len: int | None = Field(default=None, ge=1)
    """Tokens of prompt and answer together; None is what the model can."""
    engine: dict[str, Any] = {}
    """Further options of `vllm serve`, with underscores: `tool_call_parser: hermes`, `enable_prefix_caching: false`."""
    env: dict[str, str] = {}
    """Environment variables of a replica."""
    min_replicas: int = Field(default=0, ge=0)
    """0: nothing is held while nobody asks, and the first request waits for the weights to load."""
    max_replicas: int = Field(default=1, ge=1)
    target_requests: float = Field(default=16.0, gt=0)
    """Requests at work in one replica at which another replica is started."""
    idle_s: float = Field(default=600.0, ge=0)
    """How long replicas that are not needed stay, seconds."""
    max_requests: int = Field(default=64, ge=1)
    """Requests that one replica works on."""
    max_queued: int = Field(default=128, ge=1)
    """Requests that wait in one caller; one more is refused with 429."""
    frame_ms: int = Field(default=30, ge=0, le=1000)
    """Streamed tokens are sent together every so many milliseconds."""
    start_s: float = Field(default=1200.0, gt=0)
    """How long a replica may take to load the model, seconds."""

    @model_validator(mode="after")
    def _placeable(self) -> VllmModelSettings:
        if self.gpus > 1 and self.gpus != int(self.gpus):
            raise ValueError("gpus is a whole number, or a fraction below 1")
        if self.spread and self.gpus < 2:
            raise ValueError("spread needs two or more gpus")
        if self.accelerator and not self.gpus:
            raise ValueError("accelerator needs gpus")
        if self.max_replicas < self.min_replicas:
            raise ValueError("max_replicas is less than min_replicas")
        return self


class VllmSettings(_Section):
    models: dict[str, VllmModelSettings] = {}
    """By the name after `vllm:`, such as Qwen/Qwen3-8B."""
    python: Path | None = None
    """Interpreter of the environment that has vLLM, on every node that hosts models; None is QLP's own."""

    @model_validator(mode="after")
    def _names(self) -> VllmSettings:
        for name, model in self.models.items():
            for part in (name, *model.adapters):
                if not part or set(part) & set("@#: ") or not part.isprintable():
                    raise ValueError(f"{part!r} cannot name a model or adapter: it contains one of @ # : or a space")
        return self


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


class RouteRule(_Section):
    """What narrows routing for a tenant or a type of task. A limit of the operator holds against the caller too."""

    tier: Literal["t0", "t1", "t2", "t3"] | None = None
    """Tier of the first try, unless the request names one; the tiers above it stay its way up."""
    min_tier: Literal["t0", "t1", "t2", "t3"] | None = None
    """No tier below this one, whatever the request says."""
    max_tier: Literal["t0", "t1", "t2", "t3"] | None = None
    """No tier above this one, whatever the request says."""
    n: int | None = Field(default=None, ge=1, le=64)
    """Candidates a try; None takes `routing.candidates`."""
    floor: float | None = Field(default=None, ge=0, le=1)
    """As `routing.floor`; the highest of all that apply counts."""
    hard_floor: float | None = Field(default=None, ge=0, le=1)
    """As `routing.hard_floor`; the highest counts."""
    latency_s: float | None = Field(default=None, gt=0)
    """As `routing.latency_s`; the lowest counts."""
    policy: Literal["learned", "greedy", "ladder", "cheapest", "best"] | None = None
    """As `routing.policy`."""


class ExperimentArm(_Section):
    """What is different in one arm of an experiment; an arm without any difference is the control."""

    weight: float = Field(default=1.0, gt=0)
    """Share of the units, relative to the other arms' weights."""
    policy: Literal["learned", "greedy", "ladder", "cheapest", "best"] | None = None
    models: dict[Literal["t0", "t1", "t2", "t3"], str] = {}
    """Tier -> `provider:model`."""
    prompts: dict[str, str] = {}
    """Role -> name of its prompt."""


class ExperimentSettings(_Section):
    """A comparison of policies, prompts or models. The first arm is the control."""

    arms: dict[str, ExperimentArm] = Field(min_length=2)
    unit: Literal["run", "tenant", "user"] = "run"
    """What is assigned, and counted as one observation."""
    share: float = Field(default=1.0, gt=0, le=1)
    """Share of the units that take part."""
    tenants: tuple[str, ...] = ()
    """Only these; empty: all."""
    alpha: float = Field(default=0.05, gt=0, lt=0.5)
    """Chance that a difference is claimed, or an arm stopped, where there is none; holds however often one looks."""
    max_failure_ratio: float = Field(default=1.0, ge=1)
    """Guardrail: an arm stops when it provably fails more than this many times as often as the control."""
    max_cost_ratio: float = Field(default=1.5, ge=1)
    """Guardrail: an arm stops when its runs typically cost more than this many times the control's."""
    max_latency_ratio: float = Field(default=2.0, ge=1)
    """Guardrail: the same for seconds."""


class RoutingSettings(_Section):
    policy: Literal["learned", "greedy", "ladder", "cheapest", "best"] = "learned"
    """`learned` samples by what it knows (Thompson), `greedy` takes the least expected cost per verified success,
    `ladder` always starts at the bottom, `cheapest` and `best` look at cost or at success alone."""
    floor: float = Field(default=0.5, ge=0, le=1)
    """Smallest chance of a verified result, escalation included, with which routing is content: the lower bound of
    what it believes must reach it. If no way does, the surest is taken."""
    hard_floor: float = Field(default=0.0, ge=0, le=1)
    """The same against a tier that the request forces: tiers above it are added until this is reached."""
    latency_s: float | None = Field(default=None, gt=0)
    """Longest expected time of a task, escalation included, seconds."""
    second_usd: float = Field(default=0.0001, ge=0)
    """What a second of waiting and sandbox counts beside the model's cost; it decides between free models."""
    candidates: tuple[int, ...] = ()
    """Numbers of candidates to choose from; empty: `models.n` alone."""
    explore: float = Field(default=0.02, ge=0, le=0.5)
    """Share of decisions of `learned` that go over all allowed ways, the cheaper the more, so that each is judged."""
    warmup: int = Field(default=20, ge=0)
    """Outcomes from which `learned` samples; with fewer it is `greedy`, on the priors."""
    task_types: dict[str, RouteRule] = {}
    """Rules by kind of task (code, test, docs, config, deployment) or of project (rest_api, function, ...)."""
    tenants: dict[str, RouteRule] = {}
    experiments: dict[str, ExperimentSettings] = {}


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
    vllm: VllmSettings = VllmSettings()
    """Models that the cluster hosts itself."""
    tiers: TiersSettings = TiersSettings()
    agents: AgentSettings = AgentSettings()
    prices: PriceSettings = PriceSettings()
    budgets: BudgetSettings = BudgetSettings()
    calls: CallSettings = CallSettings()
    server: ServerSettings = ServerSettings()
    runs: RunSettings = RunSettings()
    validation: ValidationSettings = ValidationSettings()
    routing: RoutingSettings = RoutingSettings()

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
