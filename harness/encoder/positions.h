/* Tables of positions for another grid of patches than they were learnt on:
 * bicubic interpolation as torch's interpolate(align_corners=False) does it,
 * in its coordinates (float32); sums in double.
 *
 *  PLAIN       DINOv2, transformers >= 4.45: a = -0.75, source = side / size (i + 1/2) - 1/2, border repeated.
 *  OFFSET      DINOv2, transformers <= 4.44 and facebookresearch/dinov2 (issue 8 there): the same with size + 0.1 for size.
 *  ANTIALIASED DINOv2 with registers (transformers, and Meta's code with interpolate_antialias): a = -0.5, the filter
 *              widened when the grid shrinks, weights normalised over what lies inside.
 * Keys 1981, IEEE Trans. ASSP 29:1153. */
#ifndef ENCODER_POSITIONS_H
#define ENCODER_POSITIONS_H

#include <stddef.h>

enum positions_rule { POSITIONS_PLAIN, POSITIONS_OFFSET, POSITIONS_ANTIALIASED };

/* out[rows, columns, width] from table[side, side, width]; side, rows, columns >= 1. */
void positions_interpolate(float *out, const float *table, size_t side, size_t width, size_t rows, size_t columns, enum positions_rule rule);

const char *positions_rule_name(enum positions_rule rule);

#endif
