# SPDX-License-Identifier: BSD-3-Clause
"""What the figures were taken on: the machine, and how the programs were built."""
import json
import os
import platform
import re
import subprocess


def _read(path, default=''):
    try:
        with open(path, encoding='utf-8', errors='replace') as f:
            return f.read()
    except OSError:
        return default


def _first(pattern, text, default='unknown'):
    match = re.search(pattern, text, re.MULTILINE)
    return match.group(1).strip() if match else default


def _huge_pages():
    info = _read('/proc/meminfo')
    total, free = (_first(r'^HugePages_%s:\s*(\d+)' % word, info, '0') for word in ('Total', 'Free'))
    size = _first(r'^Hugepagesize:\s*(.*)', info)
    transparent = _first(r'\[(\w+)\]', _read('/sys/kernel/mm/transparent_hugepage/enabled'))
    return '%s of %s, %s free; transparent: %s' % (total, size, free, transparent)


def _option(build, name):
    for option in json.loads(_read(os.path.join(build, 'meson-info', 'intro-buildoptions.json'), '[]')):
        if option['name'] == name:
            return option['value']
    return None


def _commit(source):
    try:
        p = subprocess.run(['git', '-C', source, 'describe', '--always', '--dirty'], capture_output=True, text=True, timeout=20,
                           check=True)
        return p.stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return 'unknown'


def describe(source, build):
    """Ordered: what a reader wants to know first comes first."""
    cpu = _read('/proc/cpuinfo')
    log = _read(os.path.join(build, 'meson-logs', 'meson-log.txt'))
    governor = _read('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor').strip()
    lto = 'with LTO' if _option(build, 'b_lto') else 'without LTO'
    return {
        'CPU': _first(r'^model name\s*:\s*(.*)', cpu, platform.processor()),
        'CPUs': str(os.cpu_count()),
        'virtual machine': 'yes' if re.search(r'^flags.*\bhypervisor\b', cpu, re.MULTILINE) else 'no',
        'governor': governor or 'not told',
        'kernel': platform.release(),
        'huge pages': _huge_pages(),
        'load before': '%.2f' % os.getloadavg()[0],
        'build': '%s, %s, march %s' % (_option(build, 'buildtype'), lto, _option(build, 'march') or 'default'),
        'compiler': _first(r'^C compiler for the host machine: .*?\((\S+ [\d.]+)', log),
        'source': _commit(source),
    }
