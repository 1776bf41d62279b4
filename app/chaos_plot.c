/* SPDX-License-Identifier: BSD-3-Clause
 *
 * gnuplot gets its commands and data through a pipe; a gnuplot that is not there is an ordinary
 * answer.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/chaos_table.h"

static const char *terminal_of(const char *path)
{
	const char *dot = strrchr(path, '.');

	if (dot != NULL && strcmp(dot, ".svg") == 0)
		return "svg size 1000,500 dynamic background rgb 'white'";
	if (dot != NULL && strcmp(dot, ".png") == 0)
		return "png size 1000,500";
	return NULL;
}

/* Within single quotes; gnuplot doubles them. */
static void quote(FILE *g, const char *text)
{
	fputc('\'', g);
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			fputc('\'', g);
		fputc(*text, g);
	}
	fputc('\'', g);
}

static void write_plot(const struct chaos_suite *s, const char *terminal, const char *path, FILE *g)
{
	fprintf(g, "set terminal %s\nset output ", terminal);
	quote(g, path);
	fprintf(g, "\nset title 'genesis chaos: success by scenario and profile'\n"
	           "set style data histogram\nset style histogram cluster gap 1\n"
	           "set style fill solid 0.8 border -1\nset yrange [0:105]\n"
	           "set ylabel 'success, %%'\nset key outside top right\n"
	           "set xtics rotate by -20\n$data << END\n\"scenario\"");
	for (uint32_t k = 0; k < s->profile_count; k++)
		fprintf(g, " \"%s\"", s->profile_names[k]);
	for (uint32_t i = 0; i < s->scenario_count; i++) {
		fprintf(g, "\n\"%s\"", s->scenarios[i].name);
		for (uint32_t k = 0; k < s->profile_count; k++) {
			uint32_t ppm = chaos_suite_cell(s, i, k)->result.success_ppm;

			fprintf(g, " %" PRIu32 ".%04" PRIu32, ppm / 10000, ppm % 10000);
		}
	}
	fprintf(g, "\nEND\nplot for [i=2:%" PRIu32 "] $data using i:xtic(1) title columnheader\n",
	        s->profile_count + 1);
}

/* gnuplot with its standard input at the end of a pipe, whose other end is *in. 0 or -errno. */
static int start_gnuplot(pid_t *pid, FILE **in)
{
	char *const arguments[] = {(char[]){"gnuplot"}, NULL};
	posix_spawn_file_actions_t actions;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -errno;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
	int rc = -posix_spawnp(pid, arguments[0], &actions, NULL, arguments, environ);

	posix_spawn_file_actions_destroy(&actions);
	close(ends[0]);
	*in = rc == 0 ? fdopen(ends[1], "w") : NULL;
	if (*in == NULL)
		close(ends[1]);
	return rc != 0 || *in != NULL ? rc : -ENOMEM;
}

int chaos_plot(const struct chaos_suite *s, const char *path)
{
	const char *terminal = terminal_of(path);
	pid_t pid;
	FILE *in = NULL;
	int status = 0;

	if (terminal == NULL)
		return -EINVAL;
	int rc = start_gnuplot(&pid, &in);

	if (rc != 0)
		return rc;
	write_plot(s, terminal, path, in);
	if (fclose(in) != 0)
		rc = -EIO;
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		rc = -EIO;
	return rc;
}
