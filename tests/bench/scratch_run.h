/* A folder for a bench's files (over a gigabyte of weights) that is gone
 * whatever becomes of the bench. */
#ifndef BENCH_SCRATCH_RUN_H
#define BENCH_SCRATCH_RUN_H

/* Makes a folder under TMPDIR (default /tmp), calls work(folder, argument) in a child process, removes the folder with all
 * in it when the child has ended in any way (also by Ctrl-C), and returns the child's exit status; 1 if it died. */
int scratch_run(int (*work)(const char *folder, void *argument), void *argument);

#endif
