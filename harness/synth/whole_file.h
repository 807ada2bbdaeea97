/* Writing a file that may be there already: the same bytes are left alone,
 * others are refused, so that making the benchmark again finishes what was
 * begun and never tramples on somebody's files. */
#ifndef SYNTH_WHOLE_FILE_H
#define SYNTH_WHOLE_FILE_H

#include <stddef.h>

#include "base/status.h"

/* Whole or not there (base/outfile.h).  STATUS_DATA if the file holds other bytes. */
int whole_file_write(const char *path, const void *data, size_t size, struct status *st) MUST_CHECK;

#endif
