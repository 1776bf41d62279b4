/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/demo_view.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "app/books_csv.h"
#include "app/status_text.h"
#include "dataplane/feed/directory.h"

#define TOP_BOOKS 6u
#define TRIES     100u

static uint64_t load(const _Atomic uint64_t *word)
{
	return atomic_load_explicit(word, memory_order_relaxed);
}

static uint64_t per_second(uint64_t n, uint64_t ns)
{
	return ns == 0 ? 0 : n * 1000000000u / ns;
}

/* Counters are copied word by word while they go on: what is newer is never less. */
static void since(struct histogram *h, const struct histogram *now, const struct histogram *before)
{
	histogram_init(h);
	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		h->buckets[i] = now->buckets[i] - before->buckets[i];
		h->count += h->buckets[i];
		if (h->buckets[i] != 0)
			h->max = histogram_bucket_max(i);
	}
	if (h->max > now->max)
		h->max = now->max;
}

/* A row may have been written before the feed's last gap was known: the header decides. */
static bool is_suspect(const struct board *b, const struct board_top *t)
{
	uint32_t epoch;
	uint64_t end_sequence;

	board_gap_read(b, &epoch, &end_sequence);
	return (t->flags & BOARD_SUSPECT) != 0 ||
	       (epoch == t->epoch && end_sequence > t->good_sequence);
}

void demo_view_suspects(const struct shared *s, const struct board *b, uint64_t *suspect,
                        uint64_t *books)
{
	*suspect = 0;
	*books = 0;
	for (uint32_t i = 0; i < s->feeds[0].symbols_max; i++) {
		struct board_top t;

		if (board_read(b, i, &t, TRIES) != 0)
			continue;
		++*books;
		*suspect += is_suspect(b, &t);
	}
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

/* What the engine's process holds of the machine's memory, huge pages included; 0: unknown. */
static uint64_t process_mib(uint64_t pid)
{
	char path[64];
	char line[256];
	uint64_t sum_kib = 0;

	snprintf(path, sizeof(path), "/proc/%" PRIu64 "/status", pid);
	FILE *f = fopen(path, "r");

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "VmRSS:", 6) == 0 || strncmp(line, "HugetlbPages:", 13) == 0)
			sum_kib += strtoull(strchr(line, ':') + 1, NULL, 10);
	if (f != NULL)
		fclose(f);
	return sum_kib >> 10;
}

static void draw_lines(const struct demo_view *v, const struct demo_sample *now, FILE *out)
{
	const struct shared_feed *f = &v->shared->feeds[0];
	char skew[16];

	fprintf(out,
	        "\n  line  packets/s    packets  came first  came second    missed      behind\n");
	for (uint32_t n = 0; n < f->line_count && n < 2; n++) {
		struct line_stats l;
		uint64_t rate = per_second(now->packets[n] - v->last.packets[n],
		                           now->time_ns - v->last.time_ns);

		SHARED_COPY(&l, f->lines[n].stats);
		fprintf(out,
		        "  %-4s %10" PRIu64 " %10" PRIu64 " %11" PRIu64 " %12" PRIu64 " %9" PRIu64
		        " %11s\n",
		        f->lines[n].name, rate, l.packets, l.wins, l.duplicates, l.lost,
		        status_duration(l.skew_ns, skew));
	}
}

static void draw_books(const struct demo_view *v, FILE *out)
{
	struct board_top tops[TOP_BOOKS];
	uint32_t count = busiest(v, tops);

	fprintf(out, "\n  book     bid qty        bid        ask ask qty       last     volume\n");
	for (uint32_t i = 0; i < count; i++) {
		char symbol[9];
		char price[3][24];

		fprintf(out, "  %-8s %7" PRIu64 " %10s %10s %7" PRIu64 " %10s %10" PRIu64 " %s\n",
		        symbol_text(tops[i].symbol, symbol), tops[i].bid_quantity,
		        tops[i].bid_quantity ? books_csv_price(tops[i].bid_price, price[0]) : "-",
		        tops[i].ask_quantity ? books_csv_price(tops[i].ask_price, price[1]) : "-",
		        tops[i].ask_quantity, books_csv_price(tops[i].trade_price, price[2]),
		        tops[i].volume, is_suspect(v->board, &tops[i]) ? "suspect" : "");
	}
}

struct picture { /* what both kinds of view say */
	struct demo_sample now;
	struct arbiter_stats arbiter;
	uint64_t rate;
	uint64_t suspect;
	uint64_t books;
	char latency[4][16];
};

