/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Man pages in the man macros, which every man program reads.
 */
#include "app/manual.h"

#include <ctype.h>
#include <string.h>

#include "config/option.h"

/* Text as text: nothing in it is taken for roff; `...` is bold. */
static void roff(FILE *out, const char *text, size_t bytes)
{
	static const char *const quotes[] = {"\\fB", "\\fR"};
	int open = 0;

	for (size_t i = 0; i < bytes; i++) {
		bool begins = i == 0 || text[i - 1] == '\n';

		if (begins && (text[i] == '.' || text[i] == '\''))
			fputs("\\&", out);
		if (text[i] == '`') {
			fputs(quotes[open], out);
			open = !open;
		} else if (text[i] == '\\') {
			fputs("\\e", out);
		} else if (text[i] == '-') {
			fputs("\\-", out);
		} else {
			fputc(text[i], out);
		}
	}
}

static void plain(FILE *out, const char *text)
{
	roff(out, text, strlen(text));
}

/* `tag`: ".PP", or ".IP" for what belongs to the option above. */
static void paragraphs(FILE *out, const char *tag, const char *text)
{
	while (text != NULL) {
		const char *end = strstr(text, "\n\n");

		fprintf(out, "%s\n", tag);
		roff(out, text, end == NULL ? strlen(text) : (size_t)(end - text));
		fputc('\n', out);
		text = end == NULL ? NULL : end + 2;
	}
}

static void title(FILE *out, const char *name, const char *section)
{
	fputs(".TH ", out);
	for (; *name != '\0'; name++)
		fprintf(out, *name == '-' ? "\\-" : "%c", toupper((unsigned char)*name));
	fprintf(out, " %s \"\" \"genesis %s\" \"Genesis\"\n", section, GENESIS_VERSION);
}

static void option(FILE *out, char letter, const char *name, const char *value, const char *text)
{
	fputs(".TP\n", out);
	if (letter != '\0')
		fprintf(out, "\\fB\\-%c\\fR, ", letter);
	fputs("\\fB\\-\\-", out);
	plain(out, name);
	fputs("\\fR", out);
	if (value != NULL) {
		fputs(" \\fI", out);
		plain(out, value);
		fputs("\\fR", out);
	}
	fputc('\n', out);
	plain(out, text);
	fputc('\n', out);
}

static void synopsis(FILE *out, const struct command *c)
{
	const char *form = c->usage;

	fputs(".SH SYNOPSIS\n", out);
	for (;;) {
		size_t bytes = strcspn(form, "\n");

		fprintf(out, "\\fBgenesis %s\\fR ", c->name);
		roff(out, form, bytes);
		fputc('\n', out);
		if (form[bytes] == '\0')
			break;
		fputs(".br\n", out);
		form += bytes + 1;
	}
}

void manual_command(const struct command *c, FILE *out)
{
	char name[64];

	snprintf(name, sizeof(name), "genesis-%s", c->name);
	title(out, name, "1");
	fputs(".SH NAME\ngenesis\\-", out);
	plain(out, c->name);
	fputs(" \\- ", out);
	plain(out, c->summary);
	fputc('\n', out);
	synopsis(out, c);
	fputs(".SH DESCRIPTION\n", out);
	paragraphs(out, ".PP", c->text);
	fputs(".SH OPTIONS\n", out);
	for (const struct argument *a = c->arguments; a->kind != ARGUMENT_END; a++)
		if (a->kind == ARGUMENT_HEADING)
			paragraphs(out, ".PP", a->text);
		else
			option(out, a->letter, a->name, a->value, a->text);
	option(out, 'h', "help", NULL, "Print this in short.");
	if (c->notes != NULL) {
		fputs(".SH NOTES\n", out);
		paragraphs(out, ".PP", c->notes);
	}
	fputs(".SH EXIT STATUS\n", out);
	plain(out, c->exits);
	fputs("\n.SH SEE ALSO\n\\fBgenesis\\fR(1), \\fBgenesis.yaml\\fR(5)\n", out);
}

