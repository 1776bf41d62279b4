#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Fails when a pure room's library asks the outside world for anything: no clock, no memory, no file.
# usage: lint_pure.sh LTO LIBRARY.a [LIBRARY_BELOW.a]...
# Under LTO (LTO = true) the archive holds no real symbols and the check would be blind: skipped.
set -eu
if [ "$1" = true ]; then
	echo "skipped: b_lto hides the symbols"
	exit 77
fi
shift
library=$1
defined=$(nm -g --defined-only "$@" 2>/dev/null | awk 'NF == 3 { print $3 }' | sort -u)
allowed='mem(cpy|move|set|cmp|chr)|__mem(cpy|move|set)_chk|str(len|nlen|cmp|ncmp|chr)|v?snprintf|__v?snprintf_chk'
allowed="$allowed|__assert_fail|_GLOBAL_OFFSET_TABLE_|__stack_chk_fail|__tls_get_addr|__(asan|ubsan|tsan|sanitizer)_.*"
allowed="$allowed|__gcov_.*|__llvm_.*"
bad=$(nm -u "$library" | awk '$1 == "U" { print $2 }' | sort -u | grep -vxF "$defined" | grep -vxE "$allowed" || true)
if [ -n "$bad" ]; then
	echo "$library asks for:"
	echo "$bad"
	exit 1
fi
echo "$library asks for nothing"
