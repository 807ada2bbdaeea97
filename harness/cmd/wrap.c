#include "cmd/wrap.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static size_t width_of(const char *text, size_t bytes)
{
    size_t n = 0;
    for (size_t i = 0; i < bytes; i++)
        n += ((unsigned char)text[i] & 0xc0) != 0x80;
    return n;
}

size_t wrap_width(const char *text)
{
    return width_of(text, strlen(text));
}

void wrap_pad(FILE *f, const char *text, size_t width)
{
    size_t n = wrap_width(text);
    fprintf(f, "%s%*s", text, n < width ? (int)(width - n) : 0, "");
}

void wrap_print(FILE *f, size_t column, size_t indent, const char *format, ...)
{
    va_list arguments;
    char *text = NULL;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0)
        return;
    size_t start = column;
    for (const char *word = text; *word;) {
        size_t blanks = strspn(word, " "), bytes = strcspn(word + blanks, " "), width = width_of(word + blanks, bytes);
        if (column > start && column + blanks + width > WRAP_COLUMNS) {
            fprintf(f, "\n%*s", (int)indent, "");
            start = column = indent;
            blanks = 0;
        }
        fprintf(f, "%*s%.*s", (int)blanks, "", (int)bytes, word + strspn(word, " "));
        column += blanks + width;
        word += strspn(word, " ") + bytes;
    }
    fputc('\n', f);
    free(text);
}
