#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every atomic operation says why. Checks the comments on uses of base/atomic.h in src/.

An operation carries, in the comment right above its statement or on its own line:

    P1 release: the signal is complete before it can be reached. Pairs with T1 in queue_take().

Checked are: the label (capital letters and a number) and the order named, which must be the operation's; for
every order but relaxed a partner; that each partner exists, as a label inside the function named. One comment
serves statements that follow each other directly. `Pairs with itself` stands for an operation that races with
other threads' runs of the same line.
"""

import re
import sys

from csource import c_files, report

ORDERS = "relaxed|acquire|release|acq_rel|seq_cst"
OPERATION = re.compile(rf"(?<![\w.>])(?:(?:load|store|xchg|cas|fetch_[a-z]+)_({ORDERS})"
                       r"|fence_(seq_cst|acquire|release))\s*\(")
LABEL = re.compile(rf"\b([A-Z]{{1,2}}\d{{1,3}}[a-z]?),? ((?:(?:{ORDERS})(?:, | and |/| or )?)+):")
PARTNERS = re.compile(r"\b[Pp]airs with ([^.]*(?:\.\.\.[^.]*)?)(?:\.|$)")
PARTNER_TOKEN = re.compile(r"\b([A-Z]{1,2}\d{1,3}[a-z]?)\b|\b(\w+)\(\)|\bitself\b")


class Use:
    """One atomic operation in the source."""

    def __init__(self, file, line, order):
        self.file, self.line, self.order = file, line, order


def operations(file):
    for number, line in enumerate(file.code_lines, 1):
        if line.lstrip().startswith("#"):
            continue
        for match in OPERATION.finditer(line):
            yield Use(file, number, match.group(1) or match.group(2))


def statement_start(file, line):
    """The first line of the statement that a line is part of."""
    while line > 1:
        above = file.code_lines[line - 2].rstrip()
        if not above.strip() or above[-1] in ";{}:" or above.lstrip().startswith("#"):
            break
        line -= 1
    return line


def comment_for(file, line, operation_lines):
    """The comment on the line, or above its statement, or above directly preceding atomic statements."""
    by_start = {c.start: c for c in file.comments}
    by_end = {c.end: c for c in file.comments}
    while True:
        start = statement_start(file, line)
        for number in range(start, line + 1):
            comment = by_start.get(number) or by_end.get(number)
            if comment and LABEL.search(comment.text):
                return comment
        comment = by_end.get(start - 1)
        if comment:
            return comment
        if start - 1 not in operation_lines:
            return None
        line = start - 1


def partners(comment_text):
    """Pairs (label, function or None) of the partners a comment names, and whether it names itself.

    Labels belong to the function named after them: `Q8 and Q9 in take()`, or one to one: `Q8, Q9 in take(), sleep()`.
    """
    found, itself = [], False
    for clause in PARTNERS.finditer(comment_text):
        labels, functions = [], []

        def settle():
            if len(functions) == len(labels):
                found.extend(zip(labels, functions))
            else:
                found.extend((label, function) for label in labels for function in functions or [None])
            labels.clear()
            functions.clear()

        for token in PARTNER_TOKEN.finditer(clause.group(1)):
            if token.group(1):
                if functions:
                    settle()
                labels.append(token.group(1))
            elif token.group(2):
                functions.append(token.group(2))
            else:
                itself = True
        settle()
    return found, itself


def has_partner(file, comment):
    """A partner in the comment, or in another one of the file with the same label (`Q7 acquire: as above`)."""
    labels = {label for label, _ in LABEL.findall(comment.text)}
    for other in file.comments:
        if other is comment or labels & {label for label, _ in LABEL.findall(other.text)}:
            if any(partners(other.text)):
                return True
    return False


def check_use(use, comment, problems):
    place = f"{use.file.name}:{use.line}"
    if not comment:
        problems.append(f"{place}: no comment on this {use.order} operation")
        return
    labels = LABEL.findall(comment.text)
    if not labels:
        problems.append(f"{place}: the comment has no label such as `P1 {use.order}:`")
        return
    named = set(re.findall(ORDERS, " ".join(orders for _, orders in labels)))
    if use.order not in named:
        problems.append(f"{place}: the comment says {'/'.join(sorted(named))}, the operation {use.order}")
    if use.order != "relaxed" and not has_partner(use.file, comment):
        problems.append(f"{place}: no partner is named for this {use.order} operation")


def main():
    problems = []
    files = [f for f in c_files("src") if f.name != "src/base/atomic.h"]
    defined = set()     # (label, function) and (label, None)
    used_comments = {}  # (file, line) -> comment
    count = 0
    for file in files:
        uses = list(operations(file))
        lines = {use.line for use in uses}
        # A statement's lines all count, so that one comment serves a run of statements.
        for use in list(uses):
            lines.update(range(statement_start(file, use.line), use.line + 1))
            end = use.line
            while end < len(file.code_lines) and not file.code_lines[end - 1].rstrip().endswith((";", "{", "}")):
                end += 1
            lines.update(range(use.line, end + 1))
        for use in uses:
            count += 1
            comment = comment_for(file, use.line, lines)
            check_use(use, comment, problems)
            if comment:
                used_comments[(file.name, comment.start)] = (file, comment)
    for file, comment in used_comments.values():
        function = file.function_around(comment.end)
        for label, _ in LABEL.findall(comment.text):
            defined.add((label, function.name if function else None))
            defined.add((label, None))
    for file, comment in used_comments.values():
        for label, function in partners(comment.text)[0]:
            if (label, function) not in defined:
                where = f" in {function}()" if function else ""
                problems.append(f"{file.name}:{comment.start}: the partner {label}{where} does not exist")
    return report("atomics", problems, f"{count} operations")


if __name__ == "__main__":
    sys.exit(main())
