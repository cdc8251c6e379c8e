"""`headstart serve` up to the command line: cards, models, adapters, flags and what is said about them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from app.serve import machine, model
from app.serve.machine import Gpu, ServeError, engine, gpus, read_gpus, visible
from app.serve.plan import LENGTH, Plan, fits, plan, roomiest, script

GIB = 1 << 30
THREE = model.model(model.DEFAULT)
SMI = """\
0, GPU-1a2b, NVIDIA GeForce RTX 4090, 24564, 23901, 8.9
1, GPU-3c4d, NVIDIA GeForce RTX 3060, 12288, 11909, 8.6
"""


def card(gigabytes: float, free: float | None = None, capability: tuple[int, int] = (8, 6)) -> Gpu:
    left = gigabytes * 0.97 if free is None else free
    return Gpu("0", "GPU-1", f"card of {gigabytes:g}", int(gigabytes * GIB), int(left * GIB), capability)


def flags(plan: Plan) -> dict[str, str]:
    return {flag.name: flag.value for flag in plan.flags}


# ---- the machine -----------------------------------------------------------------------------------


def test_cards_are_read_as_nvidia_smi_prints_them() -> None:
    big, small = read_gpus(SMI)
    assert (big.name, big.memory, big.capability) == ("NVIDIA GeForce RTX 4090", 24564 << 20, (8, 9))
    assert small.free == 11909 << 20
    assert roomiest([small, big]) == big


def test_a_card_that_tells_nothing_of_its_memory_is_refused() -> None:
    with pytest.raises(ServeError, match=r"nvidia-smi does not tell.*--print"):
        read_gpus("0, GPU-5e6f, NVIDIA GB10, [N/A], [N/A], 12.1\n")


@pytest.mark.parametrize(
    ("named", "left"),
    [("1", ["GPU-3c4d"]), ("GPU-1a", ["GPU-1a2b"]), ("1,0", ["GPU-3c4d", "GPU-1a2b"]), ("", [])],
)
def test_only_visible_cards_count(named: str, left: list[str]) -> None:
    assert [each.uuid for each in visible(read_gpus(SMI), {"CUDA_VISIBLE_DEVICES": named})] == left


def tool(folder: Path, name: str, *lines: str) -> dict[str, str]:
    """An environment in which the command `name` does `lines`."""
    script = folder / name
    script.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    script.chmod(0o755)
    return {"PATH": str(folder)}


def test_a_driver_that_does_not_work_is_told_from_none(tmp_path: Path) -> None:
    assert gpus({"PATH": str(tmp_path)}) == []
    said = "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver."
    with pytest.raises(ServeError, match=r"the graphics driver does not work.*communicate"):
        gpus(tool(tmp_path, "nvidia-smi", f'echo "{said}"', "exit 9"))
    with pytest.raises(ServeError, match="does not work"):
        gpus(tool(tmp_path, "nvidia-smi", "exit 9"))


def test_without_vllm_it_is_said_how_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine.sys, "executable", str(tmp_path / "python"))
    with pytest.raises(ServeError, match=r"not installed: uv sync .*--extra vllm"):
        engine({"PATH": str(tmp_path)})
    assert engine(tool(tmp_path, "vllm")).version == "unknown"  # no script of Python's, so nobody to ask


def test_a_vllm_whose_python_lost_it_does_not_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine.sys, "executable", str(tmp_path / "python"))
    environ = tool(tmp_path, "vllm")
    (tmp_path / "vllm").write_text(f"#!{shutil.which('python3')}\n")
    with pytest.raises(ServeError, match="its Python has no vLLM"):
        engine(environ)


# ---- models and adapters ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("Qwen/Qwen2.5-3B-Instruct", 5.7, 6.5),
        ("Qwen/Qwen2.5-3B-Instruct-AWQ", 1.9, 2.5),
        ("meta-llama/Llama-3.2-3B-Instruct", 5.7, 6.5),
        ("HuggingFaceTB/SmolLM2-135M-Instruct", 0.25, 0.3),
        ("Qwen/Qwen2.5-0.5B", 0.9, 1.1),
    ],
)
def test_a_name_tells_how_large_a_model_is(name: str, low: float, high: float) -> None:
    weights = model.model(name).weights
    assert weights is not None
    assert low < weights / 1e9 < high


def test_a_name_without_a_size_tells_nothing() -> None:
    assert model.model("microsoft/phi-4").weights is None


def folder_of_model(folder: Path, width: int = 64) -> Path:
    folder.mkdir()
    config = {"hidden_size": width, "max_position_embeddings": 2048}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "model.safetensors").write_bytes(bytes(1000))
    return folder


def test_a_folder_is_measured(tmp_path: Path) -> None:
    found = model.model(str(folder_of_model(tmp_path / "tiny")))
    assert (found.weights, found.length, found.width) == (1000, 2048, 64)
    assert flags(plan(found, None, card(24)))["--max-model-len"] == "2048"


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ServeError, match=r"config\.json"):
        model.model(str(tmp_path))
    with pytest.raises(ServeError, match="there is no model at"):
        model.model(str(tmp_path / "gone"))
    (folder_of_model(tmp_path / "tiny") / "model.safetensors").unlink()
    with pytest.raises(ServeError, match="no weights"):
        model.model(str(tmp_path / "tiny"))


def folder_of_adapter(folder: Path, base: str = model.DEFAULT, rank: int = 32, width: int = 2048) -> Path:
    folder.mkdir(parents=True)
    config = {"r": rank, "base_model_name_or_path": base, "peft_type": "LORA"}
    (folder / "adapter_config.json").write_text(json.dumps(config))
    shape = {"dtype": "BF16", "shape": [rank, width], "data_offsets": [0, 2 * rank * width]}
    header = json.dumps({"base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight": shape}).encode()
    (folder / "adapter_model.safetensors").write_bytes(
        len(header).to_bytes(8, "little") + header + bytes(2 * rank * width)
    )
    return folder


def test_an_adapter_is_found_in_the_folder_of_a_run(tmp_path: Path) -> None:
    folder = folder_of_adapter(tmp_path / "run" / "peft", rank=24)
    found = model.adapter(tmp_path / "run", THREE)
    assert (found.folder, found.rank, found.width) == (folder, 24, 2048)
    chosen = flags(plan(THREE, found, card(24)))
    assert chosen["--lora-modules"] == f"headstart={folder}"
    assert chosen["--max-lora-rank"] == "32"  # the next that vLLM knows


def test_an_adapter_also_serves_its_model_in_four_bits(tmp_path: Path) -> None:
    assert model.adapter(folder_of_adapter(tmp_path / "peft"), model.model(model.SMALLER)).rank == 32


@pytest.mark.parametrize("path", ["nothing", "adapter.gguf"])
def test_what_is_no_adapter_is_refused(tmp_path: Path, path: str) -> None:
    (tmp_path / "adapter.gguf").write_bytes(b"GGUF")
    with pytest.raises(ServeError, match="is no adapter for vLLM"):
        model.adapter(tmp_path / path, THREE)


def test_an_adapter_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    (folder_of_adapter(tmp_path / "peft") / "adapter_model.safetensors").write_bytes(b"\x10")
    with pytest.raises(ServeError, match="is no adapter for vLLM"):
        model.adapter(tmp_path / "peft", THREE)


def test_an_adapter_of_another_model_is_refused(tmp_path: Path) -> None:
    folder = folder_of_adapter(tmp_path / "peft", base="meta-llama/Llama-3.2-3B-Instruct")
    with pytest.raises(ServeError, match=r"trained for meta-llama.*not for Qwen/Qwen2\.5-3B-Instruct"):
        model.adapter(folder, THREE)
    # A folder may be called anything: there the shapes decide.
    with pytest.raises(ServeError, match="was trained for"):
        model.adapter(folder, model.model(str(folder_of_model(tmp_path / "narrow", width=64))))
    assert model.adapter(folder, model.model(str(folder_of_model(tmp_path / "same", width=2048))))


# ---- the plan --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gigabytes", "share", "talkers"), [(12, "0.90", "8"), (24, "0.90", "32"), (80, "0.90", "128")]
)
def test_larger_cards_serve_more_people(gigabytes: float, share: str, talkers: str) -> None:
    chosen = flags(plan(THREE, None, card(gigabytes)))
    assert chosen["--gpu-memory-utilization"] == share
    assert chosen["--max-num-seqs"] == talkers
    assert chosen["--dtype"] == "bfloat16"
    assert chosen["--max-model-len"] == str(LENGTH)


def test_a_card_of_8_gb_holds_the_model_in_four_bits_only() -> None:
    assert not fits(card(8), THREE)
    smaller = model.model(model.SMALLER)
    assert fits(card(8), smaller)
    assert flags(plan(smaller, None, card(8)))["--max-num-seqs"] == "8"


def test_what_others_use_of_a_card_is_left_to_them() -> None:
    chosen = flags(plan(THREE, None, card(24, free=12)))
    assert chosen["--gpu-memory-utilization"] == "0.48"  # 11.75 of 24
    assert chosen["--max-num-seqs"] == "16"


def test_a_card_without_bfloat16_takes_half() -> None:
    turing = flags(plan(THREE, None, card(16, capability=(7, 5))))
    ampere = flags(plan(THREE, None, card(16, capability=(8, 0))))
    assert (turing.pop("--dtype"), ampere.pop("--dtype")) == ("half", "bfloat16")
    assert turing == ampere


def test_a_card_that_will_not_do_is_refused_in_one_line() -> None:
    with pytest.raises(ServeError, match=r"too old for vLLM \(compute capability 7\.0, 7\.5 is needed\)"):
        plan(THREE, None, card(16, capability=(7, 0)))
    with pytest.raises(ServeError, match=r"needs about 8\.\d GB, and card of 6 has 5\.8 GB free"):
        plan(THREE, None, card(6))


def test_a_model_of_unknown_size_is_tried() -> None:
    assert flags(plan(model.model("microsoft/phi-4"), None, card(24)))["--max-num-seqs"] == "32"


def test_the_processor_is_for_trying_out() -> None:
    made = plan(THREE, None, None)
    assert made.on == "the processor"
    assert flags(made)["--kv-cache-memory-bytes"] == str(GIB)
    assert flags(made)["--dtype"] == "float32"
    assert "--gpu-memory-utilization" not in flags(made)  # there it would be of the machine's memory


def test_whatever_the_card_it_answers_this_machine_only_and_puts_final_words_first() -> None:
    for each in (None, card(12), card(80, capability=(9, 0))):
        made = plan(THREE, None, each, port=8123)
        chosen = flags(made)
        assert chosen["--host"] == "127.0.0.1"
        assert chosen["--port"] == "8123"
        assert chosen["--scheduling-policy"] == "priority"
        assert "--enable-prefix-caching" in chosen
        assert made.environment["VLLM_NO_USAGE_STATS"] == "1"
        assert all(flag.why for flag in made.flags)


def test_one_card_of_several_is_named() -> None:
    assert plan(THREE, None, card(24), only=False).environment["CUDA_VISIBLE_DEVICES"] == "GPU-1"
    assert "CUDA_VISIBLE_DEVICES" not in plan(THREE, None, card(24)).environment


def test_flags_of_ones_own_replace_ours() -> None:
    more = ["--max-model-len", "4096", "--dtype=half"]
    made = plan(THREE, None, card(24), more=more)
    assert made.arguments[:2] == ["serve", model.DEFAULT]
    assert made.arguments[-3:] == more
    assert not {"--max-model-len", "--dtype"} & flags(made).keys()


def test_a_shell_takes_the_printed_command_as_it_is_meant(tmp_path: Path) -> None:
    adapter = model.adapter(folder_of_adapter(tmp_path / "Anna's runs" / "peft"), THREE)
    more = ["--structured-outputs-config", '{"backend": "xgrammar"}']
    made = plan(THREE, adapter, card(24), only=False, more=more)
    environ = tool(tmp_path, "vllm", "env", 'for word in "$@"; do echo "word $word"; done')
    environ["PATH"] += f":{os.environ['PATH']}"
    shell = ["sh", "-c", script(made, [card(24), card(24)])]
    ran = subprocess.run(shell, env=environ, capture_output=True, text=True, check=True)
    lines = ran.stdout.splitlines()
    assert [line.removeprefix("word ") for line in lines if line.startswith("word ")] == made.arguments
    assert "CUDA_VISIBLE_DEVICES=GPU-1" in lines
    assert "VLLM_NO_USAGE_STATS=1" in lines


def test_the_printed_command_explains_itself_and_what_more_cards_add() -> None:
    made = plan(THREE, None, card(24))
    text = script(made, [card(24), card(24)])
    for flag in made.flags:
        assert flag.why in text
    assert "--tensor-parallel-size 2" in text
    assert "--data-parallel-size 2" in text
    assert "vllm-router --policy consistent_hash" in text
    assert "--tensor-parallel-size N" in script(made, [card(24)])
