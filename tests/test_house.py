"""The shape of the house: imports point down, the wings do not meet, and what is written twice says the same twice."""

import ast
import importlib
import pkgutil
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import tinygrad_edu
from tinygrad_edu import extras, ops, text

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "tinygrad_edu"

FLOORS = [
    {
        *"ieee rules trees errors extras files interruption notebook positions streams placement".split(),
        *"release plans signposts callsites usage collector floats graphs tracing lazy words blocks twin".split(),
    },
    {"op", "ops", "books", "render", "folds"},
    {"picture"},
    {"infinities"},
    {"modes", "protocol"},
    {"text", "engine"},
    {"derivatives", "exact", "javascript", "languages", "registry", "trials"},
    {
        "chance",
        "clipping",
        "compilation",
        "copying",
        "micrograd",
        "names",
        "opening",
        "parameters",
        "paths",
        "schedules",
        "sums",
    },
    {"functional"},
    {"check", "figures", "strategies", "nn", "targets", "losses", "optim", "data", "plot"},
    {"sourcecode", "explanation", "order"},
    {"replay", "stochastic", "webpage"},
    {"doctor"},
    {"runs"},
    {"train"},
    {"interop"},
    {"expression"},
    {"zoo"},
    {"learn"},
    {"grading", "playground"},
    {"cli", "contents", "printouts", "__main__", "__init__"},
]
WEST = {"check", "figures", "strategies", "sourcecode", "explanation", "order", "webpage", "replay", "doctor"}
EAST = {"functional", "stochastic", "nn", "targets", "losses", "optim", "data"}
HEIGHT = {room: i for i, rooms in enumerate(FLOORS) for room in rooms}


