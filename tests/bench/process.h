/* Programs that a bench runs. */
#ifndef BENCH_PROCESS_H
#define BENCH_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

/* Environment for a program: NULL-terminated pairs name, value; value NULL removes the variable. */
struct process {
    pid_t pid;
    FILE *to, *from; /* its standard input and output */
};

/* false if it cannot be started.  It dies with us. */
bool process_start(struct process *p, const char *const *arguments, const char *const *environment);
/* A line of its output without its end, within `seconds`; false: it ended, or the time is over.  line[size]. */
bool process_read(struct process *p, char *line, size_t size, double seconds);
/* Closes its input and waits a second, then kills it.  A zeroed one is fine. */
void process_stop(struct process *p);

/* Runs a program with its standard output to nowhere, stderr to the file `said`, through this bench's own --launch, a small
 * process of its own: what exec counts as peak memory begins with the caller's.  Seconds of wall time and the program's
 * peak in MB; its exit status, -1 if it could not be run. */
int process_measure(double *seconds, double *mb, const char *said, const char *const *arguments);
/* What main calls for --launch SAID PROGRAM ARGUMENTS...; returns the exit status. */
int process_launch(char **arguments);

/* The program's own file, and the folder of a built tree (build/release) it lies in (two folders up). */
char *process_self(void);
char *process_build(void);

#endif
