"""The Serve application of one self-hosted model, from arguments that YAML and code feed alike."""

from __future__ import annotations

import logging
from typing import Any

from pydantic import BaseModel, ConfigDict
from ray import serve

from actors.vllm.declared import DEPLOYMENT, app_name
from actors.vllm.options import environment
from actors.vllm.placement import deployment_options
from qlp.config import Settings, VllmModelSettings

log = logging.getLogger(__name__)


class HostArgs(BaseModel):
    """`args` of the application in a Serve config file."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    name: str
    """The name after `vllm:`."""
    model: VllmModelSettings = VllmModelSettings()
    home: str
    """Folder for copies of weights."""
    python: str | None = None
    """As `vllm.python`."""
    loopback: bool = True
    """Keep Serve's own ports of the replica on this machine; off where the cluster has several nodes."""

    @classmethod
    def of(cls, settings: Settings, name: str) -> HostArgs:
        python = settings.vllm.python
        return cls(
            name=name,
            model=settings.vllm.models[name],
            home=str(settings.home),
            python=str(python) if python is not None else None,
            loopback=settings.server.host == "127.0.0.1",
        )


def build_model(args: HostArgs) -> serve.Application:
    """`import_path: actors.vllm.builder:build_model` of a Serve config file; `route_prefix: null`."""
    from actors.vllm.host import Host

    return application_of(Host, args)


def application_of(host: type, args: HostArgs) -> serve.Application:
    """`host` is made as `Host` is."""
    options = deployment_options(args.model, environment(args.model), args.python)
    configure: Any = serve.deployment(name=DEPLOYMENT, **options)
    chosen = args.model.model_dump(mode="json", exclude_unset=True)
    application: serve.Application = configure(host).bind(args.name, chosen, args.home, args.loopback)
    return application


def deploy_models(settings: Settings) -> tuple[str, ...]:
    """Starts what `vllm.models` declares, and returns before the weights are loaded. Names of the applications."""
    targets = [
        serve.RunTarget(build_model(HostArgs.of(settings, name)), name=app_name(name), route_prefix=None)
        for name in settings.vllm.models
    ]
    if targets:
        serve.run_many(targets, wait_for_ingress_deployment_creation=False, wait_for_applications_running=False)
    return tuple(target.name for target in targets)
