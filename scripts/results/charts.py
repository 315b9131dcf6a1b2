# SPDX-License-Identifier: GPL-2.0
"""What make bench counted, as a part of the page that report.py writes.

section(build) takes build/results/bench.json and bench-edges.json, as bench.py
writes them, and gives HTML: charts in SVG that need no script, 380 units wide
so that they can be read on a phone, in the colours of the page.  Gives '' if
nothing has been measured.
"""
import html
import json
import math
import os

WIDTH = 380
WAYS = {
    'rdhup': 'EPOLLRDHUP', 'rdhup_framed': 'same, length known',
    'extra_read': 'read until the end', 'ctl_mod': 'EPOLL_CTL_MOD',
    'msg_peek': 'MSG_PEEK', 'level': 'level-triggered', 'tcp_info': 'TCP_INFO',
    'uring_rdhup': 'io_uring POLL + RECV', 'uring_recv': 'io_uring RECV',
    'uring_multishot': 'io_uring multishot',
}
WHO = {'workers': 'of 4 threads on one epoll instance', 'writer': 'who waits to write',
       'signals': 'signals to a reader'}
ENDS = {'fin': 'FIN alone', 'data_fin': 'data and FIN', 'bare_fin': 'FIN alone',
        'hole': 'data before a waiting FIN', 'fin_wait2': 'FIN in FIN_WAIT2'}


def esc(text):
    """Text for HTML."""
    return html.escape(str(text), quote=True)


def load(build, name):
    """One file of results, or nothing."""
    path = os.path.join(build, 'results', name)
    if not os.path.exists(path):
        return {}
    with open(path, encoding='utf-8') as data:
        return json.load(data)


def rows(data, table):
    """The rows of a table that may not be there."""
    return data.get('tables', {}).get(table, {}).get('rows', [])


def figure(row, kernel, name):
    """One figure, or None."""
    return (row.get(kernel) or {}).get(name)


def svg(height, label, parts):
    """A chart."""
    return (f'<svg class="chart" viewBox="0 0 {WIDTH} {height}" role="img" '
            f'aria-label="{esc(label)}">{"".join(parts)}</svg>')


def bars(label, items, ours):
    """Horizontal bars; an item is (text, [values]), drawn below one another,
    the first value strong, the others faint.  Those in @ours stand out.
    """
    most = max(v for _, values in items for v in values if v)
    scale, y, parts = (WIDTH - 220) / most, 0, []
    for text, values in items:
        step = 20 if len(values) == 1 else 14 * len(values)
        parts.append(f'<text x="158" y="{y + step / 2 + 5}" text-anchor="end">'
                     f'{esc(text)}</text>')
        for i, value in enumerate(values):
            if value is None:
                continue
            kind = ('us' if text in ours else 'them') + (' faint' if i else '')
            top, high = y + i * 14 + 2, (16 if len(values) == 1 else 11)
            parts.append(f'<rect class="{kind}" x="165" y="{top}" height="{high}" '
                         f'width="{value * scale:.1f}" rx="2"/>'
                         f'<text class="d n" x="{171 + value * scale:.1f}" '
                         f'y="{top + high / 2 + 4.5}">{value}</text>')
        y += step + 7
    return svg(y, label, parts)


def calls_chart(data):
    """System calls per request, in one segment and in two."""
    items, ours = {}, set()
    for row in rows(data, 'request'):
        text = WAYS.get(row['key'][0], row['key'][0])
        items.setdefault(text, []).append(figure(row, 'patched', 'calls'))
        if 'rdhup' in row['key'][0]:
            ours.add(text)
    if not any(v for values in items.values() for v in values):
        return
    yield '''<h3>System calls until the server knows</h3><p class="dim">A client sends a
request and finishes; the server learns of both, from the moment when it has the
connection. Above with data and FIN in one segment, below in two.</p>'''
    yield bars('System calls per request', list(items.items()), ours)


