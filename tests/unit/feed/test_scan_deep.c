/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/deep.h"
#include "tests/unit/feed/scan_iex.h"

static const struct dialect dialect = {
        .protocol = &protocol_deep10,
        .types = "SDHIOPE85TXBA",
        .count = DEEP_TYPES,
        .length = deep_length,
        .book = '8',
};

int main(void)
{
	return SUITE_RUN("scan_deep", tests);
}
