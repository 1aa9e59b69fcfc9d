#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Who may include whom, and who may give things their identity. Reads src/ and test/ and fails on an include or a call
that is not in the tables.

    tools/layers.py          check
    tools/layers.py --dot    print the graph of layers as it is, for Graphviz

    base <- object <- { compiler, codec, mailbox } <- sched <- { sync, sched/io_* } <- interp <- node <- cmd
"""

import re
import sys

from csource import ROOT, c_files, report

# The layers in order of height; each may include itself and what is named.
BELOW = {
    "base": [],
    "object": ["base"],
    "compiler": ["object", "base"],
    "codec": ["object", "base"],
    "mailbox": ["object", "base"],
    "sched": ["mailbox", "object", "base"],
    "sched_io": ["sched", "mailbox", "object", "base"],
    "sync": ["sched", "mailbox", "object", "base"],
    "interp": ["sync", "sched_io", "sched", "mailbox", "codec", "compiler", "object", "base"],
    "node": ["interp", "sync", "sched_io", "sched", "mailbox", "codec", "compiler", "object", "base"],
    "cmd": ["node", "interp", "sync", "sched_io", "sched", "mailbox", "codec", "compiler", "object", "base"],
}

# Narrower rules: files of the layer (left) may include from the other layer (middle) only these headers.
ONLY = [
    (r"src/mailbox/", "object", {"object/value.h", "object/fragment.h", "object/control.h"}),
    # Connections, failure detection and membership are built and tested without the interpreter.
    (r"src/node/(?!node\.c|(prims|spawn|code)_)", "interp", set()),
]

# A foreign library's header, and the files that may know it.
FOREIGN = {
    r"uv\.h|uv/.*": r"src/sched/io_.*",
    r"gmp\.h": r"src/object/bigint.*",
    r"utf8proc\.h": r"src/base/utf8\.c",
    r"mimalloc\.h": r"src/base/alloc\.c",
    r"msgpack.*": r"src/codec/.*",
    r"check\.h": r"test/.*",
}

# One owner for each kind of thing that has an identity, whatever asks for one: who may call what gives it out, takes it
# back, or looks it up. A second path would be a second registry.
OWNERS = {
    r"mg_ptab_(alloc|publish)": r"src/sched/(ptab|spawn)\.c",  # process ids: processes and keepers alike
    r"mg_ptab_free": r"src/sched/(ptab|spawn|exit)\.c",
    r"mg_ptab_find": r"src/sched/(ptab|send|names|roll|ctabs)\.c",  # others: mg_sched_find
    r"mg_spawn": r"src/(sched/(spawn|sched|send|stop)|sync/keeper|interp/(body|prim_spawn|prim_test))\.c",
    r"mg_keeper_new": r"src/sync/.*\.c",
    r"mg_request_open": r"src/(sched/(request|waits)|interp/request)\.c",  # references
    r"mg_timer_start": r"src/(sched/(timer|deliver)|interp/prim_mail)\.c",
    r"mg_ctabs_make": r"src/(sched/ctabs|interp/prim_ctab)\.c",  # tables
    r"mg_roll_join": r"src/(sched/roll|interp/prim_roll)\.c",  # memberships
}


def layer_of(path):
    """The layer of a file below src/, or of a header as it is included."""
    parts = path.removeprefix("src/").split("/")
    # The interface to I/O belongs to the scheduler; what stands behind it is a layer above.
    if parts[0] == "sched" and parts[-1].startswith("io_") and parts[-1] != "io_backend.h":
        return "sched_io"
    return parts[0]


def layer_of_test(path):
    """test/unit/sched_io_tcp.c tests sched_io, and may include what that may."""
    layer = path.rsplit("/", 1)[-1].split("_")[0]
    return {"sched": "sched_io", "interp": "cmd", "node": "cmd"}.get(layer, layer)


def check_file(file, problems, edges, graph):
    is_test = file.name.startswith("test/")
    layer = layer_of_test(file.name) if is_test else layer_of(file.name)
    if layer not in BELOW:
        if not file.name.startswith("test/support/"):
            problems.append(f"{file.name}:1: {layer} is no layer")
        return
    for line, header in file.includes():
        name = header[1:-1]
        place = f"{file.name}:{line}"
        for pattern, allowed in FOREIGN.items():
            if re.fullmatch(pattern, name) and not re.fullmatch(allowed, file.name):
                problems.append(f"{place}: <{name}> is for {allowed} only")
        if header[0] == "<" or (is_test and name.startswith("support/")):
            continue
        if "/" not in name:
            problems.append(f'{place}: "{name}" lacks its directory')
            continue
        # Compared by the file that is meant, so tables (.def) count like headers.
        if not (ROOT / "src" / name).is_file():
            if not is_test or not (ROOT / "test" / name).is_file():
                problems.append(f'{place}: "{name}" does not exist')
            continue
        other = layer_of(name)
        if name.endswith("/internal.h") and name.split("/")[0] not in (layer, layer.split("_")[0]):
            problems.append(f'{place}: "{name}" is for its own directory')
        if other != layer:
            if not is_test:
                edges.add((layer, other))
            if other not in BELOW[layer]:
                problems.append(f"{place}: {layer} may not include {other} ({name})")
            for pattern, only_layer, headers in ONLY:
                if re.match(pattern, file.name) and other == only_layer and name not in headers:
                    allowed = ", ".join(sorted(headers)) or "nothing"
                    problems.append(f"{place}: only {allowed} of {other} may be included here, not {name}")
        if file.name.endswith(".h"):
            graph.setdefault(file.name.removeprefix("src/"), []).append(name)


def check_owners(file, problems, called):
    for pattern, allowed in OWNERS.items():
        for number, line in enumerate(file.code_lines, 1):
            if not re.search(r"(?<!\w)" + pattern + r"\(", line):
                continue
            called.add(pattern)
            if not re.fullmatch(allowed, file.name):
                problems.append(f"{file.name}:{number}: {pattern}() is for {allowed} only")


def find_cycle(graph):
    """A list of headers that include each other in a ring, or None."""
    state = {}

    def visit(node, path):
        state[node] = "open"
        for other in graph.get(node, []):
            if state.get(other) == "open":
                return path[path.index(other):] + [other] if other in path else [node, other]
            if other not in state:
                cycle = visit(other, path + [other])
                if cycle:
                    return cycle
        state[node] = "done"
        return None

    for node in sorted(graph):
        if node not in state:
            cycle = visit(node, [node])
            if cycle:
                return cycle
    return None


def main():
    problems, edges, graph = [], set(), {}
    files = c_files("src", "test", suffixes=(".c", ".h", ".def"))
    for file in files:
        check_file(file, problems, edges, graph)
    called = set()
    for file in files:
        if file.name.startswith("src/") and file.name.endswith(".c"):
            check_owners(file, problems, called)
    for pattern in sorted(OWNERS.keys() - called):
        problems.append(f"tools/layers.py: nobody calls {pattern}(); its row is not needed")
    cycle = find_cycle(graph)
    if cycle:
        problems.append("headers include each other: " + " -> ".join(cycle))

    if "--dot" in sys.argv[1:]:
        print("digraph layers {\n    rankdir=BT;\n    node [shape=box];")
        for above, below in sorted(edges):
            print(f"    {above} -> {below};")
        print("}")
        return 0
    return report("layers", problems, f"{len(files)} files")


if __name__ == "__main__":
    sys.exit(main())
