"""What a page's cells define, for a script that repeats the page's experiment at full length."""

import ast
import re
import runpy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

CELL = re.compile(r"^```\{code-cell\} python\n(?:---\n.*?^---\n)?(.*?)^```$", re.M | re.S)


def of_the_page(page: Path, last: str = "") -> dict[str, Any]:
    """Its imports, functions, classes and constants in capitals, up to the cell that defines ``last``.

    The file that they are run from is gone when this returns, so AutoGraph leaves them as they are.
    """
    lines: list[str] = []
    for code in CELL.findall(page.read_text(encoding="utf-8")):
        kept = [statement for statement in ast.parse(code).body if defines(statement)]
        lines += map(ast.unparse, kept)
        if last in (getattr(statement, "name", None) for statement in kept):
            break
    else:
        if last:
            raise ValueError(f"of_the_page: no cell of {page.name} defines {last}")
    with TemporaryDirectory() as folder:
        script = Path(folder) / page.with_suffix(".py").name
        script.write_text("\n".join(lines), encoding="utf-8")
        return runpy.run_path(str(script))


def defines(statement: ast.stmt) -> bool:
    """Whether it imports or defines a thing, or sets constants."""
    if isinstance(statement, ast.Assign):
        stored = [
            node.id for target in statement.targets for node in ast.walk(target) if isinstance(node, ast.Name)
        ]
        return all(name.isupper() for name in stored)
    return isinstance(statement, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef)
