/* The name that a mistyped word most likely meant. */
#ifndef CMD_SUGGEST_H
#define CMD_SUGGEST_H

#include <stddef.h>

/* Of name[n] the closest: fewest letters put in, left out, exchanged or swapped with their neighbour (Damerau's distance, optimal
 * string alignment), at most a third of the word's letters; of equals the first.  NULL if none is so close. */
const char *suggest(const char *word, const char *const *name, size_t n);

#endif
