/* inspect on a checkpoint: what it is, and with --image what it makes of one picture. */
#ifndef CMD_INSPECT_ENCODER_H
#define CMD_INSPECT_ENCODER_H

#include "cmd/command.h"

int inspect_encoder(const struct invocation *in, struct status *st) MUST_CHECK;

#endif
