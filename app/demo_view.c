/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/demo_view.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "app/books_csv.h"
#include "app/status_text.h"
#include "dataplane/feed/directory.h"

#define TOP_BOOKS 8u
#define TRIES     100u

static uint64_t load(const _Atomic uint64_t *word)
{
	return atomic_load_explicit(word, memory_order_relaxed);
}

/* The books that traded most. */
static uint32_t busiest(const struct demo_view *v, struct board_top tops[TOP_BOOKS])
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < v->shared->feeds[0].symbols_max; i++) {
		struct board_top t;

		if (board_read(v->board, i, &t, TRIES) != 0)
			continue;
		uint32_t at = count;

		while (at > 0 && tops[at - 1].volume < t.volume)
			at--;
		if (at == TOP_BOOKS)
			continue;
		count += count < TOP_BOOKS;
		memmove(&tops[at + 1], &tops[at], (count - at - 1) * sizeof(t));
		tops[at] = t;
	}
	return count;
}

static void draw_lines(const struct demo_view *v, FILE *out)
{
	const struct shared_feed *f = &v->shared->feeds[0];
	char skew[16];

	fprintf(out, "\n  line    packets      first copies   duplicates    lost       behind\n");
	for (uint32_t n = 0; n < f->line_count; n++) {
		struct line_stats l;

		SHARED_COPY(&l, f->lines[n].stats);
		fprintf(out,
		        "  %-4s %10" PRIu64 "      %12" PRIu64 " %12" PRIu64 " %7" PRIu64
		        "   %10s\n",
		        f->lines[n].name, l.packets, l.wins, l.duplicates, l.lost,
		        status_duration(l.skew_ns, skew));
	}
}

static void draw_books(const struct demo_view *v, FILE *out)
{
	struct board_top tops[TOP_BOOKS];
	uint32_t count = busiest(v, tops);

	fprintf(out, "\n  book        bid qty          bid          ask    ask qty         last    "
	             "   volume\n");
	for (uint32_t i = 0; i < count; i++) {
		char symbol[9];
		char price[3][24];

		fprintf(out, "  %-8s %10" PRIu64 " %12s %12s %10" PRIu64 " %12s %12" PRIu64 "\n",
		        symbol_text(tops[i].symbol, symbol), tops[i].bid_quantity,
		        tops[i].bid_quantity ? books_csv_price(tops[i].bid_price, price[0]) : "-",
		        tops[i].ask_quantity ? books_csv_price(tops[i].ask_price, price[1]) : "-",
		        tops[i].ask_quantity, books_csv_price(tops[i].trade_price, price[2]),
		        tops[i].volume);
	}
}

void demo_view_draw(struct demo_view *v, uint64_t elapsed_ns, FILE *out)
{
	const struct shared_feed *f = &v->shared->feeds[0];
	struct arbiter_stats a;
	struct histogram h;
	uint64_t messages = load(&f->messages[0]);
	uint64_t span_ns = elapsed_ns - v->last_ns;
	uint64_t rate = span_ns == 0 ? 0 : (messages - v->last_messages) * 1000000000u / span_ns;
	char latency[3][16];

	SHARED_COPY(&a, f->arbiter);
	SHARED_COPY(&h, v->shared->shards[0].latency);
	status_duration(histogram_quantile(&h, 500000), latency[0]);
	status_duration(histogram_quantile(&h, 990000), latency[1]);
	status_duration(h.max, latency[2]);
	v->last_ns = elapsed_ns;
	v->last_messages = messages;
	if (!v->repaint) {
		fprintf(out,
		        "%5.1f s  %9" PRIu64 " messages  %8" PRIu64
		        "/s  gaps healed by the other line %" PRIu64 "  lost %" PRIu64
		        "  wire to book p50 %s p99 %s\n",
		        (double)elapsed_ns / 1e9, messages, rate, a.healed_by_other_line,
		        a.lost_messages, latency[0], latency[1]);
		fflush(out);
		return;
	}
	fprintf(out, "\033[H\033[2J  genesis demo %24.1f s\n\n", (double)elapsed_ns / 1e9);
	fprintf(out, "  messages in order  %10" PRIu64 " of %" PRIu64 "    now %" PRIu64 "/s\n",
	        messages, v->messages_expected, rate);
	fprintf(out, "  missing at first, then brought by the other line  %10" PRIu64 "\n",
	        a.healed_by_other_line);
	fprintf(out, "  lost on every line                                %10" PRIu64 "\n",
	        a.lost_messages);
	fprintf(out, "  wire to book       p50 %s   p99 %s   max %s\n", latency[0], latency[1],
	        latency[2]);
	draw_lines(v, out);
	draw_books(v, out);
	fflush(out);
}
