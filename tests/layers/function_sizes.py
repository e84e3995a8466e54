"""Lengths and parameters of the functions of C++ and Python sources.

C++ is read without a compiler: comments, literals and preprocessor lines are blanked, then braces
outside of functions are told apart by the words before them. What is not seen: lambdas (part of the
function around them, as in other counters) and functions that a macro makes.
"""

import ast
import re
from typing import NamedTuple


class Function(NamedTuple):
    name: str
    line: int  # of its name
    n_lines: int  # from its name to its closing brace, or Python's last line
    n_parameters: int


BLANKED = re.compile(r'''R"(?P<mark>[^(\s]*)\(.*?\)(?P=mark)"  # raw strings
                       | "(?:\\.|[^"\\\n])*" | (?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'
                       | //[^\n]* | /\*.*?\*/
                       | ^[ \t]*\#(?:\\\n|[^\n])*''', re.DOTALL | re.MULTILINE | re.VERBOSE)
TOKEN = re.compile(r"\w+|::|->|<<|>=|<=|==|[^\s\w]")
# A parenthesis behind one of these begins no list of parameters.
NOT_A_NAME = {"alignas", "decltype", "noexcept", "requires", "sizeof", "__attribute__", "explicit"}
SCOPES = {"namespace", "class", "struct", "union", "enum", "extern"}
OPENING, CLOSING = set("([{"), set(")]}")


def blank(text):
    """The text without what is no code, line for line."""
    return BLANKED.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def tokens_of(text):
    """(token, line) of each."""
    lines = [match.start() for match in re.finditer(r"\n", text)]
    line, next_break = 1, 0
    for match in TOKEN.finditer(text):
        while next_break < len(lines) and lines[next_break] < match.start():
            line, next_break = line + 1, next_break + 1
        yield match[0], line


def closing(tokens, begin):
    """Index of what closes the bracket at `begin`."""
    depth = 0
    for i in range(begin, len(tokens)):
        depth += (tokens[i][0] in OPENING) - (tokens[i][0] in CLOSING)
        if depth == 0:
            return i
    return len(tokens) - 1


def count_parameters(tokens):
    """Of the words between a function's parentheses."""
    words = [word for word, _ in tokens]
    if not words or words == ["void"]:
        return 0
    depth, n = 0, 1
    for word in words:
        depth += (word in OPENING or word == "<") - (word in CLOSING or word == ">")
        n += word == "," and depth == 0
    return n


def behind_template(statement):
    """Index of the first word behind `template <...>`."""
    i = 0
    while i + 1 < len(statement) and statement[i][0] == "template":
        depth, i = 1, i + 2
        while i < len(statement) and depth > 0:
            depth += (statement[i][0] in "([{<") - (statement[i][0] in ")]}>")
            i += 1
    return i


def operator_parameters(statement, operator):
    """Index of the parenthesis behind `operator+`, `operator()` and the like."""
    words = [word for word, _ in statement]
    begin = words.index("(", operator)
    return closing(statement, begin) + 1 if begin == operator + 1 else begin


def parameter_list(statement):
    """Begin and end of the parentheses that make the statement a function's head, or None."""
    i, angles = behind_template(statement), 0
    while i < len(statement):
        word = statement[i][0]
        if word == "=":
            return None
        if word == "operator":
            i = operator_parameters(statement, i)
            return i, closing(statement, i)
        angles += (word == "<") - (word == ">")
        if word == "(":
            end = closing(statement, i)
            name = statement[i - 1][0] if i else ""
            if angles == 0 and re.fullmatch(r"\w+|>", name) and name not in NOT_A_NAME:
                return i, end
            i = end
        i += 1
    return None


def is_scope(statement):
    """Whether a brace behind these words opens a namespace, class or the like."""
    words = [word for word, _ in statement[behind_template(statement):]]
    return bool(SCOPES & set(words)) and parameter_list(statement) is None


def opens_initialiser(statement, parameters):
    """Whether a brace is a value: `: member_{1}` of a constructor, or `int a{1}`."""
    if parameters is None:
        return True
    behind = [word for word, _ in statement[parameters[1] + 1:]]
    return ":" in behind and bool(re.fullmatch(r"\w+|>", behind[-1])) and behind[-1] != "try"


def name_at(statement, parenthesis):
    """The name before a parenthesis, without its classes, and its line."""
    words = [word for word, _ in statement[:parenthesis]]
    if "operator" in words:
        begin = words.index("operator")
        return " ".join(["operator", "".join(words[begin + 1:])]), statement[begin][1]
    begin = parenthesis - 1
    if words[begin - 1:begin] == ["~"]:
        begin -= 1
    return "".join(words[begin:]), statement[begin][1]


def cpp_functions(text):
    """The functions that a C++ source defines."""
    tokens = list(tokens_of(blank(text)))
    functions, begin, i = [], 0, 0
    while i < len(tokens):
        word = tokens[i][0]
        if word in ";}" or word == ":" and tokens[i - 1][0] in ("public", "private", "protected"):
            begin = i + 1
        elif word == "(":
            i = closing(tokens, i)
        elif word == "{":
            statement = tokens[begin:i]
            parameters = parameter_list(statement)
            if is_scope(statement):
                begin = i + 1
            elif opens_initialiser(statement, parameters):
                i = closing(tokens, i)
            else:
                end = closing(tokens, i)
                name, line = name_at(statement, parameters[0])
                n = count_parameters(statement[parameters[0] + 1:parameters[1]])
                functions.append(Function(name, line, tokens[end][1] - line + 1, n))
                i, begin = end, end + 1
        i += 1
    return functions


def python_functions(text):
    """The functions of a Python source, nested ones too."""
    functions = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            arguments = node.args
            n = len(arguments.posonlyargs) + len(arguments.args) + len(arguments.kwonlyargs)
            functions.append(Function(node.name, node.lineno, node.end_lineno - node.lineno + 1, n))
    return functions
