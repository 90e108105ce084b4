"""The official client, the facade and a real engine behind it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openai
import pytest

from actors.vllm.client import ModelClient
from qlp.config import Settings
from tests.support.api import open_api
from tests.vllm.conftest import NAME
from tests.vllm.waiting import until

pytestmark = pytest.mark.vllm

ASKED: Any = [{"role": "user", "content": "Add 1 to the number."}]


async def test_the_official_client_talks_to_a_self_hosted_model(hosted: Settings, tmp_path: Path) -> None:
    tree = {"vllm": hosted.vllm.model_dump(mode="json"), "models": {"base_url": "http://127.0.0.1:9/v1"}}
    async with open_api(tmp_path, None, tree=tree) as api:
        client = openai.AsyncOpenAI(
            base_url=f"{api.url}/v1",
            api_key=await api.new_key("tenant-a"),
            max_retries=0,
            http_client=openai.DefaultAsyncHttpxClient(trust_env=False),
        )
        create = client.chat.completions.create
        whole = await create(
            model=f"vllm:{NAME}", messages=ASKED, max_tokens=40, temperature=0.5, logprobs=True, top_logprobs=2, n=2
        )
        text = whole.choices[0].message.content
        assert text
        assert text.startswith("def f(x):")
        assert len(whole.choices) == 2
        assert whole.choices[0].logprobs

        stream = await create(
            model=f"vllm:{NAME}@random",
            messages=ASKED,
            max_tokens=20,
            stream=True,
            stream_options={"include_usage": True},
        )
        chunks = [chunk async for chunk in stream]
        assert chunks[-1].usage
        assert chunks[-1].usage.completion_tokens <= 20

        with pytest.raises(openai.NotFoundError):
            await create(model="vllm:other", messages=ASKED)
        with pytest.raises(openai.BadRequestError):
            await create(model=f"vllm:{NAME}", messages=[{"role": "user", "content": "word " * 2000}])

        endless = await create(
            model=f"vllm:{NAME}", messages=ASKED, max_tokens=450, stream=True, extra_body={"ignore_eos": True}
        )
        await anext(aiter(endless))
        await endless.close()

        async def idle() -> bool:
            return (await ModelClient(NAME).status()).engine.unfinished == 0

        await until(idle, "the engine to be free again")
        await client.close()
