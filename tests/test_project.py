"""What is around the package: versions, workflows, forms and pinned tools agree with pyproject.toml and the README.

python -m tests.test_project v0.1.0          what keeps this tag from being released; nothing, if it may be
"""

import re
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import tinygrad_edu

ROOT = Path(__file__).parent.parent
FORMS = sorted(ROOT.glob(".github/ISSUE_TEMPLATE/*.yml"))
FIRST_OF_CHANGES = re.compile(r"^## (.*)$", re.M)


def read(name, root=ROOT):
    return (root / name).read_text("utf-8")


def loaded(path):
    return pytest.importorskip("yaml").safe_load(read(path))


def project(root=ROOT):
    return tomllib.loads(read("pyproject.toml", root))["project"]


def unready(tag, root=ROOT):
    """What keeps a tag from being released, a sentence each."""
    version, urls = project(root)["version"], project(root).get("urls", {})
    if tag != f"v{version}":
        yield f"the tag is {tag}, and the version in pyproject.toml is {version}: its tag is v{version}"
    heading = FIRST_OF_CHANGES.search(read("CHANGELOG.md", root))[1]
    day = re.fullmatch(rf"{re.escape(version)}, (\d{{4}}-\d\d-\d\d)", heading)
    if not day:
        yield f"CHANGELOG.md begins with '## {heading}': write '## {version}, YYYY-MM-DD', the day of the release"
    cited = dict(re.findall(r"^(version|date-released): *[\"']?([^\s\"']+)", read("CITATION.cff", root), re.M))
    if cited.get("version") != version:
        yield f"CITATION.cff has version {cited.get('version')}: write version: {version}"
    if "date-released" not in cited or day and cited["date-released"] != day[1]:
        yield f"CITATION.cff has date-released {cited.get('date-released')}: write the day that CHANGELOG.md has"
    for name in ("Repository", "Contact"):
        if not urls.get(name, "").startswith("https://"):
            yield f'[project.urls] in pyproject.toml has no {name} = "https://...": without, nobody finds the project'


def refusal(tag, root=ROOT):
    """The sentences, a line each, or None: to `sys.exit` even an empty text is a failure."""
    return "\n".join(unready(tag, root)) or None


READY = {
    "pyproject.toml": '[project]\nversion = "1.2.0"\n[project.urls]\nRepository = "https://r"\nContact = "https://c"\n',
    "CHANGELOG.md": "# Changes\n\n## 1.2.0, 2030-01-31\n\n## 1.1.0, not released yet\n",
    "CITATION.cff": "cff-version: 1.2.0\nversion: '1.2.0'\ndate-released: 2030-01-31\n",
}


@pytest.mark.parametrize(
    "name, old, new, told",
    [
        ("pyproject.toml", "", "", []),
        ("pyproject.toml", '"1.2.0"', '"1.3.0"', ["its tag is v1.3.0", "'## 1.3.0, YYYY", "version: 1.3.0"]),
        ("pyproject.toml", "https://c", "mailto:c", ["no Contact"]),
        ("pyproject.toml", "[project.urls]", "[project.entry]", ["no Repository", "no Contact"]),
        ("CHANGELOG.md", "1.2.0, 2030-01-31", "1.2.0, not released yet", ["'## 1.2.0, not released yet'"]),
        ("CHANGELOG.md", "01-31", "02-01", ["date-released 2030-01-31"]),
        ("CITATION.cff", "'1.2.0'", "1.1.0", ["has version 1.1.0"]),
        ("CITATION.cff", "date-released: 2030-01-31", "", ["date-released None"]),
    ],
)
def test_a_tag_is_released_when_nothing_that_names_it_disagrees(name, old, new, told, tmp_path):
    for file, text in READY.items():
        (tmp_path / file).write_text(text.replace(old, new) if old and file == name else text, "utf-8")
    sentences = (refusal("v1.2.0", tmp_path) or "").splitlines()
    assert len(sentences) == len(told) and all(part in s for part, s in zip(told, sentences, strict=True))
    assert sentences or refusal("v1.2.0", tmp_path) is None


