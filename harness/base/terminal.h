/* What the other end of standard output or error is: how wide, whether it can move its cursor, whether it wants colours. */
#ifndef BASE_TERMINAL_H
#define BASE_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

enum terminal_colour { TERMINAL_PLAIN, TERMINAL_BOLD, TERMINAL_RED, TERMINAL_GREEN, TERMINAL_YELLOW, TERMINAL_BLUE };

/* A terminal that can go back to the line's start: not a pipe, not TERM=dumb. */
bool terminal_moves(int descriptor);
/* Columns of a line; 80 where nobody knows. */
size_t terminal_columns(int descriptor);
/* The sequence that switches to a colour (PLAIN: back), or "": not a terminal, TERM=dumb or none, or NO_COLOR is set and not empty
 * (no-color.org). */
const char *terminal_colour(int descriptor, enum terminal_colour colour);

#endif
