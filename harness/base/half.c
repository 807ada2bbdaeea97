#include "base/half.h"

#include <math.h>
#include <string.h>

uint16_t half_from_float(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint16_t sign = (uint16_t)(bits >> 16 & 0x8000u);
    uint32_t magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u) /* NaN */
        return (uint16_t)(sign | 0x7e00u);
    if (magnitude >= 0x477ff000u) /* 65520 and above round to infinity */
        return (uint16_t)(sign | 0x7c00u);
    if (magnitude < 0x38800000u) { /* below 2^-14: a whole number of 2^-24 */
        float scaled = fabsf(value) * 16777216.0f;
        return (uint16_t)(sign | (uint16_t)lrintf(scaled));
    }
    uint32_t rounded = magnitude + 0xfffu + (magnitude >> 13 & 1u); /* to nearest, ties to even */
    return (uint16_t)(sign | (uint16_t)((rounded - 0x38000000u) >> 13));
}

float half_to_float(uint16_t half)
{
    uint32_t exponent = half >> 10 & 31u, fraction = half & 1023u;
    float value = exponent == 31 ? (fraction ? NAN : INFINITY)
                  : exponent     ? ldexpf((float)(1024u + fraction), (int)exponent - 25)
                                 : ldexpf((float)fraction, -24);
    return half & 0x8000u ? -value : value;
}

/* Exponent and fraction moved to their places make a float 2^112 too small, subnormals included; infinity and NaN, which
 * have the largest exponent, get the float's largest. */
void half_to_floats(float *value, const uint16_t *half, size_t n)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        uint32_t magnitude = (uint32_t)(half[i] & 0x7fffu) << 13, sign = (uint32_t)(half[i] & 0x8000u) << 16, bits;
        union {
            uint32_t bits;
            float value;
        } word = {.bits = magnitude};
        word.value *= 0x1p112f;
        bits = word.bits | sign | (magnitude >= 0x0f800000u ? 0x7f800000u : 0);
        word.bits = bits;
        value[i] = word.value;
    }
}
