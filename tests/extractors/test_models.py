"""Models of machine learning: what their parts have in common, and traps of single formats."""

import json
import struct
from pathlib import Path

import pytest

from ospo.errors import ParseError
from ospo.extractors import all_extractors, gguf_header
from ospo.extractors.huggingface_names import by_address, by_folder, by_place, dataset, is_shard
from ospo.extractors.interface import Extractor, File, Head, Held
from ospo.model import Component, ComponentKind, ScanResult
from ospo.scan import ScanOptions, scan

BY_NAME = {extractor.name: extractor for extractor in all_extractors()}
COMMIT = "0123456789" * 4


def read(name: str, path: str, data: bytes, size: int = 0) -> tuple[list[Component], str]:
    """Return what an extractor finds in a file, of which only `data` is kept if `size` is greater."""
    extractor: Extractor = BY_NAME[name]
    content = Head(Held(data), extractor.head) if size else Held(data)
    found: list[Component] = []
    try:
        for record in extractor.extract(File(path, size or len(data), 0o644, content)):
            assert isinstance(record, Component)
            found.append(record)
    except ParseError as error:
        return found, error.message
    return found, ""


def scanned(folder: Path) -> ScanResult:
    (result,) = scan(f"dir:{folder}", ScanOptions("2026-11-24T10:00:00Z"))
    return result


def safetensors(header: object, size: int = 0) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(size)


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("m/tiny/model.safetensors", "local:pkg:generic/m/tiny"),
        ("m/tiny/model-00002-of-00009.safetensors", "local:pkg:generic/m/tiny"),
        ("m/tiny/pytorch_model.bin", "local:pkg:generic/m/tiny"),
        ("m/tiny/big-00001-of-00002.gguf", "local:pkg:generic/m/tiny/big"),
        ("m/other.v2.pt", "local:pkg:generic/m/other.v2"),
        ("modelling.pt", "local:pkg:generic/modelling"),
        ("model.onnx", "local:pkg:generic/model"),
        ("m/.safetensors", "local:pkg:generic/m/safetensors"),
        (f"c/models--a--b/snapshots/{COMMIT}/x.bin", f"pkg:huggingface/a/b@{COMMIT}"),
        (f"models--a--b/snapshots/{COMMIT}/unet/x.bin", f"pkg:huggingface/a/b@{COMMIT}#unet"),
        ("models--a--b/snapshots/main/x.bin", "pkg:huggingface/a/b"),
        ("models--b/blobs/00", "pkg:huggingface/b"),
        ("models--a--b/blobs/00/11", "local:pkg:generic/models--a--b/blobs/00/11"),
        ("datasets--a--b/blobs/00", "local:pkg:generic/datasets--a--b/blobs/00"),
    ],
)
def test_a_model_is_named_by_its_place(path: str, key: str) -> None:
    assert by_place(path).key == key


def test_files_at_the_root_describe_something_too() -> None:
    assert by_folder("README.md").key == "local:pkg:generic/model"
    assert by_folder("tiny/README.md").key == "local:pkg:generic/tiny"


def test_a_name_with_a_line_break_is_an_error() -> None:
    with pytest.raises(ParseError, match="line break"):
        by_place("m/a\nb.gguf")


@pytest.mark.parametrize(
    ("address", "purl"),
    [
        ("https://huggingface.co/acme/tiny", "pkg:huggingface/acme/tiny"),
        ("https://www.huggingface.co/acme/tiny/tree/main?x=1#y", "pkg:huggingface/acme/tiny"),
        ("https://huggingface.co/acme/tiny.git", "pkg:huggingface/acme/tiny"),
        ("https://hf.co/acme/Tiny_1.0", "pkg:huggingface/acme/Tiny_1.0"),
        ("https://huggingface.co/datasets/acme/talk", None),
        ("https://huggingface.co/spaces/acme/demo", None),
        ("https://huggingface.co/acme", None),
        ("https://huggingface.co.registry.example/acme/tiny", None),
        ("https://registry.example/https://huggingface.co/acme/tiny", None),
        ("acme/tiny", None),
    ],
)
def test_only_addresses_on_the_hub_name_a_registered_model(address: str, purl: str | None) -> None:
    model = by_address(address)
    assert (model.purl if model else None) == purl


