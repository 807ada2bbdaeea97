/* Completion of commands, options and their values for bash and zsh, made from the same tables as --help. */
#ifndef CMD_COMPLETION_H
#define CMD_COMPLETION_H

#include <stdbool.h>
#include <stdio.h>

/* False if there is none for that shell. */
bool completion_print(FILE *f, const char *shell);

#endif
