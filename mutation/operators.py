"""What `runner.py` changes: small mistakes, one at a time, in a file of the package.

Most operators are cosmic-ray's, one or two wrong signs for each right one. Four are ours: leave out
a statement, a keyword of a call or a transposition, and expect another exception. Annotations are
not touched. What Python cannot parse, or reads like the file as it is, is no mutant.
"""

import ast
import hashlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import parso
from cosmic_ray.plugins import get_operator

FROM_COSMIC_RAY = [
    "AddNot",
    "ReplaceAndWithOr",
    "ReplaceOrWithAnd",
    "ReplaceTrueWithFalse",
    "ReplaceFalseWithTrue",
    "NumberReplacer",
    "ZeroIterationForLoop",
    "RemoveDecorator",
    "ReplaceUnaryOperator_Delete_Not",
    "ReplaceUnaryOperator_Delete_USub",
    "ReplaceUnaryOperator_Delete_Invert",
    "ReplaceBinaryOperator_Add_Sub",
    "ReplaceBinaryOperator_Sub_Add",
    "ReplaceBinaryOperator_Mul_Div",
    "ReplaceBinaryOperator_Div_Mul",
    "ReplaceBinaryOperator_Pow_Mul",
    "ReplaceBinaryOperator_FloorDiv_Mul",
    "ReplaceBinaryOperator_Mod_Mul",
    "ReplaceBinaryOperator_BitAnd_BitOr",
    "ReplaceBinaryOperator_RShift_LShift",
    "ReplaceComparisonOperator_Eq_NotEq",
    "ReplaceComparisonOperator_NotEq_Eq",
    "ReplaceComparisonOperator_Lt_LtE",
    "ReplaceComparisonOperator_Lt_GtE",
    "ReplaceComparisonOperator_LtE_Lt",
    "ReplaceComparisonOperator_LtE_Gt",
    "ReplaceComparisonOperator_Gt_GtE",
    "ReplaceComparisonOperator_Gt_LtE",
    "ReplaceComparisonOperator_GtE_Gt",
    "ReplaceComparisonOperator_GtE_Lt",
    "ReplaceComparisonOperator_Is_IsNot",
    "ReplaceComparisonOperator_IsNot_Is",
]


class Mutant(NamedTuple):
    """A file of the package with one change, and the lines that it concerns."""

    file: str  # below rnnbook/
    function: str  # that holds the change, such as "LSTMCell.__call__"; "" outside of all
    line: int  # the first that differs, from 1
    before: str
    after: str
    operator: str
    code: str  # of the whole file

    @property
    def key(self) -> str:
        """The same for the same change of the same text."""
        return hashlib.sha256(f"{self.file}\0{self.code}".encode()).hexdigest()[:16]


def mutants_of(file: str, source: str) -> list[Mutant]:
    """Every mutant of a file, from top to bottom."""
    found: dict[str, Mutant] = {}
    original, functions = _meaning(source), dict(_functions(ast.parse(source)))
    for operator, code in (*_by_cosmic_ray(source), *_by_ours(source)):
        try:
            meaning = _meaning(code)
        except SyntaxError:
            continue
        if meaning != original and meaning not in found:
            line, before, after = _difference(source, code)
            found[meaning] = Mutant(file, functions.get(line, ""), line, before, after, operator, code)
    return sorted(found.values(), key=lambda mutant: mutant.line)


def _functions(tree: ast.AST, around: str = "") -> Iterator[tuple[int, str]]:
    """Each line inside a function or class, decorators included, with its name; inner ones come last."""
    for node in ast.iter_child_nodes(tree):
        name = around
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            name = f"{around}.{node.name}".lstrip(".")
            first = min(part.lineno for part in (node, *node.decorator_list))
            yield from ((line, name) for line in range(first, (node.end_lineno or first) + 1))
        yield from _functions(node, name)


class _Plainer(ast.NodeTransformer):
    """``not a == b`` is ``a != b``, and ``not not a`` is ``a``: two operators would make the same mutant."""

    OPPOSITES = (
        (ast.Eq, ast.NotEq),
        (ast.Is, ast.IsNot),
        (ast.In, ast.NotIn),
        (ast.Lt, ast.GtE),
        (ast.Gt, ast.LtE),
    )

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        inner = node.operand
        if not isinstance(node.op, ast.Not):
            return node
        if isinstance(inner, ast.UnaryOp) and isinstance(inner.op, ast.Not):
            return inner.operand
        if isinstance(inner, ast.Compare) and len(inner.ops) == 1:
            both = next(pair for pair in self.OPPOSITES if isinstance(inner.ops[0], pair))
            inner.ops = [both[isinstance(inner.ops[0], both[0])]()]
            return inner
        return node


