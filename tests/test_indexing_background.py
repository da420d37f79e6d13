"""A background indexer: it yields to the user, and pauses while the battery is low."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import psutil
import pytest
from filelock import FileLock
from processes import LONG, about
from repositories import Repo, fill

from mom_lsp import datafolder
from mom_lsp.engine.main import Indexer
from mom_lsp.indexing.background import Background
from mom_lsp.indexing.marker import Marker, load_marker, save_marker
from mom_lsp.indexing.progress import Control, Paused
from mom_lsp.indexqueue import asked_by_user, done, enqueue, pending
from mom_lsp.process import priority
from mom_lsp.process.battery import Battery, read_battery

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(priority.__file__).parents[2])}
CORES = len(os.sched_getaffinity(0))
LOW, FULL, CHARGING = Battery(18.4, plugged=False), Battery(80, plugged=False), Battery(18.4, plugged=True)

# Runs `mom` where the battery is a folder of ours, laid out as Linux shows one.
ON_BATTERY = """
import sys
from pathlib import Path
from mom_lsp.indexing import watcher
from mom_lsp.process import battery
battery.SUPPLIES = Path(sys.argv.pop(1))
watcher.HEARTBEAT = 0.2
from mom_lsp.cli import main
main()
"""
# Indexes as a background process does, and prints the nice value at each step and that of every worker at the end.
HEAD_START = """
import os, sys, threading
from pathlib import Path
import psutil
from mom_lsp.git import locate
from mom_lsp.indexing import Background, index, index_settings

def report(progress):
    print(progress.phase, progress.done, os.getpriority(os.PRIO_PROCESS, 0), file=sys.__stdout__, flush=True)

if __name__ == "__main__":
    location = locate(Path(sys.argv[1]))
    background = Background(location.data, battery=lambda: None)
    index(location, lambda: index_settings(location), report=report, stop=threading.Event(), background=background)
"""
# Prints the scheduling policy of the process that encodes.
ENCODE = """
import os, sys
from mom_lsp.indexing.encoding_worker import EncodingWorker

def policy(model, texts):
    return os.sched_getscheduler(0)

if __name__ == "__main__":
    os.nice(int(sys.argv[1]))
    worker = EncodingWorker(policy)
    worker.send("", ["a text"])
    print(worker.receive(60))
    worker.end()
