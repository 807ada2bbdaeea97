#include "report/markup.h"

#include <string.h>

#include "base/number.h"

void markup_html(FILE *f, const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '&': fputs("&amp;", f); break;
        case '<': fputs("&lt;", f); break;
        case '>': fputs("&gt;", f); break;
        case '"': fputs("&quot;", f); break;
        case '\'': fputs("&#39;", f); break;
        default: fputc(*text, f);
        }
}

void markup_markdown(FILE *f, const char *text)
{
    for (; *text; text++) {
        if (strchr("|\\`*_<>[]", *text))
            fputc('\\', f);
        fputc(*text == '\n' || *text == '\r' ? ' ' : *text, f);
    }
}

void markup_latex(FILE *f, const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '\\': fputs("\\textbackslash{}", f); break;
        case '~': fputs("\\textasciitilde{}", f); break;
        case '^': fputs("\\textasciicircum{}", f); break;
        case '<': fputs("\\textless{}", f); break;
        case '>': fputs("\\textgreater{}", f); break;
        case '"': fputs("\\textquotedbl{}", f); break;
        case '\n': case '\r': fputc(' ', f); break;
        case '&': case '%': case '$': case '#': case '_': case '{': case '}':
            fputc('\\', f);
            /* fall through */
        default: fputc(*text, f);
        }
}

void markup_base64(FILE *f, const unsigned char *data, size_t size)
{
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t bits = (uint32_t)data[i] << 16 | (left > 1 ? (uint32_t)data[i + 1] << 8 : 0) | (left > 2 ? data[i + 2] : 0);
        fputc(digit[bits >> 18], f);
        fputc(digit[bits >> 12 & 63], f);
        fputc(left > 1 ? digit[bits >> 6 & 63] : '=', f);
        fputc(left > 2 ? digit[bits & 63] : '=', f);
    }
}

int markup_digits(const char *metric)
{
    return !strncmp(metric, "mae", 3) || !strncmp(metric, "rmse", 4) ? 2 : 3;
}

void markup_rounded(FILE *f, const char *number, int digits)
{
    double x;
    if (number_parse_double(number, &x))
        fprintf(f, "%.*f", digits, x);
    else
        fputs("NA", f);
}

void markup_rounded_html(FILE *f, const char *number, int digits)
{
    char text[64];
    double x;
    if (!number_parse_double(number, &x)) {
        fputs("NA", f);
        return;
    }
    (void)snprintf(text, sizeof text, "%.*f", digits, x);
    if (*text == '-')
        fprintf(f, "\xe2\x88\x92%s", text + 1);
    else
        fputs(text, f);
}