def cost_chart(data):
    """Instructions per request, and a table with each kernel."""
    items, table, ours = [], '', set()
    for row in rows(data, 'request'):
        n = figure(row, 'patched', 'instructions')
        if row['key'][1] != 'together' or n is None:
            continue
        text = WAYS.get(row['key'][0], row['key'][0])
        items.append((text, [n]))
        if 'rdhup' in row['key'][0]:
            ours.add(text)
        cells = ''.join(f'<td>{"–" if v is None else v}</td>' for v in (
            figure(row, k, 'instructions') for k in data['kernels']))
        table += f'<tr><td>{esc(text)}</td>{cells}</tr>'
    if not items:
        return
    yield '''<h3>Instructions of one request</h3><p class="dim">Everything that client,
kernel and server execute from the client’s send() to the server’s certainty, on
patched. QEMU counts them; each run gives the same digits.</p>'''
    yield bars('Instructions per request', items, ours)
    heads = ''.join(f'<th>{k}</th>' for k in data['kernels'])
    yield f'''<details><summary>On each kernel</summary><div class="scroll"><table>
<tr><th>way</th>{heads}</tr>{table}</table></div></details>'''


def growth_chart(data):
    """Instructions per connection, against how many end at once."""
    lines = {}
    for row in rows(data, 'growth'):
        n = figure(row, 'patched', 'instructions')
        if n is not None:
            lines.setdefault(row['key'][0], []).append(
                (int(row['key'][1]), n / int(row['key'][1])))
    if not lines or min(len(points) for points in lines.values()) < 2:
        return
    height, most = 220, max(v for points in lines.values() for _, v in points)
    decades = math.log10(max(n for points in lines.values() for n, _ in points)) - 1

    def x(n):
        return 50 + (math.log10(n) - 1) * (WIDTH - 175) / decades

    def y(value):
        return height - 30 - value * (height - 45) / most

    parts = []
    for n in sorted({n for points in lines.values() for n, _ in points}):
        parts.append(f'<text class="d" x="{x(n):.0f}" y="{height - 8}" '
                     f'text-anchor="middle">{n}</text>')
    step = 10 ** math.floor(math.log10(most))
    for value in range(0, int(most) + 1, step):
        parts.append(f'<line x1="50" x2="{WIDTH - 125}" y1="{y(value):.1f}" '
                     f'y2="{y(value):.1f}" stroke-opacity=".25"/><text class="d" x="44" '
                     f'y="{y(value) + 5:.1f}" text-anchor="end">{value}</text>')
    for way, points in lines.items():
        kind = 'us' if way == 'rdhup' else 'them'
        path = ' '.join(f'{"L" if i else "M"}{x(n):.1f} {y(v):.1f}'
                        for i, (n, v) in enumerate(points))
        parts.append(f'<path class="line {kind}" d="{path}"/>')
        parts += [f'<circle class="{kind}" cx="{x(n):.1f}" cy="{y(v):.1f}" r="3.5">'
                  f'<title>{n}: {v:.1f}</title></circle>' for n, v in points]
        parts.append(f'<text x="{x(points[-1][0]) + 9:.1f}" y="{y(points[-1][1]) + 5:.1f}">'
                     f'{esc(WAYS[way])}</text>')
    yield '''<h3>Many connections that end at once</h3><p class="dim">Instructions per
connection until the server knows that each has ended, against how many have, on
patched.</p>'''
    yield svg(height, 'Instructions per connection against connections', parts)


