/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Books as CSV: `symbol,side,price,quantity,orders`, sorted by symbol (bytewise), bids before asks,
 * best price first. Reads through book_view, so it serves the engine's own process and another one
 * alike; each book is one consistent copy.
 */
#ifndef APP_BOOKS_CSV_H
#define APP_BOOKS_CSV_H

#include <stdint.h>
#include <stdio.h>

#include "dataplane/book/book_read.h"

struct books_csv_source {
	struct book_view view;
	bool by_order; /* else the orders column is empty */
};

/* Where a symbol stands in several sources the first one counts. only: NULL, or the one symbol
 * wanted. 0; -ENOMEM; -EAGAIN: a book changed too often to be copied (its writer is faster than we
 * can read); -EIO. */
int books_csv_write(FILE *out, const struct books_csv_source *sources, uint32_t count,
                    const uint64_t *only);

/* A price with exactly four decimals ("-1.2345") into text[24]; returns text. */
const char *books_csv_price(int64_t price, char text[24]);

#endif