def test_the_citation_says_what_the_project_says():
    cited, declared = loaded("CITATION.cff"), project()
    assert (
        cited["cff-version"] == "1.2.0" and {"message", "title", "authors"} <= {*cited} and cited["type"] == "software"
    )
    assert str(cited["version"]) == declared["version"] == tinygrad_edu.__version__
    assert (cited["license"], cited["abstract"]) == (declared["license"], declared["description"])
    assert cited["keywords"] == declared["keywords"]
    assert all(f"Copyright (c) 2026 {author['name']}\n" in read("LICENSE") for author in cited["authors"])


def test_the_changes_begin_with_this_version():
    assert FIRST_OF_CHANGES.search(read("CHANGELOG.md"))[1].split(",")[0] == tinygrad_edu.__version__


def steps(job):
    return [step["run"] for step in job["steps"] if "run" in step]


def test_the_workflow_tests_every_python_that_is_promised_with_the_readmes_command():
    jobs = loaded(".github/workflows/tests.yml")["jobs"]
    pythons = jobs["tests"]["strategy"]["matrix"]["python"]
    promised = [c.rpartition(" :: ")[2] for c in project()["classifiers"] if "Python :: 3." in c]
    assert pythons == promised and project()["requires-python"] == f">={pythons[0]}"
    assert tomllib.loads(read("pyproject.toml"))["tool"]["ruff"]["target-version"] == "py" + pythons[0].replace(".", "")
    assert [
        system.partition("-")[0] for system in jobs["tests"]["strategy"]["matrix"]["os"]
    ] == "ubuntu macos windows".split()
    [command] = re.findall(r'^python3 -m venv .venv && (.*"\.\[dev]" && .*)$', read("README.md"), re.M)
    assert steps(jobs["tests"]) == command.replace(".venv/bin/", "").replace("[dev]", "[test]").split(" && ")
    assert (
        steps(jobs["check"]) == ["bash .ci/run"] and jobs["check"]["steps"][1]["with"]["python-version"] == pythons[0]
    )


@pytest.mark.parametrize(
    "name, when, first, might, action",
    [
        ("release", {"push": {"tags": ["v*"]}},
         ["bash .ci/run", '.venv/bin/python -m tests.test_project "$GITHUB_REF_NAME"'], {}, "gh-action-pypi-publish"),
        ("site", {"push": {"branches": ["main"]}, "workflow_dispatch": None},
         ['pip install -q -e ".[dev]"', "python -m site_build -o build/site", "python -m pytest -n 0 tests/site"],
         {"pages": "write"}, "deploy-pages"),
    ],
)  # fmt: skip
def test_only_the_job_that_publishes_what_was_checked_may_publish(name, when, first, might, action):
    flow = loaded(f".github/workflows/{name}.yml")
    build, publish = flow["jobs"]["build"], flow["jobs"]["publish"]
    assert flow[True] == when  # to YAML 1.1, `on` is a truth
    assert flow["permissions"] == {"contents": "read"} and "permissions" not in build
    assert publish["permissions"] == {"id-token": "write"} | might
    assert (
        {"build", *publish["needs"]} == {*flow["jobs"]} - {"publish"}
        if name == "release"
        else publish["needs"] == "build"
    )
    assert not steps(publish)
    assert action in publish["steps"][-1]["uses"] and publish["environment"] in read("CONTRIBUTING.md")
    assert steps(build)[: len(first)] == first
    assert "secrets." not in read(f".github/workflows/{name}.yml")


def test_wheels_are_built_for_every_python_that_is_promised():
    settings = tomllib.loads(read("pyproject.toml"))["tool"]["cibuildwheel"]
    pythons = loaded(".github/workflows/tests.yml")["jobs"]["tests"]["strategy"]["matrix"]["python"]
    assert settings["build"].split() == [f"cp{version.replace('.', '')}-*" for version in pythons]
    assert settings["environment"] == {"TINYGRAD_EDU_C": "1"}  # where it cannot be compiled the release stops


