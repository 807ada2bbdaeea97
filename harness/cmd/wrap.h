/* Lines of at most 80 columns for people: paragraphs, and rows whose names may be longer than their column. */
#ifndef CMD_WRAP_H
#define CMD_WRAP_H

#include <stddef.h>
#include <stdio.h>

#define WRAP_COLUMNS 80

/* Characters of UTF-8 text. */
size_t wrap_width(const char *text);
/* Text, then blanks up to `width` columns. */
void wrap_pad(FILE *f, const char *text, size_t width);
/* A paragraph and a line's end, broken at blanks, behind `column` columns that are printed already; further lines begin with
 * `indent` blanks.  A word that is longer than a line (a path) stays whole: it can still be copied. */
void wrap_print(FILE *f, size_t column, size_t indent, const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