def _meaning(source: str) -> str:
    return ast.dump(_Plainer().visit(ast.parse(source)))


def _by_cosmic_ray(source: str) -> Iterator[tuple[str, str]]:
    """Operator and mutated source, for every place that an operator of cosmic-ray finds."""
    annotations = list(_annotations(ast.parse(source)))
    for name in FROM_COSMIC_RAY:
        operator = get_operator(f"core/{name}")()
        for place, node in enumerate(_nodes(parso.parse(source))):
            for index, (start, _) in enumerate(operator.mutation_positions(node)):
                marker = node.parent is not None and node.parent.type in ("parameters", "param")
                if marker or any(first <= start < last for first, last in annotations):
                    continue  # the star of a signature is no product
                tree = parso.parse(source)
                node = list(_nodes(tree))[place]
                parent, changed = node.parent, operator.mutate(node, index)
                if name == "NumberReplacer":  # it writes a space for what stood before the number
                    changed.value, changed.prefix = changed.value.strip(), node.prefix
                if parent is not None and changed is not node:
                    parent.children = [
                        changed if child is node else child
                        for child in parent.children
                        if child is not node or changed is not None
                    ]
                yield name, tree.get_code()


def _nodes(node: Any) -> Iterator[Any]:
    yield node
    for child in getattr(node, "children", []):
        yield from _nodes(child)


def _annotations(tree: ast.AST) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """From where to where each annotation stands, as (line, column)."""
    for node in ast.walk(tree):
        for part in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if part is not None:
                yield (part.lineno, part.col_offset), (part.end_lineno, part.end_col_offset)


def _by_ours(source: str) -> Iterator[tuple[str, str]]:
    """Operator and mutated source: a statement, a keyword or a ``.T`` left out."""
    text, lines = source.encode(), [0]
    for line in text.splitlines(keepends=True):
        lines.append(lines[-1] + len(line))

    def cut(start: int, end: int, instead: bytes = b"") -> str:
        return (text[:start] + instead + text[end:]).decode()

    tree = ast.parse(source)
    caught = [node.type for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler) and node.type]
    caught = [kind for kinds in caught for kind in _parts(kinds)]
    node: Any
    for node in ast.walk(tree):
        if not hasattr(node, "lineno"):
            continue
        start = lines[node.lineno - 1] + node.col_offset
        end = lines[node.end_lineno - 1] + node.end_col_offset
        if node in caught:
            yield "AnotherException", cut(start, end, b"ZeroDivisionError")
        elif _may_go(node):
            yield "LeaveOutStatement", cut(start, end, b"pass")
        elif isinstance(node, ast.keyword) and node.arg:
            comma = text[:start].rstrip().endswith(b",")
            rest = end + (0 if comma else len(text[end:]) - len(text[end:].lstrip(b", \n")))
            yield "LeaveOutKeyword", cut(len(text[:start].rstrip()) - 1 if comma else start, rest)
        elif isinstance(node, ast.Attribute) and node.attr == "T":
            yield "LeaveOutTransposition", cut(end - 2, end)


def _may_go(node: ast.AST) -> bool:
    """A call, a return, a raise, a change in place, or an assignment to a part of something.

    Without an assignment to a name the next line would stop with a NameError, which any test sees.
    """
    if isinstance(node, ast.Assign):
        return not any(isinstance(part, ast.Name) for target in node.targets for part in _parts(target))
    call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    return call or isinstance(node, (ast.Return, ast.Raise, ast.AugAssign, ast.Break, ast.Continue))


def _parts(target: ast.expr) -> list[ast.expr]:
    return target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]


def _difference(source: str, code: str) -> tuple[int, str, str]:
    """The number of the first line that differs, and the lines that differ in both, in one line each."""
    old, new = source.splitlines(), code.splitlines()
    start = next(n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b)
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    texts = [" ".join(" ".join(part[start : len(part) - end]).split()) for part in (old, new)]
    first = next((n for n in range(start, len(old) - end) if old[n].strip()), start)
    return first + 1, texts[0], texts[1]
