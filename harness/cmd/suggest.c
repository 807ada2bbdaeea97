#include "cmd/suggest.h"

#include <string.h>

#define LONGEST 31

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t distance(const char *a, size_t n, const char *b, size_t m)
{
    size_t d[LONGEST + 1][LONGEST + 1];
    for (size_t i = 0; i <= n; i++)
        for (size_t j = 0; j <= m; j++) {
            if (!i || !j) {
                d[i][j] = i + j;
                continue;
            }
            d[i][j] = least(least(d[i - 1][j], d[i][j - 1]) + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
        }
    return d[n][m];
}

const char *suggest(const char *word, const char *const *name, size_t n)
{
    const char *best = NULL;
    size_t length = strcspn(word, "="), within = length < 3 ? 1 : (length + 2) / 3;
    for (size_t i = 0; length <= LONGEST && i < n; i++) {
        size_t m = strlen(name[i]);
        size_t d = m <= LONGEST ? distance(word, length, name[i], m) : LONGEST;
        if (d <= within && d < m) {
            best = name[i];
            within = d ? d - 1 : 0;
            if (!d)
                break;
        }
    }
    return best;
}
