"""How good the answers of `mom why` are: whether the known reason is cited, and how clean and short they are.

    python -m mom_lsp.evaluation.why_accuracy LABELS --repo OWNER/NAME=CLONE … [--kept] [--print FILE]

A label is a line of a repository, its kind (known: a commit gives the reason; logic; dull: a brace, `else`, a lone
`return`, an import), the commits that give the reason, and what two readers said of its answers: useful (U), so-so (S)
or of no use (N), sentences, those off topic, those broken. The kept half of the labels was not looked at while answers
were improved. `--print` writes the answers for readers.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from mom_lsp.evaluation.asked import unused_workspace
from mom_lsp.evaluation.clones import clones_of
from mom_lsp.extract.quote import is_informative
from mom_lsp.workspace.workspace import Workspace

KINDS = ("known", "logic", "dull")
CONTEXT = 3  # lines above and below that readers see
REPEATED = 0.8  # share of the title's words that a repetition has

ENDS = re.compile(r"(?: \[\d+\]|(?<=”))\.(?: |$)")  # of a sentence: a citation, or a quoted comment
SUBJECT = re.compile(r"(?:.*?; last changed by )?“(?P<title>.*?)” \([^()]*\)[^:]*(?:: (?P<quote>.*))?$", re.DOTALL)
SAYS = re.compile(r".*? says? “(?P<quote>.*)”$", re.DOTALL)
LIST_MARK = re.compile(r"(?:[-*•+]|\d{1,2}[.)]) ")
CODE = re.compile(r"[;{}]$|^ {2,}|\w\(\)?;|[=!]=|->|&&|\|\|")
WORD = re.compile(r"\w+")
PAIRS = (("(", ")"), ("[", "]"), ("“", "”"))


@dataclass(frozen=True, slots=True)
class Answered:
    """A labelled line and its answer."""

    label: Mapping[str, Any]
    code: tuple[str, ...]  # the line and its surroundings
    answer: str
    cited: tuple[str, ...]  # commits and, for other memories, paths, in the order of the citations
    seconds: float

    @property
    def sentences(self) -> list[str]:
        """The sentences without the numbers of their citations."""
        return sentences(self.answer)


def sentences(answer: str) -> list[str]:
    """Return the sentences of an answer, without the numbers of their citations."""
    return [text for one in ENDS.split(answer) if (text := one.strip().removesuffix("."))]


def flaws(sentence: str) -> list[str]:
    """Return what is wrong with the form of a sentence."""
    subject = SUBJECT.match(sentence) or SAYS.match(sentence)
    parts = subject.groupdict() if subject else {}
    title, quote = parts.get("title") or "", (parts.get("quote") or "").strip()
    found = ["unbalanced"] if _unbalanced(sentence) else []
    if quote:
        found += ["ends in a colon"] if quote.endswith(":") else []
        found += ["list mark"] if LIST_MARK.match(quote) else []
        found += ["code"] if CODE.search(quote) and not re.search(r"`", quote) and len(WORD.findall(quote)) < 8 else []
        found += ["only references or credits"] if not is_informative(quote) else []
        found += ["footnote or tag"] if re.search(r"\[\d+\]|\[skip", quote) else []
        found += ["half a list"] if len(re.findall(r"\S (?:-|--) \S", quote.partition(":")[2])) > 1 else []
        found += ["repeats the title"] if _repeats(quote, title) else []
    return found


def _unbalanced(text: str) -> bool:
    bare = re.sub(r"(?<!\w)[:;]-?[()]|^\d+\)|[\[(][\d, .∞-]+[\])]", "", text)
    cut = "…" in text
    return any(
        bare.count(first) < bare.count(last) or (bare.count(first) > bare.count(last) and not cut)
        for first, last in PAIRS
    ) or (not cut and (text.count("`") % 2 == 1 or text.count('"') % 2 == 1))


def _repeats(quote: str, title: str) -> bool:
    said, known = WORD.findall(quote.lower()), WORD.findall(title.lower())
    if len(known) < 3:
        return False
    return sum(word in said for word in known) >= REPEATED * len(known) and len(said) <= 1.5 * len(known)


def answered(workspace: Workspace, labels: Sequence[Mapping[str, Any]]) -> Iterator[Answered]:
    """Yield the answers at the labelled lines of a clone, whose files have to be those of the label's revision."""
    head = workspace.worktree.head()
    for label in labels:
        lines = workspace.worktree.committed(workspace.worktree.head(label["rev"]), label["path"])
        if lines != workspace.worktree.committed(head, label["path"]):
            sys.exit(f"{label['path']} differs from {label['rev'][:9]}: check that revision out and index it")
        began = time.perf_counter()
        known = workspace.explain(label["path"], label["line"])
        answer, took = known.answer(), time.perf_counter() - began
        sources = [one["source"] for one in known.citations]
        yield Answered(
            label,
            tuple(lines[max(0, label["line"] - 1 - CONTEXT) : label["line"] + CONTEXT]),
            answer,
            tuple(source["commit"] if source["type"] == "commit" else str(source["path"]) for source in sources),
            took,
        )


