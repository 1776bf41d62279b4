/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/operation_table.h"

/* A row of the diagram each; the matrix below is what runs. Both come from this list, so neither
 * can differ from the other. */
#define OPERATION_ROWS(ROW)                                                                   \
	ROW(FREE, ADMITTED, FLYING, "let in: attempts are given out")                         \
	ROW(FLYING, WON, FREE, "the first success completes, the losers are cancelled")       \
	ROW(FLYING, WON_LINGERING, LINGERING, "the first success completes, losers stay")     \
	ROW(FLYING, ROUND_LOST, BACKOFF, "all attempts failed and a round is left")           \
	ROW(FLYING, ROUND_AT_ONCE, FLYING, "all attempts failed; the next round is not late") \
	ROW(FLYING, GIVEN_UP, FREE, "all attempts failed and no round is left")               \
	ROW(FLYING, DEADLINE, FREE, "no reply within the operation's time")                   \
	ROW(FLYING, HOPELESS, FREE, "success within the time left is too unlikely")           \
	ROW(FLYING, RECALLED, FREE, "the caller gave it up")                                  \
	ROW(BACKOFF, BACKOFF_OVER, FLYING, "the next round starts")                           \
	ROW(BACKOFF, GIVEN_UP, FREE, "no node may be asked any more")                         \
	ROW(BACKOFF, DEADLINE, FREE, "the time ended between two rounds")                     \
	ROW(BACKOFF, HOPELESS, FREE, "success within the time left is too unlikely")          \
	ROW(BACKOFF, RECALLED, FREE, "the caller gave it up")                                 \
	ROW(LINGERING, LOSERS_GONE, FREE, "the last loser replied or timed out")              \
	ROW(LINGERING, DEADLINE, FREE, "losers stay no longer than the operation might have") \
	ROW(LINGERING, RECALLED, FREE, "the caller's slots are wanted back")

#define OPERATION_AS_ROW(from_, fact_, to_, why_) \
	{.from = OPERATION_##from_,               \
	 .fact = OPERATION_FACT_##fact_,          \
	 .to = OPERATION_##to_,                   \
	 .why = why_},
/* Plus one, so that what the list does not name is zero. */
#define OPERATION_AS_ENTRY(from_, fact_, to_, why_) \
	[OPERATION_##from_][OPERATION_FACT_##fact_] = OPERATION_##to_ + 1,

const struct operation_transition operation_transitions[] = {OPERATION_ROWS(OPERATION_AS_ROW)};
const uint32_t operation_transition_count =
        sizeof(operation_transitions) / sizeof(operation_transitions[0]);

const uint8_t operation_table_matrix[OPERATION_STATE_COUNT][OPERATION_FACT_COUNT] = {
        OPERATION_ROWS(OPERATION_AS_ENTRY)};

const char *operation_table_state_name(enum operation_state s)
{
	switch (s) {
	case OPERATION_FREE:
		return "FREE";
	case OPERATION_FLYING:
		return "FLYING";
	case OPERATION_BACKOFF:
		return "BACKOFF";
	case OPERATION_LINGERING:
		return "LINGERING";
	case OPERATION_STATE_COUNT:
		break;
	}
	assert(s == OPERATION_STATE_COUNT);
	return "none";
}

const char *operation_table_fact_name(enum operation_fact f)
{
	switch (f) {
	case OPERATION_FACT_ADMITTED:
		return "admitted";
	case OPERATION_FACT_WON:
		return "won";
	case OPERATION_FACT_WON_LINGERING:
		return "won, losers stay";
	case OPERATION_FACT_ROUND_LOST:
		return "round lost";
	case OPERATION_FACT_ROUND_AT_ONCE:
		return "round lost, next at once";
	case OPERATION_FACT_BACKOFF_OVER:
		return "backoff over";
	case OPERATION_FACT_GIVEN_UP:
		return "given up";
	case OPERATION_FACT_DEADLINE:
		return "deadline";
	case OPERATION_FACT_HOPELESS:
		return "hopeless";
	case OPERATION_FACT_RECALLED:
		return "recalled";
	case OPERATION_FACT_LOSERS_GONE:
		return "losers gone";
	case OPERATION_FACT_COUNT:
		break;
	}
	assert(f == OPERATION_FACT_COUNT);
	return "none";
}
