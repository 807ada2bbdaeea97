#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "timing.h"

bool process_start(struct process *p, const char *const *arguments, const char *const *environment)
{
    int in[2], out[2];
    *p = (struct process){0};
    if (pipe2(in, O_CLOEXEC) != 0)
        return false;
    if (pipe2(out, O_CLOEXEC) != 0) {
        close(in[0]);
        close(in[1]);
        return false;
    }
    fflush(NULL);
    signal(SIGPIPE, SIG_IGN); /* a program that ended is seen by reading */
    p->pid = fork();
    if (p->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        for (; environment && *environment; environment += 2) {
            if (environment[1])
                setenv(environment[0], environment[1], 1);
            else
                unsetenv(environment[0]);
        }
        execvp(arguments[0], (char *const *)(uintptr_t)arguments);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    if (p->pid < 0) {
        close(in[1]);
        close(out[0]);
        return false;
    }
    p->to = fdopen(in[1], "w");
    p->from = fdopen(out[0], "r");
    setvbuf(p->from, NULL, _IONBF, 0); /* so that poll sees what there is */
    return true;
}

bool process_read(struct process *p, char *line, size_t size, double seconds)
{
    double end = now() + seconds;
    size_t n = 0;
    for (;;) {
        double left = end - now();
        struct pollfd wait = {.fd = fileno(p->from), .events = POLLIN};
        if (left <= 0 || poll(&wait, 1, (int)(left * 1e3) + 1) <= 0)
            return false;
        int c = fgetc(p->from);
        if (c == EOF)
            return false;
        if (c == '\n')
            break;
        if (n + 1 < size)
            line[n++] = (char)c;
    }
    line[n] = '\0';
    return true;
}

void process_stop(struct process *p)
{
    if (p->pid <= 0)
        return;
    fclose(p->to);
    fclose(p->from);
    double end = now() + 1;
    while (waitpid(p->pid, NULL, WNOHANG) == 0) {
        if (now() > end) {
            kill(p->pid, SIGKILL);
            waitpid(p->pid, NULL, 0);
            break;
        }
        usleep(2000);
    }
    *p = (struct process){0};
}

char *process_self(void)
{
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n < 0)
        n = 0;
    path[n] = '\0';
    return mem_strdup(path);
}

char *process_build(void)
{
    char *path = process_self();
    for (int i = 0; i < 3; i++) {
        char *up = path_directory(path);
        free(path);
        path = up;
    }
    return path;
}

int process_launch(char **arguments)
{
    double begin = now();
    pid_t child = fork();
    if (child == 0) {
        int said = open(arguments[0], O_WRONLY | O_CREAT | O_TRUNC, 0666), nowhere = open("/dev/null", O_WRONLY);
        if (said < 0 || nowhere < 0)
            _exit(127);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(nowhere, STDOUT_FILENO);
        dup2(said, STDERR_FILENO);
        execvp(arguments[1], arguments + 1);
        _exit(127);
    }
    int status = 0;
    struct rusage usage;
    if (child < 0 || wait4(child, &status, 0, &usage) < 0 || !WIFEXITED(status))
        return 1;
    printf("%.6f %.1f %d\n", now() - begin, (double)usage.ru_maxrss / 1024, WEXITSTATUS(status));
    return 0;
}

int process_measure(double *seconds, double *mb, const char *said, const char *const *arguments)
{
    size_t n = 0;
    while (arguments[n])
        n++;
    const char **all = NEW(n + 4, const char *);
    char *self = process_self(), line[128];
    all[0] = self;
    all[1] = "--launch";
    all[2] = said;
    memcpy(all + 3, arguments, (n + 1) * sizeof *all);
    struct process p;
    int code = -1;
    if (process_start(&p, all, NULL)) {
        if (!process_read(&p, line, sizeof line, 1e6) || sscanf(line, "%lf %lf %d", seconds, mb, &code) != 3)
            code = -1;
        process_stop(&p);
    }
    free(all);
    free(self);
    return code;
}
