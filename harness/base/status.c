#include "base/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void set(struct status *st, int code, const char *format, va_list arguments)
{
    st->code = code;
    (void)vsnprintf(st->text, sizeof st->text, format, arguments);
}

int status_set(struct status *st, int code, const char *format, ...)
{
    if (st) {
        va_list arguments;
        va_start(arguments, format);
        set(st, code, format, arguments);
        va_end(arguments);
    }
    return code;
}

int status_errno(struct status *st, int code, const char *format, ...)
{
    int error = errno;
    if (st) {
        va_list arguments;
        va_start(arguments, format);
        set(st, code, format, arguments);
        va_end(arguments);
        size_t used = strlen(st->text);
        char buffer[128];
        (void)snprintf(st->text + used, sizeof st->text - used, ": %s", strerror_r(error, buffer, sizeof buffer));
    }
    return code;
}

int status_context(struct status *st, const char *format, ...)
{
    if (!st)
        return STATUS_INTERNAL;
    char text[STATUS_TEXT];
    memcpy(text, st->text, sizeof text);
    va_list arguments;
    va_start(arguments, format);
    set(st, st->code, format, arguments);
    va_end(arguments);
    size_t used = strlen(st->text);
    (void)snprintf(st->text + used, sizeof st->text - used, ": %s", text);
    return st->code;
}
