/* SPDX-License-Identifier: BSD-3-Clause
 *
 * docs/config.md: the option table as markdown, a table per section.
 */
#include "config/config.h"

#include <stdio.h>

#include "config/option.h"

static const char introduction[] =
        "# Configuration\n"
        "\n"
        "<!-- Generated from the option table (config/option.c). Do not edit: a test compares. "
        "-->\n"
        "\n"
        "One YAML file describes an engine: the cores that work, the ports they poll, the feeds "
        "that\n"
        "arrive there, and the groups of books and components that the feeds' messages go to. It "
        "is read\n"
        "once, at the start. The first thing that is wrong with it is reported in one line with "
        "file, line,\n"
        "key and what is allowed, and nothing starts.\n"
        "\n"
        "The shortest file that works receives one line of one feed on one thread and keeps all "
        "its books:\n"
        "\n"
        "```yaml\n"
        "ports:\n"
        "  - device: net_af_packet0,iface=eth1\n"
        "feeds:\n"
        "  - protocol: itch50\n"
        "    lines:\n"
        "      - address: 233.54.12.111:26477\n"
        "```\n"
        "\n"
        "Longer ones are in `config/examples/`: `minimal.yaml`, `two-lines.yaml`, `deep.yaml`,\n"
        "`several-feeds.yaml`, `tops.yaml`, `vwap.yaml` and `services.yaml`. Profiles of "
        "resilience are in\n"
        "`config/profiles/` ([docs/resilience/profiles.md](resilience/profiles.md)).\n"
        "\n"
        "- Durations are whole numbers with a unit, `250us`: ns, us, ms, s, m, h. Sizes too, "
        "`64MiB`: B, KiB,\n"
        "  MiB, GiB, each 1024 of the one before. Only 0 stands without.\n"
        "- Counts are whole numbers, written out. Percentages have their sign and up to four "
        "decimals, `99.95%`;\n"
        "  multipliers are numbers with up to three, `2.5`.\n"
        "- A set of words is a list, `[closed, open]`, a single word, `all` or `none`. Where a key "
        "has several\n"
        "  values, such as one for each class, a list has all of them, and one without a list is "
        "for all.\n"
        "- Names begin with a letter or digit, followed by letters, digits, `_`, `-` and `.`. "
        "What names a\n"
        "  core, port, feed or shard may stand before or after it.\n"
        "- A switch is `yes` or `no` (`true`, `false`). Other values are text: a symbol `NO` needs "
        "no quotes,\n"
        "  but text that begins with `*`, `&`, `!`, `[` or `{` does.\n"
        "- A key stands once; a key that is not listed here is an error. Anchors, aliases and tags "
        "are not\n"
        "  used. A file is one UTF-8 document of up to 1 MiB.\n"
        "\n"
        "A default of \"required\" means that there is none.\n";

/* In a table cell. */
static void print_cell(FILE *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '|')
			fputc('\\', out);
		fputc(*text, out);
	}
	fputs(" | ", out);
}

static void print_row(FILE *out, const struct option *section, const struct option *o)
{
	char bounds[OPTION_ALLOWED_BYTES];
	char fallback[OPTION_ALLOWED_BYTES];
	const char *inner = section == NULL ? o->path : option_key(o);

	option_bounds_text(o, bounds);
	option_default_text(o, fallback);
	fprintf(out, "| `%s` | ", inner);
	print_cell(out, option_type_text(o));
	print_cell(out, option_unit_text(o));
	print_cell(out, bounds);
	print_cell(out, fallback);
	fprintf(out, "%s |\n", o->help);
}

static void print_section(FILE *out, const struct option *section)
{
	fprintf(out, "\n## %s%s\n\n%s\n\n", section == NULL ? "The file" : section->path,
	        section != NULL && section->type == OPTION_MAPPINGS ? "[]" : "",
	        section == NULL ? "Its sections; each has a table below." : section->help);
	fputs("| Key | Type | Unit | Bounds | Default | Meaning |\n"
	      "|---|---|---|---|---|---|\n",
	      out);
	for (const struct option *o = option_next(section, NULL); o != NULL;
	     o = option_next(section, o))
		print_row(out, section, o);
}

void config_print_options(FILE *out)
{
	fputs(introduction, out);
	print_section(out, NULL);
	for (const struct option *o = option_after(NULL); o != NULL; o = option_after(o))
		if (option_is_section(o) && o->like == NULL)
			print_section(out, o);
}
