/* Who else used the processors while a bench ran: what a timing is worth. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

struct load {
    double begin, busy, stolen, own; /* seconds so far: clock; all processes; taken by the host; this one and its ended children */
};

struct load load_now(void);
/* One line: the share of one processor that others used, and that a virtual machine's host kept, since `before`.  Children
 * that still run count as others. */
void load_print(const struct load *before);

#endif
