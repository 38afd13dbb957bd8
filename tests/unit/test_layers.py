"""The shape of the code: imports go one way, files stay readable, no task is left without an owner."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = "streamforge"
MAX_LINES = 400

BASE = {"errors", "clock"}
SERVICES = BASE | {"config", "jobs", "ops"}
ALLOWED: dict[str, set[str] | None] = {
    "errors": set(),
    "clock": set(),
    "config": BASE,
    "jobs": BASE,
    "solve": {"errors"},
    "render": {"errors"},
    "ops": BASE | {"config", "jobs"},
    "broker": SERVICES,
    "storage": SERVICES,
    "providers": SERVICES,
    "traffic": SERVICES | {"broker", "providers"},
    "jobs.store": SERVICES | {"broker", "storage", "jobs.dead", "jobs.listing"},
    "jobs.listing": SERVICES | {"broker"},
    "jobs.dead": SERVICES | {"broker"},
    "jobs.parts": SERVICES | {"storage"},
    "jobs.uploads": SERVICES | {"broker", "storage", "jobs.parts", "jobs.upload_check"},
    "jobs.upload_check": SERVICES | {"storage"},
    "collector": SERVICES | {"broker", "storage"},
    "runtime": SERVICES | {"broker", "storage", "jobs.store", "jobs.dead"},
    "runtime.context": SERVICES | {"broker", "storage", "jobs.store", "jobs.dead", "runtime", "runtime.recipe"},
    "runtime.recipe": SERVICES | {"broker", "storage", "jobs.store", "jobs.dead", "runtime", "runtime.context"},
    "pipelines": BASE | {"jobs", "providers", "solve", "render", "runtime.context", "runtime.recipe"},
    "accounts": SERVICES | {"broker"},
    "webhooks": SERVICES | {"broker", "providers", "accounts"},
    "archive": SERVICES | {"broker", "storage", "jobs.listing", "jobs.dead"},
    "api": SERVICES
    | {
        "broker",
        "storage",
        "jobs.store",
        "jobs.dead",
        "jobs.listing",
        "jobs.uploads",
        "accounts",
        "webhooks",
        "traffic",
        "archive",
    },
    "client": {"errors"},
    "app": None,
    "models": None,  # a part of app
    "registry": SERVICES | {"runtime", "runtime.recipe"},
    "cli": None,
    "testing": None,
    "": None,  # the package itself, which gathers the public names
}
"""What each layer may import besides itself (None: everything). A layer is a top-level module, or a module with
rules of its own."""

INSIDE = {"runtime": {"runtime.context", "runtime.recipe"}}
"""Layers that belong to another one, which may import them as its own."""


def layer_of(module: str) -> str:
    """The layer a module belongs to: the one with the longest matching name."""
    inner = module.removeprefix(PACKAGE).lstrip(".")
    parts = inner.split(".")
    return next((name for name in (".".join(parts[:2]), parts[0]) if name in ALLOWED), inner)


def module_name(path: Path, root: Path) -> str:
    """``streamforge/jobs/store.py`` → ``streamforge.jobs.store``."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules(root: Path) -> dict[str, Path]:
    """Every module of the package under ``root``."""
    return {module_name(path, root): path for path in sorted((root / PACKAGE).rglob("*.py"))}


