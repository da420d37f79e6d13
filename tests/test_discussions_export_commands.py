"""The commands that export are those of the remote's host, safe to paste."""

import shlex

import pytest

from mom_lsp.discussions.export_commands import Remote, export_commands, remote_of


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://github.com/o/n.git", Remote("github.com", "o/n", "github")),
        ("git@github.com:o/n", Remote("github.com", "o/n", "github")),
        ("ssh://git@ssh.github.com:443/o/n.git", Remote("github.com", "o/n", "github")),
        ("https://github.example.org/o/n", Remote("github.example.org", "o/n", "github")),
        ("https://gitlab.com/group/sub/n.git", Remote("gitlab.com", "group/sub/n", "gitlab")),
        ("git@gitlab.gnome.org:GNOME/glib.git", Remote("gitlab.gnome.org", "GNOME/glib", "gitlab")),
        ("https://salsa.debian.org/debian/dpkg", Remote("salsa.debian.org", "debian/dpkg", "gitlab")),
        ("https://git.example.org/group/sub/n", Remote("git.example.org", "group/sub/n", "gitlab")),
        ("https://git.example.org/o/n", Remote("git.example.org", "o/n", "")),
        (
            "https://git.kernel.org/pub/scm/git/git.git",
            Remote("git.kernel.org", "pub/scm/git/git", ""),
        ),
        ("git@ssh.dev.azure.com:v3/o/p/n", Remote("dev.azure.com", "v3/o/p/n", "")),
        ("https://codeberg.org/o/n", Remote("codeberg.org", "o/n", "")),
        ("/srv/git/n.git", None),
        ("file:///srv/git/n.git", None),
        ("../n", None),
        ("https://github.com/o/n;rm -rf ~", None),
        ("https://github.com/$(x)/n", None),
    ],
)
def test_a_remote_tells_the_host_and_the_project(url: str, expected: Remote | None) -> None:
    assert remote_of([("origin", url)]) == expected


def test_upstream_is_preferred_to_origin_and_that_to_others() -> None:
    one, two, three = (("mine", "https://github.com/a/n"), ("origin", "https://github.com/b/n"), ("upstream", "/local"))
    assert remote_of([one]) == Remote("github.com", "a/n", "github")
    assert remote_of([one, two, three]) == Remote("github.com", "b/n", "github")
    assert remote_of([]) is None


def test_the_commands_for_another_host_name_it() -> None:
    assert all("github.example.org" in line for line in export_commands(Remote("github.example.org", "o/n", "github")))
    commands = export_commands(Remote("gitlab.example.org", "g/s/n", "gitlab"))
    assert all("--hostname gitlab.example.org" in line for line in commands)
    assert all("projects/g%2Fs%2Fn" in line for line in commands)
    assert "--hostname" not in " ".join(export_commands(Remote("gitlab.com", "g/n", "gitlab")))
    assert export_commands(Remote("bitbucket.org", "o/n", "")) == []


@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_the_commands_are_valid_shell(kind: str) -> None:
    for line in export_commands(Remote("gitlab.com" if kind == "gitlab" else "github.com", "o/n", kind)):  # type: ignore[arg-type]
        assert shlex.split(line)[0] in ("gh", "glab", "for")
        assert "?" not in line.replace("'", '"').split('"')[0]  # a pattern of the shell unless it is quoted
