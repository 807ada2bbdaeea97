#include "scratch_run.h"

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"

static volatile sig_atomic_t worker;

static void pass_on(int signal_number)
{
    if (worker > 0)
        kill((pid_t)worker, signal_number);
}

static int remove_one(const char *path, const struct stat *s, int type, struct FTW *where)
{
    (void)s;
    (void)type;
    (void)where;
    return remove(path);
}

int scratch_run(int (*work)(const char *folder, void *argument), void *argument)
{
    const char *base = getenv("TMPDIR");
    char *folder = mem_printf("%s/skelex-bench.XXXXXX", base && *base ? base : "/tmp");
    if (!mkdtemp(folder)) {
        fprintf(stderr, "cannot make a folder '%s': %s\n", folder, strerror(errno));
        free(folder);
        return 1;
    }
    fflush(NULL);
    struct sigaction action = {.sa_handler = pass_on};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    pid_t child = fork();
    if (child == 0) {
        signal(SIGINT, SIG_DFL);
        signal(SIGTERM, SIG_DFL);
        signal(SIGHUP, SIG_DFL);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        exit(work(folder, argument));
    }
    worker = child;
    int status = -1;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    if (nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
        fprintf(stderr, "cannot remove '%s': %s\n", folder, strerror(errno));
    free(folder);
    return child > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
