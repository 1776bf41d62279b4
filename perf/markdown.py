# SPDX-License-Identifier: BSD-3-Clause
"""Results as Markdown, and the place in a page where they go: between two markers, all else is left as it is."""
BEGIN, END = '<!-- benchmarks: begin (perf/run --render) -->', '<!-- benchmarks: end -->'


def cell(value, decimals):
    if value is None:
        return ''
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value).replace('|', '\\|')
    return format(value, ',' if decimals is None else ',.%df' % decimals)


def table(columns, rows):
    """Columns that no row has are left out."""
    columns = [c for c in columns if any(c[0] in row for row in rows)]
    lines = ['| %s |' % ' | '.join(heading for _, heading, _ in columns), '|' + '---|' * len(columns)]
    for row in rows:
        lines.append('| %s |' % ' | '.join(cell(row.get(key), decimals) for key, _, decimals in columns))
    return lines


def hashes(rows):
    seen = {}
    for row in rows:
        if 'group' in row:
            seen.setdefault(row['group'], row['hash'])
    return ', '.join('%s `%s`' % item for item in seen.items())


def section(bench, result):
    lines = ['### ' + bench.title, '']
    if result['rows']:
        lines += table(bench.columns, result['rows']) + ['']
        if hashes(result['rows']):
            lines += ['Hashes: %s.' % hashes(result['rows']), '']
    for note in result['notes']:
        lines += ['Left out: %s.' % note.rstrip('.'), '']
    lines += ['    ' + command for command in result['commands']]
    return lines + ['']


def render(answer, benches):
    lines = ['| | |', '|---|---|']
    lines += ['| %s | %s |' % (key, cell(value, None)) for key, value in answer['machine'].items()]
    lines += ['| size | `perf/run --%s`, %d s |' % (answer['size'], answer['seconds']), '']
    for bench in benches:
        if bench.name in answer['results']:
            lines += section(bench, answer['results'][bench.name])
    return '\n'.join(lines).rstrip() + '\n'


def put(page, block):
    """The page's text with the block between the markers; ValueError: it has none."""
    if page.count(BEGIN) != 1 or page.count(END) != 1 or page.index(BEGIN) > page.index(END):
        raise ValueError('it needs the lines "%s" and "%s", once, in this order' % (BEGIN, END))
    before, rest = page.split(BEGIN)
    return before + BEGIN + '\n\n' + block + '\n' + END + rest.split(END)[1]
