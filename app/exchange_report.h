/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Report: what the exchange did, as JSON for programs and as a few lines for people. The account in
 * it is exact: a right reader of the same packets counts the same.
 */
#ifndef APP_EXCHANGE_REPORT_H
#define APP_EXCHANGE_REPORT_H

#include <stdio.h>

#include "app/exchange_account.h"
#include "app/exchange_feed.h"
#include "app/exchange_send.h"
#include "app/exchange_servers.h"

struct exchange_report {
	const struct exchange_options *options;
	const struct exchange_made *made;
	const struct exchange_account *account;
	const struct exchange_servers *servers; /* NULL: there were none */
	const struct exchange_sender *sender;   /* NULL: nothing was sent, the account is of all */
};

void exchange_report_json(const struct exchange_report *r, FILE *out);
void exchange_report_text(const struct exchange_report *r, FILE *out);

#endif