static void take(const struct demo_view *v, uint64_t elapsed_ns, struct picture *p)
{
	static const uint32_t quantiles[] = {500000, 990000, 999000};
	const struct shared_feed *f = &v->shared->feeds[0];
	struct histogram h;

	p->now.time_ns = elapsed_ns;
	p->now.messages = load(&f->messages[0]);
	for (uint32_t n = 0; n < 2; n++)
		p->now.packets[n] = load(&f->lines[n].stats[0]);
	SHARED_COPY(&p->now.latency, v->shared->shards[0].latency);
	SHARED_COPY(&p->arbiter, f->arbiter);
	p->rate = per_second(p->now.messages - v->last.messages, elapsed_ns - v->last.time_ns);
	since(&h, &p->now.latency, &v->last.latency);
	for (uint32_t i = 0; i < 3; i++)
		status_duration(histogram_quantile(&h, quantiles[i]), p->latency[i]);
	status_duration(h.max, p->latency[3]);
	demo_view_suspects(v->shared, v->board, &p->suspect, &p->books);
}

static void draw_line(const struct picture *p, FILE *out)
{
	fprintf(out,
	        "%5.1f s %9" PRIu64 " messages %7" PRIu64 "/s  healed %-5" PRIu64 " lost %-4" PRIu64
	        " suspect %-3" PRIu64 "  p50 %s  p99 %s  p99.9 %s  max %s\n",
	        (double)p->now.time_ns / 1e9, p->now.messages, p->rate, p->arbiter.healed,
	        p->arbiter.lost_messages, p->suspect, p->latency[0], p->latency[1], p->latency[2],
	        p->latency[3]);
}

static void draw_head(const struct demo_view *v, const struct picture *p, FILE *out)
{
	const struct shared *s = v->shared;
	struct book_set_stats b;
	uint64_t pool_mib = (s->pool_segments - load(&s->pool_free)) * 2;

	SHARED_COPY(&b, s->groups[0].books);
	fprintf(out, "\n  messages      %" PRIu64 " of %" PRIu64 ", now %" PRIu64 "/s\n",
	        p->now.messages, demo_plan_messages(v->plan), p->rate);
	fprintf(out,
	        "  missing       %" PRIu64 " healed by a line, %" PRIu64 " on no line (%" PRIu64
	        " gap%s), %" PRIu64 " kB wait\n",
	        p->arbiter.healed, p->arbiter.lost_messages, p->arbiter.gaps,
	        p->arbiter.gaps == 1 ? "" : "s", p->arbiter.parking_bytes / 1000);
	fprintf(out, "  books         %" PRIu64 ", suspect %" PRIu64 "; %" PRIu64 " live orders\n",
	        p->books, p->suspect, b.orders_live);
	fprintf(out, "  wire to book  p50 %s  p99 %s  p99.9 %s  max %s\n", p->latency[0],
	        p->latency[1], p->latency[2], p->latency[3]);
	fprintf(out,
	        "  memory        %" PRIu64 " of %" PRIu64 " MiB for log and parking, %" PRIu64
	        " MiB in all\n",
	        pool_mib, s->pool_segments * 2, process_mib(s->pid));
}

void demo_view_act(struct demo_view *v, uint64_t elapsed_ns, FILE *out)
{
	uint32_t act = demo_plan_act(v->plan, elapsed_ns);

	if (act + 1 == v->act_shown)
		return;
	v->act_shown = act + 1;
	if (!v->repaint)
		fprintf(out, "%u/%u  %s\n", act + 1, DEMO_ACTS, demo_act_text(act));
	fflush(out);
}

void demo_view_draw(struct demo_view *v, uint64_t elapsed_ns, FILE *out)
{
	struct picture p;

	demo_view_act(v, elapsed_ns, out);
	take(v, elapsed_ns, &p);
	if (v->repaint) {
		fprintf(out, "\033[H\033[2J  genesis demo  %.1f of %" PRIu64 " s   %s\n",
		        (double)elapsed_ns / 1e9, v->plan->seconds,
		        demo_ports_text(v->plan->ports));
		fprintf(out, "  %u/%u  %s\n", v->act_shown, DEMO_ACTS,
		        demo_act_text(v->act_shown - 1));
		draw_head(v, &p, out);
		draw_lines(v, &p.now, out);
		draw_books(v, out);
	} else {
		draw_line(&p, out);
	}
	if (v->act_shown <= DEMO_ACT_GAP)
		v->until_gap = p.now.latency;
	v->last = p.now;
	fflush(out);
}
