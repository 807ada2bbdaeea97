/* Outcome of an operation: a code and one sentence for the user.
 *
 * Below harness/cmd nothing prints or exits on bad input.  A function that can
 * fail returns an int (STATUS_OK or one of the codes below) and fills a struct
 * status with one sentence that names the user's file and line.  The first
 * failure wins: callers pass it up unchanged, or prefix what they were doing
 * with status_context. */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#define STATUS_TEXT 768

/* The first five are also the program's exit codes. */
enum status_code {
    STATUS_OK = 0,
    STATUS_USAGE = 2,        /* the command line */
    STATUS_DATA = 3,         /* the user's files hold something unusable */
    STATUS_IO = 4,           /* the file system said no */
    STATUS_INTERNAL = 70,    /* our own mistake, or no memory */
    STATUS_UNDEFINED = 100,  /* a number that does not exist (one class, n = 0); reported as NA */
    STATUS_INTERRUPTED = 101 /* the user asked to stop; what is done is kept */
};

struct status {
    int code;
    char text[STATUS_TEXT];
};

#define MUST_CHECK __attribute__((warn_unused_result))

/* Set code and sentence; returns code, so that `return status_set(...)` works.  st may be NULL. */
int status_set(struct status *st, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As status_set, appending ": " and the text of errno. */
int status_errno(struct status *st, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Put "format: " in front of the sentence; returns st->code. */
int status_context(struct status *st, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
