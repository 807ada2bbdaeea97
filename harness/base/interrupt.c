#include "base/interrupt.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static volatile sig_atomic_t requested;

static void on_signal(int number)
{
    static const char message[] = "\nstopping: what is in hand is finished and stored first (once more: stop at once)\n";
    requested = number;
    ssize_t ignored = write(STDERR_FILENO, message, sizeof message - 1);
    (void)ignored;
}

void interrupt_install(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)(SA_RESTART | SA_RESETHAND)};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool interrupt_requested(void)
{
    return requested != 0;
}

int interrupt_number(void)
{
    return requested ? requested : SIGINT;
}

_Noreturn void interrupt_finish(void)
{
    int number = interrupt_number();
    signal(number, SIG_DFL);
    raise(number);
    _Exit(128 + number);
}
