# SPDX-License-Identifier: BSD-3-Clause
"""The rooms and which way arrows may point: the one table that the lint tests read.

docs/architecture.md says why. A new room, or a new arrow, is a line here.
"""
import os
import pathlib

DATAPLANE = ['memory', 'wire', 'host', 'log', 'feed', 'request', 'book', 'shard', 'port']


def _dataplane(*names):
    return {f'dataplane/{n}' for n in names} | {'dataplane/stats.h'}


# room -> what it may include besides itself
MAY_INCLUDE = {
    'resilience': set(),
    'config': {'resilience/options.h'},  # what it loads of resilience; nothing of how it works
    'dataplane/memory': _dataplane(),
    'dataplane/wire': _dataplane('memory'),
    'dataplane/host': _dataplane('wire') | {'resilience'},
    'dataplane/log': _dataplane('memory'),
    'dataplane/feed': _dataplane('memory', 'wire', 'log') | {'resilience'},
    # What others are asked: services by their codecs, ranges of the feed among them.
    'dataplane/request': _dataplane('memory', 'wire', 'log', 'feed') | {'resilience'},
    'dataplane/book': _dataplane('memory'),
    'dataplane/shard': _dataplane('memory', 'wire', 'log', 'feed', 'book') | {'resilience'},
    'dataplane/port': _dataplane('wire'),
    # dataplane/stats.c names the counters of all rooms, those of operations too; its header stands
    # below them.
    'dataplane': _dataplane(*DATAPLANE) | {'resilience'},
    'perf': {'resilience', 'dataplane', 'config'} | _dataplane(*DATAPLANE),
    'app': {'resilience', 'dataplane', 'config', 'perf'} | _dataplane(*DATAPLANE),
    # Benchmarks stand above everything they measure; the rest of perf/ is below the program.
    'perf/bench': {'resilience', 'dataplane', 'config', 'perf', 'app'} | _dataplane(*DATAPLANE),
    # Examples of components: the component's interface and what it includes.
    'docs': _dataplane('memory', 'book', 'shard'),
    'tests': {'resilience', 'dataplane', 'config', 'perf', 'app'} | _dataplane(*DATAPLANE),
}

# Rooms that are given memory and time: they allocate nothing and read no clock.
GIVEN = ['resilience'] + [f'dataplane/{n}' for n in DATAPLANE if n != 'port']

# foreign header (prefix) -> the only files that may include it (globs)
FOREIGN = {
    'rte_': ['dataplane/port/*', 'perf/bench_*.c', 'tests/unit/port/*', 'tests/integration/port/*'],
    'zlib.h': ['dataplane/port/capture*', 'tests/unit/port/*'],
    'pcap': ['dataplane/port/capture*'],
    'yaml.h': ['config/yaml.c'],
    'jansson.h': ['app/chaos_json.c', 'app/command_books.c', 'app/command_replay.c', 'app/demo_verdict.c', 'app/status_*'],
    'hugetlbfs.h': ['app/memory.c'],
    'seccomp.h': ['app/seal.c'],
    'dlfcn.h': ['app/library.c', 'tests/unit/shard/test_vwap.c'],
    'CUnit': ['tests/*'],
}


def room_of(path):
    """The room of a file, given relative to the root; None: in no room."""
    if path.startswith('perf/bench_'):
        return 'perf/bench'
    parts = path.split('/')
    if len(parts) > 2 and f'{parts[0]}/{parts[1]}' in MAY_INCLUDE:
        return f'{parts[0]}/{parts[1]}'
    return parts[0] if len(parts) > 1 and parts[0] in MAY_INCLUDE else None


def room_of_test(name):
    """The room that tests/unit/NAME tests."""
    if f'dataplane/{name}' in MAY_INCLUDE:
        return f'dataplane/{name}'
    return 'dataplane' if name == 'stats' else name


def below(room):
    """The room and all it stands on."""
    seen = set()
    todo = [room]
    while todo:
        r = todo.pop()
        if r in MAY_INCLUDE and r not in seen:
            seen.add(r)
            todo += MAY_INCLUDE[r]
    return seen


def files(root):
    """Every file of the project, relative to the root, build directories left out."""
    for folder, names, leaves in os.walk(root):
        here = pathlib.Path(folder).relative_to(root)
        names[:] = sorted(n for n in names
                          if n not in ('.git', '.cache', '__pycache__') and not n.startswith('build'))
        for leaf in sorted(leaves):
            path = here / leaf
            if not (pathlib.Path(root) / path).is_symlink():
                yield path.as_posix()
