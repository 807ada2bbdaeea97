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