def test_a_data_set_is_never_registered() -> None:
    assert dataset("acme/talk").key == "local:pkg:generic/datasets/acme/talk"
    assert dataset("squad").kind is ComponentKind.DATA
    with pytest.raises(ParseError):
        dataset(" / ")


def test_parts_are_known_by_their_number() -> None:
    assert is_shard("m/model-00001-of-00002.safetensors")
    assert not is_shard("m/model-1-of-2.safetensors")


def test_weights_configuration_and_card_are_one_component(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "tiny"
    folder.mkdir(parents=True)
    for number in (1, 2):
        tensor = {"dtype": "BF16", "shape": [2, 3], "data_offsets": [0, 12]}
        part = safetensors({f"w{number}": tensor}, 12)
        (folder / f"model-0000{number}-of-00002.safetensors").write_bytes(part)
    index = {"metadata": {"total_parameters": 12}, "weight_map": {"w1": "model-00001-of-00002.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    config = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "_name_or_path": "acme/base"}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "README.md").write_text("---\nlicense: apache-2.0\nbase_model: acme/base\n---\n# tiny\n")
    (model,) = scanned(tmp_path).components
    assert (model.key, model.evidence, len(model.locations)) == (
        "local:pkg:generic/models/tiny",
        "embedded",
        5,
    )
    assert [raw.text for raw in model.licenses] == ["apache-2.0"]
    assert dict(model.properties) == {
        "model:format": "safetensors",
        "model:dtype": "BF16",
        "model:base": "acme/base",
        "model:architecture": "llama",
        "model:class": "LlamaForCausalLM",
        "model:loaded-from": "acme/base",
        "model:parameters": "12",
        "model:parts": "1",
    }


def test_a_configuration_of_something_else_is_no_problem(tmp_path: Path) -> None:
    for name, text in {
        "a": '{"model_type": "x"}',
        "b": "{ // a comment",
        "c": '{"architectures": ["amd64"]}',
        "d": '{"architectures": 1, "model_type": ',
    }.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text(text)
    result = scanned(tmp_path)
    assert not result.components
    assert not result.problems


def test_a_header_of_safetensors_that_is_too_large_keeps_the_model() -> None:
    head = BY_NAME["safetensors"].head
    data = struct.pack("<Q", head) + b"{".ljust(100)
    (model,), error = read("safetensors", "m/a.safetensors", data, size=3 << 30)
    assert model.name == "a"
    assert error == f"has a header of {head} bytes, more than the {head} that are read"


def test_a_header_of_gguf_that_is_too_large_keeps_what_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    text = b"general.name" + struct.pack("<IQ", 8, 4) + b"tiny"
    data = b"GGUF" + struct.pack("<IQQQ", 3, 0, 2, 12) + text
    monkeypatch.setattr(gguf_header, "HEAD", len(data))
    (model,), error = read("gguf", "m/a.gguf", data, size=3 << 30)
    assert model.name == "tiny"
    assert error == "its header is larger than the 0 MiB that are read"


def test_a_vocabulary_is_passed_over_quickly() -> None:
    words = b"".join(struct.pack("<Q", 5) + b"words" for _ in range(300_000))
    key = struct.pack("<Q", 21) + b"tokenizer.ggml.tokens" + struct.pack("<IIQ", 9, 8, 300_000)
    name = struct.pack("<Q", 12) + b"general.name" + struct.pack("<IQ", 8, 4) + b"tiny"
    data = b"GGUF" + struct.pack("<IQQ", 3, 0, 2) + key + words + name
    (model,), error = read("gguf", "m/a.gguf", data)
    assert (model.name, error) == ("tiny", "")


@pytest.mark.parametrize("name", ["a\0b", "x" * 2000, " / ", ""])
def test_a_name_that_is_none_leaves_the_place(name: str) -> None:
    text = name.encode()
    value = struct.pack("<Q", 12) + b"general.name" + struct.pack("<IQ", 8, len(text)) + text
    (model,), error = read("gguf", "m/a.gguf", b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + value)
    assert (model.key, error) == ("local:pkg:generic/m/a", "")


def onnx(*weights: bytes, properties: bytes = b"") -> bytes:
    """Return a model of a few weights; each is the bytes of a `TensorProto`."""
    graph = b"\x12\x01g" + b"".join(b"\x2a" + varint(len(one)) + one for one in weights)
    return b"\x08\x08\x3a" + varint(len(graph)) + graph + properties


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*out, number))


def tensor(size: int) -> bytes:
    """Return a `TensorProto` of a million F32."""
    return b"\x08\xc0\x84\x3d\x10\x01\x4a" + varint(size) + bytes(size)


def test_the_weights_of_onnx_are_counted_and_passed_over() -> None:
    license_ = b"\x72\x0e\x0a\x07license\x12\x03MIT"
    (model,), error = read("onnx", "m/a.onnx", onnx(tensor(1000), tensor(1000), properties=license_))
    assert error == ""
    assert dict(model.properties)["model:parameters"] == "2000000"
    assert [raw.text for raw in model.licenses] == ["MIT"]


@pytest.mark.parametrize("kept", range(3, 80))
def test_of_a_large_onnx_the_head_says_what_it_is(kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ospo.extractors.onnx.HEAD", kept)
    data = onnx(tensor(10), tensor(10), tensor(1000))
    models, error = read("onnx", "m/a.onnx", data[:kept], size=len(data))
    assert [model.name for model in models] == ["a"]
    assert all("model:parameters" not in dict(model.properties) for model in models)
    assert error == ""


def test_more_fields_than_any_model_has_are_an_error() -> None:
    models, error = read("onnx", "m/a.onnx", b"\x08\x08" * 1_100_000)
    assert (models, error) == ([], "has more than 1000000 fields")


def test_the_cache_of_the_hub_is_read_behind_its_links(tmp_path: Path) -> None:
    repository = tmp_path / "root" / ".cache" / "huggingface" / "hub" / "models--acme--tiny"
    snapshot = repository / "snapshots" / COMMIT
    for folder in (repository / "blobs", repository / "refs", snapshot):
        folder.mkdir(parents=True)
    (repository / "refs" / "main").write_text(COMMIT)
    tensor = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    for name, link, data in (
        ("aa" * 32, "model.safetensors", safetensors({"w": tensor}, 8)),
        ("bb" * 20, "README.md", b"---\nlicense: mit\n---\n"),
        ("cc" * 20, "config.json", b'{"architectures": ["BertModel"], "model_type": "bert"}'),
    ):
        (repository / "blobs" / name).write_bytes(data)
        (snapshot / link).symlink_to(f"../../blobs/{name}")
    result = scanned(tmp_path)
    (model,) = result.components
    assert (model.purl, [raw.text for raw in model.licenses]) == ("pkg:huggingface/acme/tiny", ["mit"])
    assert dict(model.properties) == {
        "model:format": "safetensors",
        "model:dtype": "F32",
        "model:parameters": "2",
        "model:architecture": "bert",
        "model:class": "BertModel",
        "model:revision": COMMIT,
    }
    assert not result.problems


def test_a_model_of_ollama_needs_its_weights(tmp_path: Path) -> None:
    digest = "ab" * 32
    text = struct.pack("<Q", 12) + b"general.name" + struct.pack("<IQ", 8, 4) + b"tiny"
    blob = tmp_path / "models" / "blobs" / f"sha256-{digest}"
    blob.parent.mkdir(parents=True)
    blob.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + text)
    manifest = tmp_path / "models" / "manifests" / "registry.example" / "library" / "tiny" / "1b"
    manifest.parent.mkdir(parents=True)
    layer = {"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{digest}"}
    manifest.write_text(json.dumps({"schemaVersion": 2, "layers": [layer]}, separators=(",", ":")))
    result = scanned(tmp_path)
    assert result.dependencies == (
        ("local:pkg:generic/registry.example/library/tiny@1b", ("local:pkg:generic/tiny",)),
    )
    assert [component.evidence for component in result.components] == ["installed", "embedded"]


def test_a_pickle_is_named_and_never_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(*_: object) -> None:
        raise AssertionError("something is unpickled")

    monkeypatch.setattr("pickle.load", load)
    monkeypatch.setattr("pickle.loads", load)
    name = b"archive/data.pkl"
    start = b"PK\x03\x04" + bytes(22) + struct.pack("<HH", len(name), 0) + name + b"cos\nsystem\n(S'x'\ntR."
    (model,), error = read("pickled-model", "m/a.bin", start.ljust(8192, b"\0"), size=3 << 30)
    assert (dict(model.properties)["model:runs-code-when-loaded"], error) == ("true", "")
