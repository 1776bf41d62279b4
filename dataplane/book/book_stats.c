/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/book/book.h"

#include "dataplane/stats.h"

static const struct counter book_counters[] = {
        {"orders_live", "orders", "Orders resting now.", true},
        {"orphan_references", "messages", "E, C, X, D, U of an order that is not here.", false},
        {"replaced_references", "orders", "Orders that went because their reference came again.",
         false},
        {"refused_symbols", "messages", "Symbols beyond symbols_max.", false},
        {"refused_orders", "orders", "Orders that did not fit.", false},
        {"refused_levels", "levels", "Price levels that did not fit.", false},
        {"ignored", "messages", "Adds of 0 shares or of a side that is neither B nor S.", false},
        {"overtaken", "messages", "Executions and cancels of more shares than rested.", false},
        {"books_degraded", "books", "Books that miss something that did not fit.", true},
};

static_assert(sizeof(book_counters) / sizeof(book_counters[0]) ==
                      sizeof(struct book_set_stats) / sizeof(uint64_t),
              "a name for every counter");

const struct counter_table counters_books = {
        .name = "books",
        .counters = book_counters,
        .count = sizeof(book_counters) / sizeof(book_counters[0]),
};
