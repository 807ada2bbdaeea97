/* Strict text <-> number, always in the C locale.  The whole text must be the
 * number: no blanks, no trailing letters, in range; nothing is guessed. */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool number_parse_double(const char *text, double *value); /* finite only */
bool number_parse_double_any(const char *text, double *value); /* also nan, inf, -inf */
bool number_parse_int(const char *text, int64_t *value);
bool number_parse_size(const char *text, size_t *value);

/* Shortest decimal that reads back as the same double; "NA" for NaN, "inf", "-inf".
 * buffer holds at least NUMBER_TEXT bytes; returns buffer. */
#define NUMBER_TEXT 32
char *number_format(char *buffer, double value);

#endif
