"""What a page's cells define, for a script that does the same at length."""

import ast
import re
from pathlib import Path
from typing import Any

CELL = re.compile(r"^```\{code-cell\} python\n(?:---\n.*?^---\n)?(.*?)^```$", re.M | re.S)


def of_the_page(page: Path, last: str = "") -> dict[str, Any]:
    """Its imports, functions, classes and capital constants, up to the cell that defines ``last``."""
    names: dict[str, Any] = {}
    for code in CELL.findall(page.read_text(encoding="utf-8")):
        kept = [statement for statement in ast.parse(code).body if defines(statement)]
        exec(compile(ast.Module(kept, []), page.name, "exec"), names)  # noqa: S102  # the page's own
        if last in names:
            break
    return names


def defines(statement: ast.stmt) -> bool:
    """Whether it imports or defines a thing, or sets constants."""
    if isinstance(statement, ast.Assign):
        stored = [
            node.id for target in statement.targets for node in ast.walk(target) if isinstance(node, ast.Name)
        ]
        return all(name.isupper() for name in stored)
    return isinstance(statement, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef)