"""


def schedules(pid: int) -> set[tuple[int, int, int]]:
    """Return (nice, class of I/O priority, number of cores) of every thread of a process."""
    threads = [psutil.Process(thread.id) for thread in psutil.Process(pid).threads()]
    return {(one.nice(), int(one.ionice().ioclass), len(one.cpu_affinity())) for one in threads}


def own_schedule() -> tuple[int, int, int]:
    me = psutil.Process()
    return me.nice(), int(me.ionice().ioclass), CORES


LOWEST = (19, int(psutil.IOPRIO_CLASS_IDLE), max(1, CORES - 1))


def supply(folder: Path, name: str, **values: object) -> None:
    """Write a power supply as Linux shows one."""
    (folder / name).mkdir(parents=True, exist_ok=True)
    for key, value in values.items():
        (folder / name / key).write_text(f"{value}\n")


@pytest.fixture
def power(tmp_path: Path) -> Callable[[int, str], Path]:
    """Return a function that sets the charge and the state of a battery, and returns where it is."""
    folder = tmp_path / "power"

    def set_to(percent: int, status: str) -> Path:
        supply(folder, "BAT0", type="Battery", capacity=percent, status=status)
        return folder

    return set_to


def on_battery(folder: Path, repo: Repo, *options: str) -> subprocess.Popen[bytes]:
    """Start `mom index` where the battery is that of a folder."""
    return indexer("-c", ON_BATTERY, str(folder), "-C", str(repo.root), "index", *options)


def indexer(*arguments: str) -> subprocess.Popen[bytes]:
    """Start Python with an indexer that reports its progress to its parent, and exits with it."""
    command = [sys.executable, "-P", *arguments]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=ENVIRONMENT
    )


def reports(process: subprocess.Popen[bytes]) -> Iterator[dict[str, Any]]:
    assert process.stderr is not None
    for line in process.stderr:
        yield json.loads(line)


# Priority and cores


def test_a_background_indexer_has_the_lowest_priority_and_leaves_a_core_free(project: Repo) -> None:
    fill(project, 30)
    heard: SimpleQueue[dict[str, Any]] = SimpleQueue()
    child = Indexer(project.location, lambda root, report: heard.put(report))
    try:
        while heard.get(timeout=LONG)["phase"] != "waiting":
            pass
        (process,) = (one for one in about(project.root) if "--watch" in one.cmdline())
        assert schedules(process.pid) == {LOWEST}
    finally:
        child.stop()


def test_mom_index_in_a_terminal_keeps_its_priority_and_all_cores(project: Repo) -> None:
    fill(project, 30)
    process = indexer("-m", "mom_lsp", "-C", str(project.root), "index", "--watch", "--progress-json")
    try:
        assert any(report["phase"] == "domains" for report in reports(process))
        assert schedules(process.pid) == {own_schedule()}
    finally:
        process.kill()
        process.communicate()


@pytest.mark.slow
def test_the_first_thousand_commits_are_indexed_at_full_speed(project: Repo, tmp_path: Path) -> None:
    fill(project, 1_100)
    script = tmp_path / "head_start.py"
    script.write_text(HEAD_START)

    def run() -> list[tuple[str, int, int]]:
        command = [sys.executable, "-P", str(script), str(project.root)]
        output = subprocess.run(command, capture_output=True, text=True, check=True, env=ENVIRONMENT).stdout
        return [(phase, int(at), int(nice)) for phase, at, nice in (line.split() for line in output.splitlines())]

    steps = run()
    history = [(at, nice) for phase, at, nice in steps if phase == "history"]
    usual = psutil.Process().nice()
    assert history == [(0, usual), (100, usual), (1_000, usual), (1_100, 19)]
    assert {nice for phase, _, nice in steps if phase not in {"history", "files"}} == {19}
    project.commit("One more", {"a.py": "x = 1\n"})
    assert {nice for _, _, nice in run()} == {19}  # from the start: there is already an index


def test_running_children_and_all_their_threads_are_lowered_too() -> None:
    code = """