def imported(path: Path, name: str, known: dict[str, Path]) -> Iterator[tuple[int, str]]:
    """Each module of the package that a file imports, anywhere in it, with the line."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = f"{source}.{alias.name}"
                yield node.lineno, inner if inner in known else source


def violations(root: Path) -> list[str]:
    """Each import that goes the wrong way, as ``module:line imports module``."""
    known = modules(root)
    found: list[str] = []
    for name, path in known.items():
        layer = layer_of(name)
        allowed = ALLOWED.get(layer, set())
        if allowed is None:
            continue
        permitted = allowed | {layer} | INSIDE.get(layer, set())
        ours = (entry for entry in imported(path, name, known) if entry[1].split(".")[0] == PACKAGE)
        found += [f"{name}:{line} imports {target}" for line, target in ours if layer_of(target) not in permitted]
    return found


def unowned_tasks(root: Path) -> list[str]:
    """Each task started outside a task group: nobody would see it fail."""
    found: list[str] = []
    for name, path in modules(root).items():
        calls = (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))
        found += [f"{name}:{call.lineno}" for call in calls if _starts_unowned_task(call.func)]
    return found


def _starts_unowned_task(function: ast.expr) -> bool:
    starters = {"create_task", "ensure_future"}
    if isinstance(function, ast.Name):
        return function.id in starters
    if not isinstance(function, ast.Attribute) or function.attr not in starters:
        return False
    return "asyncio" in ast.unparse(function.value) or "loop" in ast.unparse(function.value)


def test_imports_go_one_way() -> None:
    """No layer knows one that is built on it."""
    assert violations(ROOT) == []


def test_every_module_belongs_to_a_layer() -> None:
    """A new top-level module gets its rules here before it is used."""
    assert [name for name in modules(ROOT) if layer_of(name) not in ALLOWED] == []


def test_every_task_has_an_owner() -> None:
    """Tasks are started in task groups only; a bare ``asyncio.create_task`` would fail unseen."""
    assert unowned_tasks(ROOT) == []


def test_files_stay_readable() -> None:
    """No file of the package, the tests, the chaos suite or the examples is over 400 lines."""
    files = [path for folder in (PACKAGE, "tests", "chaos", "examples") for path in (ROOT / folder).rglob("*.py")]
    long = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert {name: lines for name, lines in long.items() if lines > MAX_LINES} == {}


def tree(root: Path, files: dict[str, str]) -> Path:
    """A package under ``root`` with these modules, and the packages around them."""
    for name, text in files.items():
        path = root / PACKAGE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        for folder in (path.parent, root / PACKAGE):
            (folder / "__init__.py").touch()
    return root


@pytest.mark.parametrize(
    ("importer", "statement", "target"),
    [
        ("errors.py", "import streamforge.clock", "streamforge.clock"),
        ("jobs/model.py", "from streamforge.jobs.store import Store", "streamforge.jobs.store"),
        ("jobs/model.py", "from .store import Store", "streamforge.jobs.store"),
        ("jobs/model.py", "from . import store", "streamforge.jobs.store"),
        ("jobs/store.py", "from streamforge.runtime import pool", "streamforge.runtime.pool"),
        ("solve/place.py", "from streamforge.render import paint", "streamforge.render.paint"),
        ("solve/place.py", "from streamforge import config", "streamforge.config"),
        ("broker/keys.py", "from streamforge.storage import objects", "streamforge.storage.objects"),
        ("runtime/pool.py", "from streamforge.solve import place", "streamforge.solve.place"),
        ("runtime/pool.py", "def late():\n    import streamforge.cli.main", "streamforge.cli.main"),
        ("pipelines/banner/child.py", "from streamforge.runtime.pool import Pool", "streamforge.runtime.pool"),
        ("pipelines/banner/child.py", "from ...broker import keys", "streamforge.broker.keys"),
        ("api/routes.py", "from streamforge.pipelines import registry", "streamforge.pipelines.registry"),
        ("ops/doctor.py", "import streamforge", "streamforge"),
    ],
)
def test_a_wrong_import_is_found(tmp_path: Path, importer: str, statement: str, target: str) -> None:
    """Absolute, relative, whole-module and late imports against the direction are all seen."""
    target_file = target.removeprefix(f"{PACKAGE}.").replace(".", "/") + ".py"
    tree(tmp_path, {target_file: "", importer: f"{statement}\n"})
    line = statement.count("\n") + 1
    name = f"{PACKAGE}.{importer.removesuffix('.py').replace('/', '.')}"
    assert violations(tmp_path) == [f"{name}:{line} imports {target}"]


def test_right_imports_are_left_alone(tmp_path: Path) -> None:
    """What the table allows passes: down the layers, inside one, and what is not ours."""
    files = {
        "errors.py": "import os\n",
        "jobs/model.py": "from streamforge.errors import InputError\n",
        "jobs/store.py": "from streamforge.broker.keys import K\nfrom .model import Job\n",
        "broker/keys.py": "from streamforge.jobs import model\n",
        "runtime/context.py": "from streamforge.runtime.pool import Pool\n",
        "runtime/pool.py": "from streamforge.runtime.context import Context\n",
        "pipelines/banner/pipeline.py": "from streamforge.runtime import context\nfrom .steps import x\n",
        "pipelines/banner/child.py": "from streamforge.solve import place\n",
        "solve/place.py": "import streamforged\n",
        "cli/main.py": "import streamforge.runtime.pool, streamforge.pipelines\n",
    }
    assert violations(tree(tmp_path, files)) == []


@pytest.mark.parametrize(
    "call",
    ["asyncio.create_task(f())", "create_task(f())", "asyncio.ensure_future(f())", "self._loop.create_task(f())"],
)
def test_a_bare_task_is_found(tmp_path: Path, call: str) -> None:
    """Every way to start a task on the loop itself is seen; a task group's own method is not one."""
    tree(tmp_path, {"app.py": f"tasks.create_task(f())\n{call}\n"})
    assert unowned_tasks(tmp_path) == [f"{PACKAGE}.app:2"]
