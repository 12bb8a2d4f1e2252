"""Writes a small model of random weights in the two formats that serving images carry: tiny_model.py FOLDER.

Formats: safetensors (8-byte length, JSON header, tensors), GGUF version 3 (magic, counts, key-value pairs).
"""

import json
import random
import struct
import sys
from pathlib import Path

MiB = 1 << 20
CARD = "---\nlicense: apache-2.0\nbase_model: acme/base\n---\n# tiny\n"
CONFIG = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "_name_or_path": "acme/tiny"}
GGUF_STRING = 8


def safetensors(weights: random.Random, tensors: int = 64, size: int = 2 * MiB) -> bytes:
    """Return a file of tensors of 32-bit floats."""
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    for number in range(tensors):
        offsets = [number * size, (number + 1) * size]
        tensor = {"dtype": "F32", "shape": [size // 4], "data_offsets": offsets}
        header[f"model.layers.{number}.weight"] = tensor
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + weights.randbytes(tensors * size)


def gguf(weights: random.Random, size: int = 16 * MiB) -> bytes:
    """Return a file that says what it is and under which license, and holds no tensor directory."""

    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value)) + value.encode()

    about = {"architecture": "llama", "name": "tiny", "license": "apache-2.0"}
    pairs = [text(f"general.{key}") + struct.pack("<I", GGUF_STRING) + text(about[key]) for key in about]
    return b"GGUF" + struct.pack("<IQQ", 3, 0, len(pairs)) + b"".join(pairs) + weights.randbytes(size)


def main() -> None:
    """Write the model into the folder that the first argument names."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True)
    weights = random.Random(1)
    (folder / "model.safetensors").write_bytes(safetensors(weights))
    (folder / "tiny.gguf").write_bytes(gguf(weights))
    (folder / "config.json").write_text(json.dumps(CONFIG))
    (folder / "README.md").write_text(CARD)


if __name__ == "__main__":
    main()
