/* What the program says of itself: usage, the help of a command, the manual page in roff, all made from the tables of
 * command.h and the audit's codes. */
#ifndef CMD_COMMAND_WORDS_H
#define CMD_COMMAND_WORDS_H

#include <stdio.h>

#include "cmd/command.h"

/* What may stand in a command's place. */
extern const struct option_words PROGRAM_OPTIONS[];
extern const size_t N_PROGRAM_OPTIONS;

void command_print_usage(FILE *f);
void command_print_help(FILE *f, const struct command *c);
void command_print_man(FILE *f);

#endif
