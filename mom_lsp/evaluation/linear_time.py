"""Whether the time of every extractor grows linearly with its text: `python -m mom_lsp.evaluation.linear_time`.

For each extractor the worst of the adversarial texts is shown, with its time at half of the size and the ratio.
"""

from __future__ import annotations

import argparse
import re
import signal
import sys
import time
from typing import Any

from mom_lsp.evaluation.adversarial_texts import UNITS, text_of
from mom_lsp.evaluation.extractors import extractors

LONGEST = 20.0  # seconds after which a text is given up
SHORT = 0.02  # seconds; the ratio of a shorter time says nothing


class _GivenUp(Exception):
    pass


def _ring(*_: Any) -> None:
    raise _GivenUp


def seconds(extract: Any, text: str, longest: float = LONGEST) -> float:
    """Return the processor time that an extractor takes for a text, infinity if that is too long."""
    signal.setitimer(signal.ITIMER_REAL, longest)
    start = time.process_time()
    try:
        extract(text)
    except _GivenUp:
        return float("inf")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return time.process_time() - start


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1_000_000, help="characters of the larger text")
    parser.add_argument("--only", default="", help="a regular expression: extractors with such a name")
    parser.add_argument("--most", type=float, default=2.5, help="of a ratio to the time of half the size")
    parser.add_argument("--within", type=float, default=1.0, help="seconds at the larger size")
    parser.add_argument("--longest", type=float, default=LONGEST, help="seconds after which a text is given up")
    asked = parser.parse_args()
    signal.signal(signal.SIGALRM, _ring)
    failed = tried = 0
    print(f"{'extractor':34} {'half':>8} {'whole':>8} {'ratio':>6}  text that it repeats")
    for name, extract in extractors():
        if not re.search(asked.only, name):
            continue
        extract("because a")  # compiles, and loads the libraries
        worst = (0.0, 0.0, 0.0, "")
        for unit in UNITS:
            whole = seconds(extract, text_of(unit, asked.size), asked.longest)
            half = seconds(extract, text_of(unit, asked.size // 2), asked.longest) if whole > SHORT else 0.0
            ratio = whole / half if half else 0.0
            if ratio > asked.most:  # measured again: the machine does other things, too
                whole = min(whole, seconds(extract, text_of(unit, asked.size), asked.longest))
                half = max(half, min(seconds(extract, text_of(unit, asked.size // 2), asked.longest) for _ in range(2)))
                ratio = whole / half
            tried += 1
            if ratio > asked.most or whole > asked.within or whole != whole:
                failed += 1
                print(f"  FAILED {name:25} {half:8.3f} {whole:8.3f} {ratio:6.1f}  {unit!r}", flush=True)
            worst = max(worst, (whole, half, ratio, unit))
        whole, half, ratio, unit = worst
        print(f"{name:34} {half:8.3f} {whole:8.3f} {ratio:6.1f}  {unit!r}", flush=True)
    print(f"{tried:,} texts of {asked.size:,} characters, {failed} of them slower than linear or than {asked.within} s")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
