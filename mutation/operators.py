"""What `runner.py` changes: small mistakes, one at a time, in a file of the package.

Most operators are cosmic-ray's, one or two wrong signs for each right one. Four are ours: leave out
a statement, a keyword of a call or a transposition, and expect another exception. What Python cannot
parse, or what reads like the file as it is, is no mutant; annotations do not count.
"""

import ast
import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import count, takewhile
from typing import Any, NamedTuple

from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator

FROM_COSMIC_RAY = """
AddNot ReplaceAndWithOr ReplaceOrWithAnd ReplaceTrueWithFalse ReplaceFalseWithTrue
NumberReplacer ZeroIterationForLoop RemoveDecorator
ReplaceUnaryOperator_Delete_Not ReplaceUnaryOperator_Delete_USub ReplaceUnaryOperator_Delete_Invert
ReplaceBinaryOperator_Add_Sub ReplaceBinaryOperator_Sub_Add ReplaceBinaryOperator_Mul_Div
ReplaceBinaryOperator_Div_Mul ReplaceBinaryOperator_Pow_Mul ReplaceBinaryOperator_FloorDiv_Mul
ReplaceBinaryOperator_Mod_Mul ReplaceBinaryOperator_BitAnd_BitOr ReplaceBinaryOperator_RShift_LShift
ReplaceComparisonOperator_Eq_NotEq ReplaceComparisonOperator_NotEq_Eq
ReplaceComparisonOperator_Lt_LtE ReplaceComparisonOperator_Lt_GtE
ReplaceComparisonOperator_LtE_Lt ReplaceComparisonOperator_LtE_Gt
ReplaceComparisonOperator_Gt_GtE ReplaceComparisonOperator_Gt_LtE
ReplaceComparisonOperator_GtE_Gt ReplaceComparisonOperator_GtE_Lt
ReplaceComparisonOperator_Is_IsNot ReplaceComparisonOperator_IsNot_Is
""".split()  # noqa: SIM905  a list would be one name a line


class Mutant(NamedTuple):
    """A file of the package with one change."""

    file: str  # below rnnbook/
    line: int  # the first that differs, from 1
    place: str  # file, function and the changed line with {what stood there => what stands there now}
    code: str  # of the whole file

    @property
    def key(self) -> str:
        """The same for the same change of the same text."""
        return hashlib.sha256(f"{self.file}\0{self.code}".encode()).hexdigest()[:16]


def mutants_of(file: str, source: str) -> list[Mutant]:
    """Every mutant of a file, from top to bottom."""
    found: dict[str, str] = {}
    for code in (*_by_cosmic_ray(source), *_by_ours(source)):
        with suppress(SyntaxError):
            found.setdefault(_plain(code), code)
    original, functions = _plain(source), dict(_functions(ast.parse(source)))
    found.pop(original, None)
    mutants = []
    for plain, code in found.items():
        start, differs, _, _ = _apart(source.splitlines(), code.splitlines())
        blank = takewhile(lambda text: not text.strip(), differs)  # goes with the decorator below it
        line = 1 + len(start) + len(list(blank))
        place = f"{file} {functions.get(line, '')}: {_marked(original, plain)}"
        mutants.append(Mutant(file, line, place, code))
    return sorted(mutants, key=lambda mutant: mutant.line)


def _by_cosmic_ray(source: str) -> Iterator[str]:
    """The mutated source for every place that an operator of cosmic-ray finds."""
    for name in FROM_COSMIC_RAY:
        operator = get_operator(f"core/{name}")()
        yield from takewhile(bool, (mutate_code(source, operator, n) for n in count()))


def _by_ours(source: str) -> Iterator[str]:
    """The mutated source: a statement, a keyword or a ``.T`` left out, another exception expected."""
    text, lines = source.encode(), [0]
    for line in text.splitlines(keepends=True):
        lines.append(lines[-1] + len(line))

    def cut(start: int, end: int, instead: bytes = b"") -> str:
        return (text[:start] + instead + text[end:]).decode()

    tree = ast.parse(source)
    caught = [
        kind
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and node.type
        for kind in _parts(node.type)
    ]
    node: Any
    for node in ast.walk(tree):
        if not hasattr(node, "lineno"):
            continue
        start, end = (
            lines[node.lineno - 1] + node.col_offset,
            lines[node.end_lineno - 1] + node.end_col_offset,
        )
        if node in caught:
            yield cut(start, end, b"ZeroDivisionError")
        elif _may_go(node):
            yield cut(start, end, b"pass")
        elif isinstance(node, ast.keyword) and node.arg:
            before, after = text[:start].rstrip(), text[end:].lstrip(b", \n")
            comma = before.endswith(b",")
            yield cut(len(before) - 1, end) if comma else cut(start, len(text) - len(after))
        elif isinstance(node, ast.Attribute) and node.attr == "T":
            yield cut(end - 2, end)


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


OPPOSITE = {ast.Eq: ast.NotEq, ast.Is: ast.IsNot, ast.In: ast.NotIn, ast.Lt: ast.GtE, ast.Gt: ast.LtE}
OPPOSITE |= {other: one for one, other in OPPOSITE.items()}


class _Plainer(ast.NodeTransformer):
    """Without annotations; ``not a == b`` as ``a != b`` and ``not not a`` as ``a``.

    Two operators would make the same mutant otherwise.
    """

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        inner = node.operand
        if isinstance(node.op, ast.Not) and isinstance(inner, ast.UnaryOp) and isinstance(inner.op, ast.Not):
            return inner.operand
        if isinstance(node.op, ast.Not) and isinstance(inner, ast.Compare) and len(inner.ops) == 1:
            inner.ops = [OPPOSITE[type(inner.ops[0])]()]
            return inner
        return node

    def visit_arguments(self, node: ast.arguments) -> ast.AST:
        if node.posonlyargs:
            raise SyntaxError("the star of a signature is no product to be made a quotient")
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return ast.arg(node.arg)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        self.generic_visit(node)
        return ast.Assign([node.target], node.value, lineno=0) if node.value else ast.Pass()


def _plain(source: str) -> str:
    """The source in one form, a statement a line: two sources with the same form do the same."""
    return ast.unparse(_Plainer().visit(ast.parse(source)))


def _apart(old: Sequence, new: Sequence) -> tuple[Sequence, Sequence, Sequence, Sequence]:
    """What is common at the start, what differs in both, and what is common at the end."""
    n = _alike(old, new)
    m = _alike(old[n:][::-1], new[n:][::-1])
    return old[:n], old[n : len(old) - m], new[n : len(new) - m], old[len(old) - m :]


def _alike(a: Sequence, b: Sequence) -> int:
    """How many elements are the same from the start on."""
    return len(list(takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False))))


def _marked(original: str, changed: str) -> str:
    """The changed line as ``if a {< => <=} b:``."""
    _, old, new, _ = _apart(original.splitlines(), changed.splitlines())
    words = [re.findall(r"\w+|[<>=!]=|\W", " ".join(map(str.strip, lines))) for lines in (old, new)]
    start, before, after, end = map("".join, _apart(*words))
    return f"{start}{{{before} => {after}}}{end}"


def _functions(tree: ast.AST, around: str = "") -> Iterator[tuple[int, str]]:
    """Each line inside a function or class, decorators included, with its name; inner ones come last."""
    for node in ast.iter_child_nodes(tree):
        name = around
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            name = f"{around}.{node.name}".lstrip(".")
            first = min(part.lineno for part in (node, *node.decorator_list))
            yield from ((line, name) for line in range(first, (node.end_lineno or first) + 1))
        yield from _functions(node, name)
