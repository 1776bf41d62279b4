/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/tops.h"
#include "tests/unit/feed/scan_iex.h"

static const struct dialect dialect = {
        .protocol = &protocol_tops16,
        .types = "SDHIOPQTXBA",
        .count = TOPS_TYPES,
        .length = tops_length,
        .book = 'Q',
};

int main(void)
{
	return SUITE_RUN("scan_tops", tests);
}