def path_chart(data):
    """What patched saves on base, call by call."""
    items = []
    for row in rows(data, 'path'):
        old, new = (figure(row, k, 'instructions') for k in ('base', 'patched'))
        if old is not None and new is not None:
            items.append((row['key'], old, new))
    if not items:
        return
    yield '''<h3>Instructions of one call, base to patched</h3><p class="dim">A send or a
shutdown includes all that the segment does at the other end, the waking too. A reader
watches with an edge-triggered epoll for IN and RDHUP, a writer for OUT.</p>
<div class="scroll"><table><tr><th>call</th><th>watched by</th><th>base</th>
<th>patched</th><th></th></tr>'''
    for (action, by), old, new in items:
        kind = 'ok' if new < old else 'FAIL' if new > old else ''
        yield (f'<tr><td><code>{esc(action)}</code></td><td>{esc(by)}</td><td>{old}</td>'
               f'<td>{new}</td><td class="{kind}">{new - old:+d}</td></tr>')
    for row in rows(data, 'poll'):
        old, new = (figure(row, k, 'instructions') for k in ('base', 'patched'))
        if old is not None and new is not None:
            kind = 'ok' if new < old else 'FAIL' if new > old else ''
            yield (f'<tr><td><code>tcp_poll()</code></td><td>{esc(row["key"][0])}</td>'
                   f'<td>{old}</td><td>{new}</td><td class="{kind}">{new - old:+d}</td></tr>')
    yield '</table></div>'


def woken_table(data):
    """Who is woken by one FIN."""
    if not rows(data, 'woken'):
        return
    yield '<h3>Woken by one FIN</h3><div class="scroll"><table><tr><th></th><th></th>'
    yield ''.join(f'<th>{k}</th>' for k in data['kernels']) + '</tr>'
    for row in rows(data, 'woken'):
        cells = ''.join(f'<td>{figure(row, k, "count")}</td>' for k in data['kernels'])
        yield (f'<tr><td>{esc(WHO.get(row["key"][0], row["key"][0]))}</td>'
               f'<td>{esc(ENDS.get(row["key"][1], row["key"][1]))}</td>{cells}</tr>')
    yield '</table></div>'


def edges_table(data):
    """Of very many connections, those that were reported twice."""
    if not data.get('rows'):
        return
    yield '''<h3>Reported more than once</h3><div class="scroll"><table>
<tr><th>end</th><th>reader</th><th>base</th><th>patched</th></tr>'''
    for row in data['rows']:
        yield (f'<tr><td>{esc(ENDS.get(row["key"][0], row["key"][0]))}</td>'
               f'<td>{esc(row["key"][1])}</td>')
        for kernel in ('base', 'patched'):
            bins = row.get(kernel)
            yield '<td>–</td>' if not bins else (
                f'<td class="{"FAIL" if sum(bins[2:]) or bins[0] else "ok"}">'
                f'{sum(bins[2:])} of {sum(bins)}'
                f'{f", {bins[0]} lost" if bins[0] else ""}</td>')
        yield '</tr>'
    yield '</table></div>'


def folded(data):
    """The aims, and what has grown; open if an aim is missed."""
    aims = data.get('aims', [])
    held = sum(aim[0] for aim in aims)
    if aims:
        lines = ''.join(f'<tr><td class="{"ok" if ok else "FAIL"}">{"held" if ok else "missed"}'
                        f'</td><td>{esc(text)}</td></tr>' for ok, text in sorted(aims))
        yield f'''<details{'' if held == len(aims) else ' open'}><summary>Aims
<span class="counts">{held} of {len(aims)} held</span></summary><div class="scroll"><table>
{lines}</table></div></details>'''
    bloat = data.get('bloat', [])
    if bloat:
        lines = ''.join(f'<tr><td><code>{esc(name)}</code></td><td>{old}</td><td>{new}</td>'
                        f'<td>{new - old:+d}</td></tr>' for name, old, new in bloat)
        yield f'''<details><summary>Bytes, base to patched
<span class="counts">{sum(new - old for _, old, new in bloat):+d}</span></summary>
<div class="scroll"><table>{lines}</table></div></details>'''


def section(build):
    """The part of the page."""
    data, edges = load(build, 'bench.json'), load(build, 'bench-edges.json')
    if not data and not edges:
        return ''
    return '<h2>What it costs</h2>' + ''.join(
        part for draw, what in ((calls_chart, data), (cost_chart, data),
                                (growth_chart, data), (path_chart, data),
                                (woken_table, data), (edges_table, edges), (folded, data))
        for part in draw(what))
