"""The project's own sources as syntax trees, for tests of the project's rules."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
APPS = ("accounts", "backoffice", "loans", "risk")
TEXTS = (".py", ".md", ".html", ".txt", ".toml", ".json", ".po", ".css", ".js", ".yml", ".yaml",
         ".sh", ".example", "")  # fmt: skip

Function = ast.FunctionDef | ast.AsyncFunctionDef


def sources() -> list[Path]:
    """Return every module of the product but the migrations."""
    return sorted(
        path
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        if "migrations" not in path.parts
    )


def texts() -> Iterator[Path]:
    """Return every text file of the project, tests and documents included."""
    folders = (*APPS, "tests", "templates", "docs", "locale", ".ci")
    for path in [*ROOT.iterdir(), *(p for name in folders for p in (ROOT / name).rglob("*"))]:
        is_text = path.is_file() and path.suffix in TEXTS and "__pycache__" not in path.parts
        if is_text and path != ROOT / ".env":
            yield path


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def at(path: Path, node: ast.AST) -> str:
    """Return file and line, as an editor opens them."""
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}"


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def walk(path: Path, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
    return (node for node in ast.walk(tree(path)) if isinstance(node, kinds))


def functions(path: Path) -> Iterator[Function]:
    yield from walk(path, ast.FunctionDef, ast.AsyncFunctionDef)  # type: ignore[misc]


def decorators(function: Function) -> list[str]:
    """Return the dotted names a function is decorated with, without their arguments."""
    return [
        ast.unparse(each.func if isinstance(each, ast.Call) else each)
        for each in function.decorator_list
    ]


def lines(function: Function) -> int:
    """Return how many lines a function takes, from ``def`` to its end."""
    assert function.end_lineno is not None
    return function.end_lineno - function.lineno + 1


def raised(function: Function, module: ast.Module) -> set[str]:
    """Return what a function raises by name, itself or through private functions of its module."""
    private = {f.name: f for f in ast.walk(module) if isinstance(f, ast.FunctionDef)}
    found: set[str] = set()
    seen: set[str] = set()
    waiting = [function.name]
    while waiting:
        name = waiting.pop()
        body = function if name == function.name else private[name]
        seen.add(name)
        for node in ast.walk(body):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                found.add(ast.unparse(node.exc.func).rsplit(".", 1)[-1])
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                called = node.func.id
                if called.startswith("_") and called in private and called not in seen:
                    waiting.append(called)
    return found
