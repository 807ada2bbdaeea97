#include "report/gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

#define MOST_ARGUMENTS 16
#define PROBE_SCRIPT "style.gp" /* a folder without it is not ours */

extern char **environ;

static bool has_scripts(const char *folder)
{
    char *path = path_join(folder, PROBE_SCRIPT);
    bool there = file_exists(path);
    free(path);
    return there;
}

static bool has_program(const char *name)
{
    const char *path = getenv("PATH");
    bool found = false;
    while (path && *path && !found) {
        size_t n = strcspn(path, ":");
        char *folder = mem_strndup(path, n), *file = path_join(*folder ? folder : ".", name);
        found = access(file, X_OK) == 0;
        free(file);
        free(folder);
        path += n + (path[n] == ':');
    }
    return found;
}

char *gnuplot_find(const char **why)
{
    static const char *const beside[] = {"../share/skelex-eval/plots", "../../plots"};
    char program[4096];
    const char *named = getenv("SKELEX_PLOTS");
    char *candidate[3] = {named && *named ? mem_strdup(named) : NULL}, *found = NULL;
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    if (n > 0) {
        program[n] = '\0';
        char *folder = path_directory(program);
        for (size_t i = 0; i < 2; i++)
            candidate[1 + i] = path_join(folder, beside[i]);
        free(folder);
    }
    for (size_t i = 0; i < 3; i++) {
        if (candidate[i] && !found && has_scripts(candidate[i]))
            found = realpath(candidate[i], NULL);
        free(candidate[i]);
    }
    *why = !found ? "the scripts of plots/ are not where this program looks: name their folder in SKELEX_PLOTS" : NULL;
    if (found && !has_program("gnuplot")) {
        *why = "gnuplot is not installed (Debian's package gnuplot-nox); install it and run `skelex-eval report RESULTS`";
        free(found);
        found = NULL;
    }
    return found;
}

/* The environment with GNUPLOT_LIB set, so that scripts find style.gp, and without what would change numbers' form. */
static char **environment(const char *scripts)
{
    size_t n = 0, k = 0;
    while (environ[n])
        n++;
    char **copy = NEW(n + 3, char *);
    for (size_t i = 0; i < n; i++)
        if (strncmp(environ[i], "GNUPLOT", 7) != 0 && strncmp(environ[i], "LC_", 3) != 0)
            copy[k++] = mem_strdup(environ[i]);
    copy[k++] = mem_printf("GNUPLOT_LIB=%s", scripts);
    copy[k++] = mem_strdup("LC_ALL=C.UTF-8");
    copy[k] = NULL;
    return copy;
}

static char *read_all(int fd)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    char part[512];
    ssize_t n;
    while (out && ((n = read(fd, part, sizeof part)) > 0 || (n < 0 && errno == EINTR)))
        if (n > 0)
            (void)fwrite(part, 1, (size_t)n, out);
    if (out)
        fclose(out);
    return text ? text : mem_strdup("");
}

/* One line of what gnuplot said. */
static void one_line(char *text)
{
    char *to = text;
    bool blank = true;
    for (const char *from = text; *from; from++) {
        bool is_blank = *from == '\n' || *from == '\t' || *from == ' ' || *from == '\r';
        if (!is_blank || !blank)
            *to++ = is_blank ? ' ' : *from;
        blank = is_blank;
    }
    while (to > text && to[-1] == ' ')
        to--;
    *to = '\0';
}

int gnuplot_run(const char *scripts, const char *script, const char *directory, const char *const *argument, struct status *st)
{
    char *path = path_join(scripts, script), **env = environment(scripts);
    char name[] = "gnuplot", d[] = "-d", c[] = "-c";
    char *argv[MOST_ARGUMENTS + 5] = {name, d, c, path};
    size_t n = 4;
    int pipes[2], code = STATUS_OK, ended = 0;
    for (size_t i = 0; argument[i] && i < MOST_ARGUMENTS; i++)
        argv[n++] = mem_strdup(argument[i]);
    if (pipe2(pipes, O_CLOEXEC) != 0) { /* other threads start others: none may hold this pipe open */
        code = status_errno(st, STATUS_IO, "cannot start gnuplot");
    } else {
        posix_spawn_file_actions_t actions;
        pid_t child;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addchdir_np(&actions, directory);
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", 0, 0);
        posix_spawn_file_actions_adddup2(&actions, pipes[1], STDOUT_FILENO);
        posix_spawn_file_actions_adddup2(&actions, pipes[1], STDERR_FILENO);
        int failed = posix_spawnp(&child, name, &actions, NULL, argv, env);
        posix_spawn_file_actions_destroy(&actions);
        close(pipes[1]);
        char *said = failed ? NULL : read_all(pipes[0]);
        close(pipes[0]);
        if (failed) {
            errno = failed;
            code = status_errno(st, STATUS_IO, "cannot start gnuplot");
        } else {
            while (waitpid(child, &ended, 0) < 0 && errno == EINTR)
                ;
            one_line(said);
            if (!WIFEXITED(ended) || WEXITSTATUS(ended) != 0 || *said)
                code = status_set(st, STATUS_DATA, "gnuplot on %s: %.500s", script, *said ? said : "stopped without a word");
        }
        free(said);
    }
    for (size_t i = 4; i < n; i++)
        free(argv[i]);
    for (size_t i = 0; env[i]; i++)
        free(env[i]);
    free(env);
    free(path);
    return code;
}
