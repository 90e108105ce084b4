"""vLLM inside a replica: the engine, and vLLM's own chat layer over it (templates, tool and reasoning parsers, images).

The only module that imports vLLM.
"""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

from actors.vllm.options import arguments
from actors.vllm.reply import EngineReply, EngineStats
from qlp.config import VllmModelSettings
from qlp.errors import InputError, ProviderUnavailableError

log = logging.getLogger(__name__)


class Engine:
    """Chat completions by one vLLM engine. Belongs to one event loop."""

    def __init__(self, llm: Any, chat: Any, latest: Latest) -> None:
        self._llm = llm
        self._chat = chat
        self._latest = latest

    @classmethod
    async def start(
        cls, name: str, model: VllmModelSettings, weights: Path | str, adapters: dict[str, Path | str]
    ) -> Engine:
        """Loads the model: seconds to minutes. Raises InputError for options that vLLM does not know."""
        try:
            from starlette.datastructures import State
            from vllm.engine.arg_utils import AsyncEngineArgs
            from vllm.entrypoints.launchers.api_server.app_state import init_app_state
            from vllm.v1.engine.async_llm import AsyncLLM
            from vllm.v1.metrics.ray_wrappers import RayPrometheusStatLogger
        except ImportError as error:
            raise ProviderUnavailableError(
                f"this node's Python has no vLLM ({error}): make an environment with scripts/vllm-environment.sh (for "
                "a processor) or `pip install vllm`, and name its interpreter in vllm.python"
            ) from error

        args = _parse(arguments(name, model, weights, adapters), name)
        latest = Latest()
        llm = AsyncLLM.from_engine_args(
            AsyncEngineArgs.from_cli_args(args), stat_loggers=[RayPrometheusStatLogger, latest.logger]
        )
        try:
            state = State()
            await init_app_state(llm, state, args, await llm.get_supported_tasks())
            if state.openai_serving_chat is None:
                raise InputError(f"the model {name!r} cannot chat: vLLM says it is no generator")
        except BaseException:
            llm.shutdown()
            raise
        return cls(llm, state.openai_serving_chat, latest)

    async def chat(self, body: dict[str, Any]) -> EngineReply:
        """One answer, in OpenAI's shape."""
        answer = await self._ask({**body, "stream": False})
        return answer if isinstance(answer, EngineReply) else EngineReply(status=200, body=answer.model_dump_json())

    async def chat_stream(self, body: dict[str, Any]) -> AsyncGenerator[str, None] | EngineReply:
        """Server-sent events, one a token; the refusal if there is one. To cancel or close them aborts the request."""
        answer: AsyncGenerator[str, None] | EngineReply = await self._ask({**body, "stream": True})
        return answer

    async def _ask(self, body: dict[str, Any]) -> Any:
        from pydantic import ValidationError
        from vllm.entrypoints.openai.chat_completion.protocol import ChatCompletionRequest
        from vllm.entrypoints.serve import create_error_response
        from vllm.entrypoints.serve.engine.protocol import ErrorResponse
        from vllm.exceptions import VLLMClientError

        try:
            request = ChatCompletionRequest.model_validate(body)
            answer = await self._chat.create_chat_completion(request, None)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            answer = create_error_response(f"{where}: {first['msg']}", param=where or None)
        except (VLLMClientError, ValueError, NotImplementedError, OverflowError) as error:
            answer = create_error_response(error)
        if isinstance(answer, ErrorResponse):
            return EngineReply(status=int(answer.error.code), body=answer.model_dump_json())
        return answer

    async def check(self) -> None:
        """Raises when the engine's process is dead."""
        await self._llm.check_health()

    @property
    def stats(self) -> EngineStats:
        return EngineStats(unfinished=self._llm.get_num_unfinished_requests(), **self._latest.seen)

    def stop(self) -> None:
        self._llm.shutdown()


class Latest:
    """What the scheduler last said about itself; vLLM's own metrics go to Ray."""

    def __init__(self) -> None:
        self.seen: dict[str, Any] = {
            "running": 0, "waiting": 0, "finished": 0, "cache_usage": 0.0, "queried": 0, "hit": 0
        }  # fmt: skip

    def logger(self, vllm_config: Any, engine_index: int = 0) -> Any:
        """Implements vLLM's StatLoggerFactory."""
        from vllm.v1.metrics.loggers import StatLoggerBase

        seen = self.seen

        class Logger(StatLoggerBase):  # type: ignore[misc]
            def __init__(self) -> None: ...
            def record(
                self,
                scheduler_stats: Any,
                iteration_stats: Any,
                mm_cache_stats: Any = None,
                engine_idx: int = 0,
            ) -> None:
                if iteration_stats is not None:
                    seen["finished"] += len(iteration_stats.finished_requests)
                if scheduler_stats is None:
                    return
                seen["running"] = scheduler_stats.num_running_reqs
                seen["waiting"] = scheduler_stats.num_waiting_reqs
                seen["cache_usage"] = scheduler_stats.kv_cache_usage
                prefix = scheduler_stats.prefix_cache_stats
                if prefix is not None:
                    seen["queried"] += prefix.queries
                    seen["hit"] += prefix.hits

            def log_engine_initialized(self) -> None: ...

        return Logger()


def _parse(line: list[str], name: str) -> Any:
    from vllm.entrypoints.launchers.cli_args import make_arg_parser, validate_parsed_serve_args
    from vllm.utils.argparse_utils import FlexibleArgumentParser

    class Parser(FlexibleArgumentParser):  # type: ignore[misc]
        def error(self, message: str) -> Any:
            raise InputError(f"vllm.models.{name}.engine: {message}")

    args = make_arg_parser(Parser()).parse_args(line)
    args.model = args.model_tag or args.model
    validate_parsed_serve_args(args)
    log.info("vLLM of %s: %s", name, json.dumps(line))
    return args
