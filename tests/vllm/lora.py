"""A LoRA adapter for the test model: random, so that it answers otherwise; nothing was trained."""

from __future__ import annotations

import json
from pathlib import Path

RANK = 8
SEED = 7


def write_adapter(model: Path, folder: Path) -> Path:
    """In PEFT's layout, on the output projection of every layer."""
    import numpy as np
    from safetensors.numpy import save_file

    config = json.loads((model / "config.json").read_text())
    size = config["hidden_size"]
    random = np.random.default_rng(SEED)
    tensors = {}
    for layer in range(config["num_hidden_layers"]):
        name = f"base_model.model.model.layers.{layer}.self_attn.o_proj"
        tensors[f"{name}.lora_A.weight"] = random.normal(size=(RANK, size)).astype("float32")
        tensors[f"{name}.lora_B.weight"] = random.normal(size=(size, RANK)).astype("float32")
    save_file(tensors, folder / "adapter_model.safetensors")
    about = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": RANK, "lora_alpha": RANK, "target_modules": ["o_proj"]}
    (folder / "adapter_config.json").write_text(json.dumps(about))
    return folder
