"""The report in a real browser: light and dark, by keyboard, to a screen reader, and offline."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from chromium import CHROMIUM, Tab, tab
from repositories import Repo, Start, add_followups

from mom_lsp import datafolder
from mom_lsp.lm.trace_file import TraceFile
from mom_lsp.report.make import report_page

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="Chromium is not installed"),
]
SIZES = ((1100, 900), (390, 800))  # of a window, and of a phone
FOCUSED = """
(e => [e.tagName, e.getAttribute('href') || e.getAttribute('aria-label') || e.textContent])(document.activeElement)
"""
VISIBLE = "(r => r.bottom > 0 && r.top < innerHeight)(document.activeElement.getBoundingClientRect())"
CONTRAST = """
(() => {
  const light = c => { const [r, g, b] = c.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255)
      .map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b };
  const back = light(getComputedStyle(document.body).backgroundColor);
  const ratio = c => { const l = light(c); return (Math.max(l, back) + .05) / (Math.min(l, back) + .05) };
  const texts = [...document.querySelectorAll('p, h1, h2, h3, th, td, a, summary, dt, dd')];
  const plots = [...document.querySelectorAll('svg text')];
  const colours = [...texts.map(e => getComputedStyle(e).color), ...plots.map(e => getComputedStyle(e).fill)];
  return Math.min(...colours.map(ratio));
})()
"""


@pytest.fixture
def page(project: Repo, moms: Start, tmp_path: Path) -> Path:
    """Make a report of a repository with some feedback."""
    add_followups(project, 12)
    mom = moms(project)
    mom.index()
    ids = [one["id"] for one in mom.search("part of the machine")]
    journal, now = mom.service.library.journal, mom.clock()
    for day in reversed(range(9)):
        seen = {"part1.py": ids[:4]}
        at = now - day * 86_400
        journal.append("shown", data={"seen": seen, "hinted": seen}, now=at - 9)
        journal.append("useful" if day % 3 else "dismiss", memory=ids[day % 2], path="part1.py", symbol="f", now=at)
    html = report_page(mom.service.workspace(str(mom.root)), TraceFile(mom.location.data / datafolder.TRACES))
    file = tmp_path / "report.html"
    file.write_text(html, "utf-8")
    return file


def themed(browser: Tab, theme: str) -> None:
    browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])


def test_light_and_dark_are_readable_on_a_screen_and_on_a_phone(page: Path, tmp_path: Path) -> None:
    pictures = Path(os.environ.get("MOM_PICTURES", tmp_path))  # to look at them
    with tab(tmp_path / "profile") as browser:
        browser.open(page.as_uri())
        backs = set()
        for theme in ("light", "dark"):
            themed(browser, theme)
            backs.add(browser.evaluate("getComputedStyle(document.body).backgroundColor"))
            assert browser.evaluate(CONTRAST) > 4.5, theme  # WCAG AA
            for width, height in SIZES:
                browser.call(
                    "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
                )
                assert browser.evaluate("document.documentElement.scrollWidth") <= width
                browser.picture(pictures / f"report-{theme}-{width}.png")
        assert len(backs) == 2
        asked = [
            event["params"]["request"]["url"]
            for event in browser.events
            if event.get("method") == "Network.requestWillBeSent"
        ]
        assert asked == [page.as_uri()]
        assert not [event for event in browser.events if event.get("method") == "Runtime.exceptionThrown"]


def test_the_keyboard_reaches_everything_in_order(page: Path, tmp_path: Path) -> None:
    with tab(tmp_path / "profile") as browser:
        browser.open(page.as_uri())
        links = browser.evaluate("[...document.querySelectorAll('nav a')].map(a => a.getAttribute('href'))")
        details = browser.evaluate("document.querySelectorAll('details').length")
        browser.press("Tab", 9)
        assert browser.evaluate(FOCUSED)[1] == "#main" and browser.evaluate(VISIBLE)
        for link in links:
            browser.press("Tab", 9)
            assert browser.evaluate(FOCUSED) == ["A", link]
        seen, opened = 0, 0
        while True:
            browser.press("Tab", 9)
            name, what = browser.evaluate(FOCUSED)
            if name == "BODY":
                break
            assert browser.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid", what
            if name == "SUMMARY":
                seen += 1
                if not browser.evaluate("document.activeElement.parentElement.open"):
                    browser.press("Enter", 13)
                    opened += browser.evaluate("document.activeElement.parentElement.open")
            else:
                assert what.startswith("Table: ")
        assert seen == details > 5 and opened > 3


def test_a_screen_reader_is_told_what_a_plot_shows(page: Path, tmp_path: Path) -> None:
    with tab(tmp_path / "profile") as browser:
        browser.open(page.as_uri())
        nodes = [one for one in browser.call("Accessibility.getFullAXTree")["nodes"] if not one.get("ignored")]
        roles = [one["role"]["value"] for one in nodes]
        images = [one["name"]["value"] for one in nodes if one["role"]["value"] in ("image", "img")]
        assert len(images) == browser.evaluate("document.querySelectorAll('svg').length") > 5
        assert all(len(name) > 40 for name in images)
        assert {"main", "navigation", "banner"} <= set(roles) and roles.count("heading") > 15
        assert "SvgRoot" not in roles and all(one["name"]["value"] for one in nodes if one["role"]["value"] == "region")