import subprocess, sys, threading
import psutil
from mom_lsp.process.priority import lower_priority, usable_cores
threading.Thread(target=threading.Event().wait, daemon=True).start()
busy = "import sys, threading; threading.Thread(target=sys.stdin.read).start(); print(flush=True)"
child = subprocess.Popen([sys.executable, "-c", busy], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
child.stdout.readline()
lower_priority()
for pid in (psutil.Process().pid, child.pid):
    tasks = [psutil.Process(thread.id) for thread in psutil.Process(pid).threads()]
    print(len(tasks) > 1, *{(task.nice(), len(task.cpu_affinity())) for task in tasks}, usable_cores())
child.communicate()
"""
    output = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True, env=ENVIRONMENT
    ).stdout
    lowest = (LOWEST[0], LOWEST[2])
    assert output.splitlines() == [f"True {lowest} {LOWEST[2]}"] * 2


@pytest.mark.parametrize(("nice", "policy"), [(0, os.SCHED_OTHER), (19, os.SCHED_IDLE)])
def test_encoding_at_the_lowest_priority_lets_an_indexing_pass_go_first(tmp_path: Path, nice: int, policy: int) -> None:
    script = tmp_path / "encode.py"
    script.write_text(ENCODE)
    command = [sys.executable, "-P", str(script), str(nice)]
    output = subprocess.run(command, capture_output=True, text=True, check=True, env=ENVIRONMENT).stdout
    assert output.split() == [str(policy)]


# Battery


@pytest.mark.parametrize(
    ("battery", "waits"),
    [(None, False), (LOW, True), (FULL, False), (CHARGING, False), (Battery(29.9, False), True)],
)
def test_indexing_pauses_only_on_a_low_battery_without_mains_power(
    tmp_path: Path, battery: Battery | None, waits: bool
) -> None:
    assert bool(Background(tmp_path, lambda: battery).pause()) is waits


def test_the_battery_is_that_of_the_computer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mom_lsp.process.battery.SUPPLIES", tmp_path / "power")
    assert read_battery() is None, "no such folder"
    supply(tmp_path / "power", "hidpp_battery_0", type="Battery", scope="Device", capacity=5, status="Discharging")
    assert read_battery() is None, "a mouse"
    supply(tmp_path / "power", "macsmc-battery", type="Battery", scope="System", capacity=18, status="Discharging")
    assert read_battery() == Battery(18, plugged=False)
    supply(tmp_path / "power", "macsmc-battery", status="Not charging")
    assert read_battery() == Battery(18, plugged=True)
    supply(tmp_path / "power", "AC", type="Mains", online=0)
    assert read_battery() == Battery(18, plugged=False)
    supply(tmp_path / "power", "AC", online=1)
    assert read_battery() == Battery(18, plugged=True)


def test_what_the_user_asks_for_is_done_even_on_a_low_battery(tmp_path: Path) -> None:
    background = Background(tmp_path, lambda: LOW)
    enqueue(tmp_path, tmp_path / "git", "post-commit")
    assert not asked_by_user(tmp_path)
    assert background.pause() == "paused on battery (18%); it resumes when the computer is plugged in"
    enqueue(tmp_path, tmp_path / "git", "forget")
    assert asked_by_user(tmp_path)
    assert background.pause() == ""
    done(pending(tmp_path)[0])
    assert background.pause()


def test_the_head_start_is_not_paused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "mom_lsp.indexing.background.lower_priority", lambda: None
    )  # or these tests would run at nice 19
    control = Control(lambda progress: None, threading.Event(), Background(tmp_path, lambda: LOW))
    control.step("waiting", 0, 0)
    control.step("files", 0, 10)
    control.indexed(999)
    with pytest.raises(Paused, match="18%"):
        control.indexed(1_000)
    with pytest.raises(Paused, match="18%"):
        control.step("encoding", 0, 10)


@pytest.mark.slow
def test_indexing_pauses_on_battery_without_a_lock_and_resumes_on_mains_power(
    project: Repo, power: Callable[[int, str], Path]
) -> None:
    fill(project, 30)
    folder = power(18, "Discharging")
    process = on_battery(folder, project, "--watch", "--background", "--progress-json")
    try:
        progress = reports(process)
        paused = next(report for report in progress if report["phase"] == "waiting")
        assert paused["message"].startswith("paused on battery (18%)")
        with FileLock(project.location.data / datafolder.LEASE, timeout=0):
            pass
        power(18, "Charging")
        assert next(report for report in progress if report["phase"] == "domains")
        assert next(report for report in progress if report["phase"] == "waiting")["message"] == ""
    finally:
        process.kill()
        process.communicate()
    assert load_marker(project.location.data).domains


@pytest.mark.parametrize(("percent", "left"), [(18, 1), pytest.param(80, 0, marks=pytest.mark.slow)])
def test_a_hooks_request_waits_for_mains_power(
    project: Repo, power: Callable[[int, str], Path], percent: int, left: int
) -> None:
    data = project.location.data
    fill(project, 2)
    save_marker(data, Marker(heads=["an earlier commit"]))
    enqueue(data, project.root / ".git", "post-commit")
    process = on_battery(power(percent, "Discharging"), project, "--queued")
    _, output = process.communicate(timeout=LONG)
    assert (process.returncode, output, len(pending(data))) == (0, b"", left)
