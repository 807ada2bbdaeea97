#include "base/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool terminal_moves(int descriptor)
{
    const char *term = getenv("TERM");
    return isatty(descriptor) == 1 && term && *term && strcmp(term, "dumb") != 0;
}

size_t terminal_columns(int descriptor)
{
    struct winsize size;
    return ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
}

const char *terminal_colour(int descriptor, enum terminal_colour colour)
{
    static const char *const sequence[] = {
        [TERMINAL_PLAIN] = "\033[0m", [TERMINAL_BOLD] = "\033[1m", [TERMINAL_RED] = "\033[31m", [TERMINAL_GREEN] = "\033[32m",
        [TERMINAL_YELLOW] = "\033[33m", [TERMINAL_BLUE] = "\033[34m"};
    const char *no = getenv("NO_COLOR");
    return terminal_moves(descriptor) && !(no && *no) ? sequence[colour] : "";
}
