/* Ctrl-C and SIGTERM ask long loops to stop at the next whole piece of work.
 * What is done is kept; a second Ctrl-C ends the program at once. */
#ifndef BASE_INTERRUPT_H
#define BASE_INTERRUPT_H

#include <stdbool.h>

void interrupt_install(void);
bool interrupt_requested(void);
int interrupt_number(void); /* of the signal; SIGINT before there was any */
/* After the work is put away: end as the signal would have, so that shells and schedulers see it. */
_Noreturn void interrupt_finish(void);

#endif