def room_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(path):
    """The rooms of the package that one file imports, relative imports resolved;
    its own demo and type checkers may look anywhere.
    """
    package = ("tinygrad_edu", *path.relative_to(PACKAGE).parent.parts)
    tree = ast.parse(path.read_text())
    tree.body = [
        s
        for s in tree.body
        if not (isinstance(s, ast.If) and ast.unparse(s.test) in ("__name__ == '__main__'", "TYPE_CHECKING"))
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = (*base, *(node.module or "").split(".")) if node.module else base
            names = [(*module, alias.name) for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [tuple(alias.name.split(".")) for alias in node.names]
        else:
            continue
        for name in names:
            if name[0] == "tinygrad_edu":
                yield name[1] if len(name) > 1 and name[1] in HEIGHT else "__init__"


FILES = sorted(path for path in PACKAGE.rglob("*.py") if "exercises" not in path.parts)  # which are as learners write


def test_every_room_has_a_floor():
    assert {room_of(path) for path in FILES} <= set(HEIGHT)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_down(path):
    here = room_of(path)
    if path.name == "__main__.py" and here != "__main__":  # a demo of its own room
        return
    rooms = set(imported_rooms(path)) - {here}
    if here != "__init__":
        assert "__init__" not in rooms or here in ("cli", "contents"), f"{path.name} imports the roof"
    assert not [r for r in rooms - {"__init__"} if HEIGHT[r] > HEIGHT[here]]
    assert not (here in WEST and rooms & (EAST - {"functional"})) and not (here in EAST and rooms & WEST)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_guess_ends_with_its_question_mark(path):
    assert not re.search(r"\{(meant\([^{}]*\)|near)\}[:;.,]", path.read_text())


def test_the_import_test_sees_imports():
    assert "ops" in set(imported_rooms(PACKAGE / "engine.py")) and "ieee" in set(imported_rooms(PACKAGE / "ops.py"))


# What is loaded at once.  Whatever else a session needs, it loads when it asks for it.
ENGINE = {
    *"books callsites collector engine floats ieee infinities interruption lazy micrograd modes op ops".split(),
    *"protocol registry rules signposts text tracing twin".split(),
    *(("_twin", "compilation") if tinygrad_edu.compiled else ()),
}


def test_a_first_gradient_loads_the_engine_and_nothing_else():
    """No extra, no room of the readers or builders, and of Python nothing that takes long."""
    code = (
        "import sys; before = {*sys.modules}; import tinygrad_edu as t; t.Value(2.0).tanh().backward(); "
        "print(*{*sys.modules} - before)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert {m.split(".")[1] for m in loaded if m.startswith("tinygrad_edu.")} <= ENGINE
    assert not loaded & {"numpy", "numba", "jax", "hypothesis", "mpmath", "inspect", "dataclasses", "difflib", "random"}


ASKED_FOR = """
import copy, pickle, pydoc, sys, tinygrad_edu as t
v = t.Value(2.0) * 3
assert copy.copy(v).data == copy.deepcopy(v).data == pickle.loads(pickle.dumps(v)).data == 6.0
assert t.figures.cards.__name__ in sys.modules and t.Value.draw is t.draw and v.explain.__func__ is t.explain
import tinygrad_edu.optim
from tinygrad_edu import cli, page
assert {*t.__all__} <= {*dir(t)} and "draw" in dir(v) and page is t.page
names = {}
exec("from tinygrad_edu import *", names)
assert {*t.__all__} <= {*names} and all(names[name] is getattr(t, name) for name in t.__all__)
assert all(f" {name}(" in pydoc.render_doc(t, renderer=pydoc.plaintext) for name in ("draw", "fit", "no_grad"))
assert not hasattr(t, "drwa") and not hasattr(t, "_private")
"""


def test_what_is_loaded_when_it_is_asked_for_is_there_however_it_is_asked_for():
    subprocess.run([sys.executable, "-W", "error", "-c", ASKED_FOR], check=True)


README = (ROOT / "README.md").read_text()


def test_python_m_ops_prints_the_table():
    run = subprocess.run([sys.executable, "-m", "tinygrad_edu.ops"], capture_output=True, text=True, check=True)
    assert run.stdout == text.table() + "\n" and run.stderr == ""


def test_the_readme_and_the_check_run_the_same_test_command():
    commands = re.findall(r"```sh\n(python3 -m venv.*?)\n```", README, re.S)
    assert len(commands) == 2 and commands[1] in (ROOT / ".ci" / "run").read_text().splitlines()
    assert commands[0].endswith("tinygrad-edu demo") and "[dot]" in commands[0]


def test_the_version_is_written_once():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert project["version"] == tinygrad_edu.__version__


def test_advice_names_the_packages_of_the_extras_and_no_package_of_this_name():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for name, packages in extras.EXTRAS.items():
        assert packages.split() == sorted(re.match(r"[\w-]+", p)[0] for p in declared[name])
    advice = [
        path
        for path in [
            *FILES,
            *ROOT.glob("demos/*"),
            *ROOT.glob("benchmarks/*.*"),
        ]
        if path.is_file()
    ]
    assert not [path.name for path in advice if re.search(r"pip install \W*tinygrad", path.read_text())]


PAGES = [path for folder in ("tinygrad_edu", "site", "docs/_templates") for path in (ROOT / folder).rglob("*")
         if path.suffix in (".js", ".mjs", ".css", ".html") and "node_modules" not in path.parts]  # fmt: skip


def test_no_file_outgrows_its_room():
    lengths = {path: path.read_text("utf-8").count("\n") for path in (*FILES, *PAGES)}
    assert not [(path.name, n) for path, n in lengths.items() if n > 420]


@pytest.mark.parametrize("path", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_lines_of_pages_are_as_long_as_those_of_code(path):  # ruff looks at Python's
    assert max(map(len, path.read_text("utf-8").splitlines())) <= 120


# Public names that two rooms define.  The list only becomes shorter: a name that is new is found by one search.
SHARED = {
    "written and read with its room before it": "check read write",
    "public twice, each in a room of its own": "Linear Optimizer Program Score Table constant",
}


def test_a_public_name_is_defined_in_one_room():
    """The rows of operations are functions on numbers too; the zoo's systems and the command line are on their own."""
    rooms = {}
    for path in FILES:
        if path.name != "__main__.py" and (room := room_of(path)) not in ("zoo", "cli"):
            for x in ast.parse(path.read_text()).body:
                if isinstance(x, (ast.FunctionDef, ast.ClassDef)) and not x.name.startswith("_"):
                    rooms.setdefault(x.name, set()).add(room)
    twice = {name for name, found in rooms.items() if len(found) > 1 and name not in {*ops.TABLE, *ops.FACTORIES}}
    listed = set(" ".join(SHARED.values()).split())
    assert not {name: rooms[name] for name in twice - listed}, "give it a name of its own"
    assert not listed - twice, "it is told apart: take it from the list"


def test_a_missing_package_is_never_a_bug_of_ours():
    """MissingPackage is one line on the command line, where a plain ImportError shows a traceback;
    a name that is not there is one.
    """
    said = [path.name for path in PACKAGE.rglob("*.py") if "raise ImportError(" in path.read_text("utf-8")]
    assert said == ["signposts.py"]


def rooms():
    """Every module of the package that can be imported here."""
    for found in pkgutil.walk_packages(tinygrad_edu.__path__, "tinygrad_edu."):
        if not found.name.endswith("__main__") and ".exercises." not in found.name:  # which are as learners write
            try:
                yield found.name, importlib.import_module(found.name)
            except ImportError as e:  # it needs an extra
                assert isinstance(e, extras.MissingPackage) or e.name in ("numba", "numpy", "jax", "hypothesis")


def test_a_replay_knows_no_derivative_but_where_it_is_traced():
    """One chain rule, one program, and what evaluates it only runs forwards."""
    texts = {path.name: path.read_text() for path in (PACKAGE / "replay").glob("*.py")}
    assert [n for n, t in texts.items() if re.search(r"\b(partials|slopes|chain_rule)\b", t)] == ["trace.py"]


def test_no_room_is_hidden_by_a_function_of_its_name():
    """`import tinygrad_edu.figures.cards as c` gives the module that its path says."""
    for path, module in rooms():
        parent, _, leaf = path.rpartition(".")
        assert getattr(sys.modules[parent], leaf) is module, f"{path} is hidden"


def test_no_class_stands_on_two_others_of_ours():
    """What a class does is read in one place besides its own.

    A trial is a Value that does not tell its number, and a Value stands on what keeps it.
    """

    def height(kind):
        return kind.__module__.startswith("tinygrad_edu") + max(map(height, kind.__bases__), default=0)

    kinds = {kind for _, module in rooms() for kind in vars(module).values() if isinstance(kind, type)}
    assert {kind.__name__ for kind in kinds if height(kind) > 2} == {"_Trial"}