def table(found: Sequence[Answered]) -> list[str]:
    """Return a line for each kind, and one for all."""
    rows = []
    for kind in (*KINDS, ""):  # "" for all
        some = [one for one in found if kind in ("", one.label["kind"])]
        if not some:
            continue
        said = [sentence for one in some for sentence in one.sentences]
        broken = sum(bool(flaws(one)) for one in said)
        length = median(len(one.answer) for one in some)
        parts = [
            f"{len(said) / len(some):.2f} sentences, median of {length:.0f} characters",
            f"{broken} of {len(said)} sentences broken",
        ]
        if kind == "known":
            first = sum(one.cited[0] in one.label["reasons"] for one in some if one.cited)
            cited = sum(not set(one.cited).isdisjoint(one.label["reasons"]) for one in some)
            parts.insert(0, f"reason's commit cited first {first}, at all {cited}")
        if kind == "dull":
            parts.insert(0, f"more than one sentence {sum(len(one.sentences) > 1 for one in some)}")
        rows.append(f"{kind or 'all'}, {len(some)} lines: {'; '.join(parts)}")
    times = sorted(one.seconds for one in found)
    rows.append(f"seconds: first {found[0].seconds:.2f}, median {median(times):.2f}, slowest {times[-1]:.2f}")
    return rows


def read(labels: Sequence[Mapping[str, Any]], version: str) -> list[str]:
    """Return what the readers said of the answers of a version, "before" or "now": a line for each kind of line."""
    rows = []
    for kind in KINDS:
        some = [one["read"][version] for one in labels if one["kind"] == kind and one.get("read")]
        if not some:
            continue
        useful = sum(one["verdicts"].count("U") for one in some) / 2
        said, off, broken = (sum(map(sum, (one[name] for one in some))) for name in ("sentences", "off", "broken"))
        rows.append(
            f"{kind}, {version}, as read: {useful:g} of {len(some)} useful; "
            f"of the sentences {off / said:.0%} off topic, {broken / said:.0%} broken"
        )
    return rows


def sheet(found: Sequence[Answered]) -> str:
    """Return the answers with the code, for readers."""
    pages = []
    for number, one in enumerate(found, 1):
        start = max(1, one.label["line"] - CONTEXT)
        code = [f"{'>' if at == one.label['line'] else ' '} {line}" for at, line in enumerate(one.code, start)]
        wrong = "".join(f"\n  flaw: {flaw}: {text}" for text in one.sentences for flaw in flaws(text))
        place = f"{one.label['repo']} {one.label['path']}:{one.label['line']} ({one.label['kind']})"
        pages.append("\n".join([f"W{number}. {place}", *code, "", one.answer + wrong]))
    return "\n\n".join(pages) + "\n"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Measure the answers of `mom why` on labelled lines.")
    parser.add_argument("labels", type=Path)
    parser.add_argument("--repo", action="append", required=True, metavar="OWNER/NAME=CLONE")
    parser.add_argument("--kept", action="store_true", help="the kept half instead of the other")
    parser.add_argument("--print", type=Path, metavar="FILE", help="write the answers for readers")
    chosen = parser.parse_args()
    labels = [json.loads(line) for line in chosen.labels.read_text("utf-8").splitlines()]
    found: list[Answered] = []
    for name, clone in clones_of(chosen.repo).items():
        with unused_workspace(clone) as workspace:
            own = [one for one in labels if one["repo"] == name and one["kept"] == chosen.kept]
            found += answered(workspace, own)
    asked = [one for one in labels if one["kept"] == chosen.kept]
    sys.stdout.write("\n".join([*table(found), *read(asked, "before"), *read(asked, "now")]) + "\n")
    if chosen.print:
        chosen.print.write_text(sheet(found), "utf-8")


if __name__ == "__main__":
    main()