void manual_program(const struct command *const *commands, FILE *out)
{
	title(out, "genesis", "1");
	fputs(".SH NAME\ngenesis \\- a market\\-data engine\n"
	      ".SH SYNOPSIS\n\\fBgenesis\\fR \\fICOMMAND\\fR [OPTION...]\n"
	      ".br\n\\fBgenesis \\-\\-help\\fR\n.br\n\\fBgenesis \\-\\-version\\fR\n"
	      ".SH DESCRIPTION\nDPDK polling cores take exchange packets off the wire, arbitrate "
	      "redundant lines message by message,\nand write one log per feed, in order; shards "
	      "on pinned cores read it and keep order books and components.\nOther processes read "
	      "the best prices, whole books, every message and every counter.\n"
	      ".SH COMMANDS\nEach has a page, \\fBgenesis\\-COMMAND\\fR(1).\n",
	      out);
	for (; *commands != NULL; commands++) {
		fprintf(out, ".TP\n\\fB%s\\fR\n", (*commands)->name);
		plain(out, (*commands)->summary);
		fputc('\n', out);
	}
	fputs(".SH EXIT STATUS\n0 done; 1 it could not be done; 2 wrong usage or configuration.\n"
	      ".SH FILES\n.TP\n\\fI/dev/shm/genesis\\-NAME.control\\fR\nof a running engine, by "
	      "which others find it. Its memory lies in a hugetlbfs mount, else in /dev/shm.\n"
	      ".SH SEE ALSO\n\\fBgenesis.yaml\\fR(5)\n",
	      out);
}

/* ---- genesis.yaml ---- */

static void config_row(FILE *out, const struct option *o)
{
	char text[OPTION_ALLOWED_BYTES];

	fputs(".TP\n\\fB", out);
	plain(out, option_key(o));
	fputs("\\fR", out);
	option_allowed_text(o, text);
	if (!option_is_section(o)) {
		fputs(" (", out);
		plain(out, text);
		fputc(')', out);
	}
	fputc('\n', out);
	plain(out, o->help);
	option_default_text(o, text);
	if (text[0] != '\0') {
		fputs(o->required ? " Required" : " Default: ", out);
		plain(out, o->required ? "" : text);
		fputc('.', out);
	}
	fputc('\n', out);
}

static void config_section(FILE *out, const struct option *section)
{
	fputs(".SS ", out);
	plain(out, section == NULL ? "The file" : section->path);
	fputc('\n', out);
	plain(out, section == NULL ? "Its sections:" : section->help);
	fputc('\n', out);
	for (const struct option *o = option_next(section, NULL); o != NULL;
	     o = option_next(section, o))
		config_row(out, o);
}

void manual_config(FILE *out)
{
	title(out, "genesis.yaml", "5");
	fputs(".SH NAME\ngenesis.yaml \\- configuration of a Genesis engine\n"
	      ".SH DESCRIPTION\nOne YAML file describes an engine: the cores that work, the ports "
	      "they poll, the feeds that arrive there,\nand the groups of books and components "
	      "that the feeds' messages go to. \\fBgenesis check\\fR(1) says what is wrong with "
	      "one,\nand prints it with every key that it leaves out.\n"
	      ".PP\nDurations and sizes are whole numbers with a unit: 250us, 64MiB.\n"
	      ".SH KEYS\n",
	      out);
	config_section(out, NULL);
	for (const struct option *o = option_after(NULL); o != NULL; o = option_after(o))
		if (option_is_section(o) && o->like == NULL)
			config_section(out, o);
	fputs(".SH EXAMPLES\n.nf\nports:\n  \\- device: net_af_packet0,iface=eth1\nfeeds:\n"
	      "  \\- protocol: itch50\n    lines:\n      \\- address: 233.54.12.111:26477\n.fi\n"
	      ".SH SEE ALSO\n\\fBgenesis\\fR(1), \\fBgenesis\\-run\\fR(1), "
	      "\\fBgenesis\\-check\\fR(1)\n",
	      out);
}