def test_before_a_commit_the_tools_run_as_in_the_one_check():
    [repo] = loaded(".pre-commit-config.yaml")["repos"]
    assert repo["repo"] == "local" and {hook["language"] for hook in repo["hooks"]} == {"system"}  # nothing is fetched
    checks = [line.removeprefix(".venv/bin/") for line in read(".ci/run").splitlines()]
    assert len(repo["hooks"]) == 3 and all(hook["entry"] in checks for hook in repo["hooks"])


def test_what_is_pinned_is_what_developers_install():
    pins = [Requirement(line) for line in read("requirements-dev.txt").splitlines()]
    versions = {re.sub("[-_.]+", "-", pin.name).lower(): str(pin.specifier) for pin in pins}
    assert len(versions) == len(pins) and all(re.fullmatch(r"==[^*,]+", v) for v in versions.values())
    extras = project()["optional-dependencies"]
    wanted = [*map(Requirement, project()["dependencies"] + sum((extras[e] for e in extras if e != "notebook"), []))]
    for need in wanted:
        if need.name != project()["name"]:
            assert need.specifier.contains(versions[need.name.lower()].removeprefix("==")), need


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_a_form_asks_for_what_an_answer_needs(path):
    form = loaded(path)
    fields = [field for field in form["body"] if field["type"] != "markdown"]
    assert form["name"] and form["description"] and {f["type"] for f in fields} <= {"textarea", "input", "dropdown"}
    assert len({f["id"] for f in fields}) == len({f["attributes"]["label"] for f in fields}) == len(fields)
    assert any(f.get("validations", {}).get("required") for f in fields)
    assert all(f["attributes"]["options"] for f in fields if f["type"] == "dropdown")


def test_no_address_is_written_but_in_the_project():
    """What moves with the project is written once: the files around it link to each other, and to nothing outside."""
    around = [
        *ROOT.glob(".github/**/*.*"),
        *(ROOT / n for n in ("CITATION.cff", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md")),
    ]
    assert len(FORMS) == 2 and len(around) >= 8
    assert not [path.name for path in around if re.search(r"https?://|[\w.]+@[\w-]+\.\w", path.read_text("utf-8"))]


def test_files_are_written_as_editors_are_told():
    suffixes = {
        ".py",
        ".pyi",
        ".md",
        ".toml",
        ".yml",
        ".yaml",
        ".cff",
        ".txt",
        ".c",
        ".h",
        ".rs",
        ".js",
        ".css",
        ".html",
    }
    folders = "tinygrad_edu tests demos benchmarks docs site_build site .github".split()
    for path in [*ROOT.glob("*.*"), *(p for folder in folders for p in (ROOT / folder).rglob("*"))]:
        if path.suffix in suffixes and "node_modules" not in path.parts:
            text = path.read_bytes()
            assert not re.search(rb"\r|[ \t]\n|[^\n]\Z", text), f"{path}: a line's end that .editorconfig does not have"
            text.decode("utf-8")


def test_where_the_site_can_be_neither_built_nor_served_is_told_in_a_line(tmp_path):
    def told(*words):
        done = subprocess.run([sys.executable, *words], capture_output=True, text=True, cwd=ROOT)
        return done.returncode, done.stderr.splitlines()[-1]

    (tmp_path / "notes").write_text("mine")
    for where, said in ((tmp_path / "notes", "Not a directory"), (tmp_path, "has other files in it")):
        code, line = told("-m", "site_build", "-o", where)
        assert code == 2 and line.startswith("site_build: ") and said in line
    code, line = told("-m", "site_build", "-o", tmp_path / "site", "--serve", "70000")
    assert code == 2 and "a port from 0 to 65535, got 70000" in line and not (tmp_path / "site").exists()
    with socket.create_server(("localhost", 0)) as other:
        port = other.getsockname()[1]
        serve = f"from pathlib import Path; from site_build.__main__ import serve; serve(Path('.'), {port})"
        assert f"cannot serve on port {port}: " in told("-c", serve)[1]


if __name__ == "__main__":
    [tag] = sys.argv[1:] or [f"v{project()['version']}"]
    sys.exit(refusal(tag))
