/* Text and figures in the languages that tables are pasted into: HTML,
 * Markdown, LaTeX.  Whatever a name or a reason holds comes out as text. */
#ifndef REPORT_MARKUP_H
#define REPORT_MARKUP_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

void markup_html(FILE *f, const char *text);     /* for content and quoted attributes */
void markup_markdown(FILE *f, const char *text); /* in a table's cell; line breaks become blanks */
void markup_latex(FILE *f, const char *text);
void markup_base64(FILE *f, const unsigned char *data, size_t size); /* RFC 4648, padded, one line */

/* Digits behind the point that a metric is printed with: 2 for errors in the target's unit, else 3. */
int markup_digits(const char *metric);
/* A number of a CSV, rounded; what is no finite number prints as NA. */
void markup_rounded(FILE *f, const char *number, int digits);
/* A minus sign for text that is read: as markup_rounded, with U+2212 for '-'. */
void markup_rounded_html(FILE *f, const char *number, int digits);

#endif
