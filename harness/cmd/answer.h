/* --json: what a command has to say as one document on standard output, for programs that call this one.
 *
 *   {"program", "version", "command", "status": "ok" | "error", "exit": exit code,
 *    what the command found: see the answer_ functions and the commands,
 *    "error": {"code": "usage" | "data" | "io" | "internal" | "interrupted", "message", "file", "line", "next"}}
 *
 * file and line are there where the message names them, next where there is something to do about it.  What was found before an error stays in the document.  A figure
 * that does not exist is null. */
#ifndef CMD_ANSWER_H
#define CMD_ANSWER_H

#include <stdio.h>

#include <jansson.h>

#include "base/status.h"
#include "evaluate/pipeline.h"

/* Completes and prints it; code is what the command came to, st its sentence, next what to do then, or NULL. */
void answer_print(FILE *f, json_t *answer, const char *command, int code, const struct status *st, const char *next);

json_t *answer_number(double value); /* null if it is not finite */
json_t *answer_count(size_t n);
json_t *answer_text(const char *text); /* null of NULL, and of what is no UTF-8 */

/* "study", "output", "tasks": per task images, patients, rows, left_out, errors, warnings, accepted. */
void answer_study(json_t *answer, const struct pipeline *p);
/* "embeddings": images, stored, encoded, undecodable, damaged. */
void answer_extracted(json_t *answer, const struct extract_counts *c);
/* "figures": the rows of the closing table; "seed", "level", "comparisons", "stages" with seconds and peak_kib. */
void answer_figures(json_t *answer, const struct pipeline *p);
/* "comparisons": what is significant, a family each. */
void answer_comparisons(json_t *answer, const struct compare_summary *s);

#endif
