"""llama.cpp from a wheel: which package is used, and that the wheel works as llama-cpp-python does."""

from __future__ import annotations

import ctypes
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from llama_models import make_messages, needs_model

from mom_lsp.lm import gguf, installed, wheel_bindings
from mom_lsp.lm.installed import COMPILED, WHEEL, package, shared_library
from mom_lsp.lm.model_process import ModelProcess

both = pytest.mark.skipif(
    not all(shared_library("llama", name) for name in (COMPILED, WHEEL)),
    reason="needs llama-cpp-python and the wheel: `make test-all` installs both",
)
CHILD_WITH_THE_WHEEL = f"""
import sys
sys.modules[{COMPILED!r}] = None
from mom_lsp.lm.child import main
main()
"""
Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Return a function that installs a package with these files, and nothing else of llama.cpp."""
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in (COMPILED, WHEEL):
        monkeypatch.setitem(sys.modules, name, None)

    def make(name: str, *files: str) -> Path:
        monkeypatch.delitem(sys.modules, name, raising=False)
        for file in ("__init__.py", *files):
            path = tmp_path / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return tmp_path / name

    return make


def test_without_either_package_llama_cpp_is_not_installed(install: Install) -> None:
    assert not installed.is_installed()


def test_the_wheel_is_used_where_nothing_was_compiled(install: Install) -> None:
    folder = install(WHEEL, "lib/libllama.so.0", "lib/libllama-common.so.0", "bin/libggml-cpu.so")
    assert package() == WHEEL
    assert shared_library("llama") == folder / "lib" / "libllama.so.0"
    assert shared_library("ggml-cpu") == folder / "bin" / "libggml-cpu.so"


def test_the_compiled_package_is_preferred(install: Install) -> None:
    install(WHEEL, "lib/libllama.so.0")
    folder = install(COMPILED, "lib/libllama.so")
    assert package() == COMPILED
    assert shared_library("llama") == folder / "lib" / "libllama.so"


def test_bindings_without_a_library_are_not_used(install: Install) -> None:
    install(COMPILED)
    assert not installed.is_installed()
    install(WHEEL, "bin/llama.dll", "bin/llama.lib")
    assert package() == WHEEL


def test_a_library_with_other_structs_is_refused() -> None:
    shifted = dict.fromkeys(wheel_bindings.DEFAULTS, wheel_bindings.ContextParams)  # all zeros
    shifted["llama_model_default_params"] = wheel_bindings.ModelParams
    with pytest.raises(ImportError, match="declares its parameters differently"):
        wheel_bindings.check_structs(shifted)


@both
def test_functions_and_structs_are_declared_as_in_llama_cpp_python() -> None:
    import llama_cpp

    for name, (result, *arguments) in wheel_bindings.FUNCTIONS.items():
        theirs = getattr(llama_cpp, name)
        assert [kind_of(one) for one in (result, *arguments)] == [
            kind_of(one) for one in (theirs.restype, *(theirs.argtypes or ()))
        ], name
    for ours, theirs in (
        (wheel_bindings.ModelParams, llama_cpp.llama_model_params),
        (wheel_bindings.ContextParams, llama_cpp.llama_context_params),
        (wheel_bindings.Batch, llama_cpp.llama_batch),
    ):
        added = {"moe_cache_size"}  # since the llama.cpp of llama-cpp-python 0.3.36
        assert [(name, kind_of(kind)) for name, kind in ours._fields_ if name not in added] == [
            (name, kind_of(kind)) for name, kind in theirs._fields_ if name not in added
        ]


def kind_of(kind: Any) -> Any:
    """Return what a call depends on: whether a C type is a pointer or a struct, else its letter and size."""
    if kind is None:
        return None
    if issubclass(kind, (ctypes._Pointer, ctypes._CFuncPtr, ctypes.c_void_p, ctypes.c_char_p)):  # type: ignore[attr-defined]
        return "pointer"
    return "struct" if issubclass(kind, ctypes.Structure) else (kind._type_, ctypes.sizeof(kind))


@both
@needs_model
@pytest.mark.slow
def test_the_wheel_reads_and_answers_as_llama_cpp_python_does(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    script, file = Path(__file__).with_name("wheel_model.py"), gguf.find_model("")
    compiled, wheel = (
        json.loads(subprocess.run([sys.executable, script, file, name], capture_output=True, check=True).stdout)
        for name in (COMPILED, WHEEL)
    )
    assert (compiled["package"], wheel["package"]) == (COMPILED, WHEEL)
    for hook in ("C", "Python"):
        ours, theirs = wheel[hook], compiled[hook]
        assert ours["scale"] == pytest.approx(theirs["scale"], rel=1e-4)
        assert ours["answer"] == theirs["answer"]
        assert ours["nll"] == pytest.approx(theirs["nll"], abs=0.5)  # other instructions round otherwise
        for memory, mass in theirs["mass"].items():
            assert ours["mass"][memory] == pytest.approx(mass, abs=0.05)
    assert wheel["C"]["nll"] == wheel["Python"]["nll"]


@both
@needs_model
@pytest.mark.slow
def test_the_models_process_answers_with_the_wheel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr("mom_lsp.lm.model_process.COMMAND", ("-c", CHILD_WITH_THE_WHEEL))
    model = ModelProcess(threads=1)
    try:
        assert "42" in "".join(model.generate(make_messages(), limit=24))
        assert model.info["library"] == WHEEL
        assert model.hook()["scale"] == pytest.approx(1 / 64**0.5, rel=1e-4)
        maps = Path(f"/proc/{model.pid}/maps").read_text().splitlines()
        assert {Path(line.split()[-1]).name for line in maps if "ggml" in line} == {
            "libggml-base.so.0",
            "libggml-cpu.so",
            "libggml.so.0",
        }
    finally:
        model.close()
