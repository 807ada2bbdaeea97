#include "base/number.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool number_parse_double_any(const char *text, double *value)
{
    /* strtod skips blanks and takes hexadecimal; we take neither. */
    const char *digits = text + (*text == '-' || *text == '+');
    if (!strcmp(text, "nan")) {
        *value = NAN;
        return true;
    }
    if (!strcmp(digits, "inf")) {
        *value = *text == '-' ? -INFINITY : INFINITY;
        return true;
    }
    if (!(isdigit((unsigned char)*digits) || *digits == '.') || strpbrk(text, "xXpP"))
        return false;
    char *end;
    errno = 0;
    double parsed = strtod(text, &end);
    if (end == text || *end != '\0' || (errno == ERANGE && !isfinite(parsed)))
        return false;
    *value = parsed;
    return true;
}

bool number_parse_double(const char *text, double *value)
{
    double parsed;
    if (!number_parse_double_any(text, &parsed) || !isfinite(parsed))
        return false;
    *value = parsed;
    return true;
}

bool number_parse_int(const char *text, int64_t *value)
{
    const char *digits = text + (*text == '-' || *text == '+');
    if (!isdigit((unsigned char)*digits))
        return false;
    char *end;
    errno = 0;
    long long parsed = strtoll(text, &end, 10);
    if (*end != '\0' || errno == ERANGE)
        return false;
    *value = parsed;
    return true;
}

bool number_parse_size(const char *text, size_t *value)
{
    int64_t parsed;
    if (!number_parse_int(text, &parsed) || parsed < 0)
        return false;
    *value = (size_t)parsed;
    return true;
}

char *number_format(char *buffer, double value)
{
    if (isnan(value))
        return strcpy(buffer, "NA");
    if (isinf(value))
        return strcpy(buffer, value > 0 ? "inf" : "-inf");
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(buffer, NUMBER_TEXT, "%.*g", digits, value);
        if (strtod(buffer, NULL) == value)
            break;
    }
    return buffer;
}
