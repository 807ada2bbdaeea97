/* The program's name and version, and the processor it runs on. */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

#define PROGRAM_NAME "skelex-eval"
#define PROGRAM_VERSION "0.4.1"

const char *version_cpu(void);  /* the processor's name, from the kernel */

#endif
