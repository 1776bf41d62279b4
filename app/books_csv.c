/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/books_csv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define COPY_TRIES 10000u

struct entry {
	uint64_t symbol;
	uint32_t source;
	uint32_t slot;
};

static uint32_t symbol_bytes(uint64_t symbol)
{
	const char *s = (const char *)&symbol;
	uint32_t bytes = 8;

	while (bytes > 0 && s[bytes - 1] == ' ')
		bytes--;
	return bytes;
}

/* Bytewise, as printed: a name before those that begin with it, whatever byte they go on with. */
static int symbol_compare(uint64_t a, uint64_t b)
{
	uint32_t x = symbol_bytes(a);
	uint32_t y = symbol_bytes(b);
	int order = memcmp(&a, &b, x < y ? x : y);

	return order != 0 ? order : (x > y) - (x < y);
}

static int entry_compare(const void *a, const void *b)
{
	const struct entry *x = a;
	const struct entry *y = b;
	int order = symbol_compare(x->symbol, y->symbol);

	return order != 0 ? order : (x->source > y->source) - (x->source < y->source);
}

const char *books_csv_price(int64_t price, char text[24])
{
	uint64_t magnitude = price < 0 ? -(uint64_t)price : (uint64_t)price;

	snprintf(text, 24, "%s%" PRIu64 ".%04" PRIu64, price < 0 ? "-" : "", magnitude / 10000,
	         magnitude % 10000);
	return text;
}

static void write_side(FILE *out, uint64_t symbol, char side, const struct book_level *levels,
                       uint32_t count, bool by_order)
{
	char price[24];

	for (uint32_t i = 0; i < count; i++) {
		const struct book_level *l = &levels[i];

		fwrite(&symbol, 1, symbol_bytes(symbol), out);
		fprintf(out, ",%c,%s,%" PRIu64 ",", side, books_csv_price(l->price, price),
		        l->quantity);
		if (by_order)
			fprintf(out, "%" PRIu32, l->orders);
		fputc('\n', out);
	}
}

struct buffer {
	struct book_level *levels[2];
	uint32_t max;
};

static int buffer_grow(struct buffer *b, uint32_t max)
{
	for (int i = 0; i < 2; i++) {
		struct book_level *p = realloc(b->levels[i], max * sizeof(*p));

		if (p == NULL)
			return -ENOMEM;
		b->levels[i] = p;
	}
	b->max = max;
	return 0;
}

static int write_book(FILE *out, const struct books_csv_source *s, const struct entry *e,
                      struct buffer *b)
{
	struct book book;
	int rc = book_view_copy(&s->view, e->slot, &book, b->levels, b->max, COPY_TRIES);

	while (rc == -ENOSPC) {
		uint32_t need = book.side[0].count > book.side[1].count ? book.side[0].count
		                                                        : book.side[1].count;

		/* Twice what it has now: it may have grown when we come back. */
		rc = buffer_grow(b, 2 * (need > b->max ? need : b->max));
		if (rc == 0)
			rc = book_view_copy(&s->view, e->slot, &book, b->levels, b->max,
			                    COPY_TRIES);
	}
	if (rc != 0)
		return rc;
	write_side(out, book.symbol, 'B', b->levels[BOOK_BID], book.side[BOOK_BID].count,
	           s->by_order);
	write_side(out, book.symbol, 'S', b->levels[BOOK_ASK], book.side[BOOK_ASK].count,
	           s->by_order);
	return 0;
}

static int collect(const struct books_csv_source *sources, uint32_t count, const uint64_t *only,
                   struct entry **out, uint64_t *entries)
{
	uint64_t total = 0;

	for (uint32_t i = 0; i < count; i++)
		total += book_view_count(&sources[i].view);
	struct entry *e = calloc(total + 1, sizeof(*e));
	uint64_t n = 0;

	if (e == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t books = book_view_count(&sources[i].view);

		for (uint32_t slot = 0; slot < books && n < total; slot++) {
			uint64_t symbol = sources[i].view.books[slot].symbol;

			if (only == NULL || *only == symbol)
				e[n++] =
				        (struct entry){.symbol = symbol, .source = i, .slot = slot};
		}
	}
	qsort(e, n, sizeof(*e), entry_compare);
	*out = e;
	*entries = n;
	return 0;
}

int books_csv_write(FILE *out, const struct books_csv_source *sources, uint32_t count,
                    const uint64_t *only)
{
	struct entry *e;
	uint64_t n;
	struct buffer b = {0};
	int rc = collect(sources, count, only, &e, &n);

	if (rc != 0)
		return rc;
	rc = buffer_grow(&b, 1024);
	fputs("symbol,side,price,quantity,orders\n", out);
	for (uint64_t i = 0; rc == 0 && i < n; i++)
		if (i == 0 || e[i].symbol != e[i - 1].symbol)
			rc = write_book(out, &sources[e[i].source], &e[i], &b);
	free(b.levels[0]);
	free(b.levels[1]);
	free(e);
	return rc == 0 && ferror(out) ? -EIO : rc;
}
