"""Functions that do not fit on a screen: told, not forbidden. Reads the layout that clang-format leaves."""
import re

SCREEN = 60  # lines

# A body begins at the end of a line "...) {", "...) const {" or of a list of initialisers; it ends at a brace as far to the left as
# the function's name.
BODY = re.compile(r"[)}\w] \{$")
SIGNATURE = re.compile(r"( {0,2})(?!namespace|struct|class|enum|if|for|while|switch|else|do\b|try|return|#|\}|//| )[^=]*?([~\w]+(?:::[~\w]+)*)\(")


def signature_before(lines, k):
    """The line on which what ends on line k began: where its brackets close."""
    open_brackets = 0
    for first in range(k, -1, -1):
        open_brackets += lines[first].count(")") - lines[first].count("(")
        if open_brackets <= 0 and not lines[first].lstrip().startswith(":") and not lines[first].startswith("     "):
            return first
    return k


def long_functions(lines):
    """Yields (first line, number of lines, name)."""
    k = 0
    while k < len(lines):
        first = signature_before(lines, k) if BODY.search(lines[k]) else k
        match = SIGNATURE.match(lines[first]) if BODY.search(lines[k]) else None
        if not match:
            k += 1
            continue
        end = k + 1
        while end < len(lines) and not re.match(match[1] + r"\}", lines[end]):
            end += 1
        if end - first + 1 > SCREEN:
            yield first + 1, end - first + 1, match[2]
        k = end + 1
