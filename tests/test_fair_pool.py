"""The requests of one client do not hold up those of another."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError
from concurrent.futures import wait as all_done

import pytest
from processes import LONG

from mom_lsp.process.fair_pool import FairPool


@pytest.fixture
def gate() -> threading.Event:
    return threading.Event()


def test_a_client_that_fills_its_threads_leaves_some_to_the_others(gate: threading.Event) -> None:
    pool = FairPool(2, "test")
    slow = [pool.submit("a", lambda: gate.wait(LONG) and None) for _ in range(50)]
    pool.submit("b", lambda: None).result(LONG)
    assert not any(future.done() for future in slow)
    gate.set()
    assert not all_done(slow, LONG).not_done
    pool.close()


def test_at_most_so_many_calls_of_a_client_run_at_once(gate: threading.Event) -> None:
    pool, guard, running, most = FairPool(3, "test"), threading.Lock(), 0, 0
    full = threading.Event()

    def call() -> None:
        nonlocal running, most
        with guard:
            running += 1
            most = max(most, running)
            if running == 3:
                full.set()
        gate.wait(LONG)
        with guard:
            running -= 1

    calls = [pool.submit("a", call) for _ in range(20)]
    assert full.wait(LONG)
    gate.set()
    assert not all_done(calls, LONG).not_done
    assert most == 3
    pool.close()


def test_urgent_calls_come_first_and_the_rest_in_order(gate: threading.Event) -> None:
    pool, order = FairPool(1, "test"), list[str]()
    calls = [pool.submit("a", lambda: gate.wait(LONG) and None)]
    for name in ("first", "second", "urgent", "urgent too"):
        calls.append(pool.submit("a", lambda name=name: order.append(name), urgent=name.startswith("urgent")))
    gate.set()
    assert not all_done(calls, LONG).not_done
    assert order == ["urgent", "urgent too", "first", "second"]
    pool.close()


def test_a_failing_call_ends_no_thread_and_a_cancelled_one_never_runs(gate: threading.Event) -> None:
    pool, ran = FairPool(1, "test"), list[int]()
    failing = pool.submit("a", lambda: 1 // 0 and None)
    with pytest.raises(ZeroDivisionError):
        failing.result(LONG)
    held = pool.submit("a", lambda: gate.wait(LONG) and None)
    waiting = pool.submit("a", lambda: ran.append(1))
    assert waiting.cancel()
    gate.set()
    held.result(LONG)
    pool.submit("a", lambda: ran.append(2)).result(LONG)
    assert ran == [2]
    pool.close()


def test_closing_cancels_what_has_not_begun(gate: threading.Event) -> None:
    pool, began = FairPool(1, "test"), threading.Event()
    running = pool.submit("a", lambda: began.set() or (gate.wait(LONG) and None))
    assert began.wait(LONG)
    waiting = pool.submit("a", lambda: None)
    pool.close()
    with pytest.raises(CancelledError):
        waiting.result(LONG)
    with pytest.raises(RuntimeError):
        pool.submit("a", lambda: None)
    gate.set()
    running.result(LONG)
