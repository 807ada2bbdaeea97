/* A picture small enough to stand in a page. */
#ifndef EVALUATE_THUMBNAIL_H
#define EVALUATE_THUMBNAIL_H

#include <stddef.h>

/* PNG (grey or colour, longest side 144 px, never enlarged), to be freed; NULL if the file is not there or cannot be decoded. */
unsigned char *thumbnail_png(size_t *size, const char *path);

#endif
