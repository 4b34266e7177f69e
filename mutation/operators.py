"""What `runner.py` changes: small mistakes, one at a time, in a file of the package.

Most operators are cosmic-ray's, one or two wrong signs for each right one. Four are ours: leave out
a statement, a keyword of a call or a transposition, and expect another exception. They work on the
plain form of a file, in which each statement stands on one line. What Python cannot parse, or what
reads like the file as it is, is no mutant.
"""

import ast
import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import count, takewhile
from operator import eq
from typing import NamedTuple

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
    line: int  # of the plain form, the first that differs, from 1
    around: range  # the lines of its function
    place: str  # file, function and the changed line with {what stood there => what stands there now}
    code: str  # of the whole file

    @property
    def key(self) -> str:
        """The same for the same change of the same text."""
        return hashlib.sha256(f"{self.file}\0{self.code}".encode()).hexdigest()[:16]


def mutants_of(file: str, source: str) -> list[Mutant]:
    """Every mutant of a file, from top to bottom."""
    source = plain(source)
    found: dict[str, None] = {}  # a set that keeps the order
    for code in (*_by_cosmic_ray(source), *_by_ours(source)):
        with suppress(SyntaxError):
            found[plain(code)] = None
    found.pop(source, None)
    lines = source.splitlines()
    functions = [(range(1, len(lines) + 1), ""), *_functions(ast.parse(source))]
    mutants = []
    for code in found:
        start, old, new, _ = _apart(lines, code.splitlines())
        line = len(start) + 1
        around, name = [function for function in functions if line in function[0]][-1]
        mutants.append(Mutant(file, line, around, f"{file} {name}: {_marked(old, new)}", code))
    return sorted(mutants, key=lambda mutant: mutant.line)


OPPOSITE = {ast.Eq: ast.NotEq, ast.Is: ast.IsNot, ast.In: ast.NotIn, ast.Lt: ast.GtE, ast.Gt: ast.LtE}
OPPOSITE |= {other: one for one, other in OPPOSITE.items()}


class _Plainer(ast.NodeTransformer):
    """``not a == b`` as ``a != b`` and ``not not a`` as ``a``: two operators would make the same mutant."""

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        match node:
            case ast.UnaryOp(ast.Not(), ast.UnaryOp(ast.Not(), inner)):
                return inner
            case ast.UnaryOp(ast.Not(), ast.Compare(left, [operator], right)):
                return ast.Compare(left, [OPPOSITE[type(operator)]()], right)
        return node

    def visit_arguments(self, node: ast.arguments) -> ast.AST:
        if node.posonlyargs:
            raise SyntaxError("the star of a signature is no product to be made a quotient")
        return self.generic_visit(node)


def plain(source: str) -> str:
    """The source in one form, a statement a line: two sources with the same form do the same."""
    return ast.unparse(_Plainer().visit(ast.parse(source)))


def _by_cosmic_ray(source: str) -> Iterator[str]:
    """The mutated source for every place that an operator of cosmic-ray finds."""
    for name in FROM_COSMIC_RAY:
        operator = get_operator(f"core/{name}")()
        yield from takewhile(bool, (mutate_code(source, operator, n) for n in count()))


def _by_ours(source: str) -> Iterator[str]:
    """The mutated source: a statement, a keyword or a ``.T`` left out, another exception expected."""
    tree = ast.parse(source)
    kinds = [node.type for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler) and node.type]
    caught = [part for kind in kinds for part in _parts(kind)]
    for node in ast.walk(tree):
        for field, value in ast.iter_fields(node):
            holder, parts = vars(node), [(field, value)]
            if isinstance(value, list):
                holder, parts = value, list(enumerate(value))
            for key, part in parts:
                if isinstance(part, ast.keyword) and part.arg:
                    holder.remove(part)
                    yield ast.unparse(tree)
                    holder.insert(key, part)
                elif instead := _instead(part, part in caught):
                    holder[key] = instead
                    yield ast.unparse(tree)
                    holder[key] = part


def _instead(part: object, is_caught: bool) -> ast.AST | None:
    """What may stand in the place of a part of the tree.

    Nothing: of a call, a return, a raise, a change in place, or an assignment to a part of something.
    Without an assignment to a name the next line would stop with a NameError, which any test sees.
    """
    match part:
        case _ if is_caught:
            return ast.Name("ZeroDivisionError")
        case ast.Attribute(value, "T"):
            return value
        case ast.Assign(targets):
            stored = [name for target in targets for name in _parts(target)]
            return None if any(isinstance(name, ast.Name) for name in stored) else ast.Pass()
        case (
            ast.Expr(ast.Call()) | ast.Return() | ast.Raise() | ast.AugAssign() | ast.Break() | ast.Continue()
        ):
            return ast.Pass()
    return None


def _parts(node: ast.expr) -> list[ast.expr]:
    return node.elts if isinstance(node, ast.Tuple | ast.List) else [node]


def _apart(old: Sequence, new: Sequence) -> tuple[Sequence, Sequence, Sequence, Sequence]:
    """What is common at the start, what differs in both, and what is common at the end."""
    n = len(list(takewhile(bool, map(eq, old, new))))
    m = len(list(takewhile(bool, map(eq, old[n:][::-1], new[n:][::-1]))))
    return old[:n], old[n : len(old) - m], new[n : len(new) - m], old[len(old) - m :]


def _marked(old: Sequence[str], new: Sequence[str]) -> str:
    """The changed line as ``if a {< => <=} b:``."""
    words = [re.findall(r"\w+|[<>=!]=|\W", " ".join(map(str.strip, lines))) for lines in (old, new)]
    start, before, after, end = map("".join, _apart(*words))
    return f"{start}{{{before} => {after}}}{end}"


def _functions(tree: ast.AST, around: str = "") -> Iterator[tuple[range, str]]:
    """The lines of each function and class, decorators included, and its name; inner ones come last."""
    for node in ast.iter_child_nodes(tree):
        name = around
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            name = f"{around}.{node.name}".lstrip(".")
            first = min(part.lineno for part in (node, *node.decorator_list))
            yield range(first, (node.end_lineno or first) + 1), name
        yield from _functions(node, name)
