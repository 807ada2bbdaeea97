/* IEEE 754 binary16, for what is kept small: float to half rounds to nearest, ties
 * to even, subnormals included; what is beyond 65504 becomes infinite. */
#ifndef BASE_HALF_H
#define BASE_HALF_H

#include <stddef.h>
#include <stdint.h>

uint16_t half_from_float(float value);
float half_to_float(uint16_t half);
/* value[n]; the same values, several at a time. */
void half_to_floats(float *value, const uint16_t *half, size_t n);

#endif
