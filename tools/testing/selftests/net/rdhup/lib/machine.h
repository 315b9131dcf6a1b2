/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The machine that tests run on: to leave it as it was, and who else is at
 * work there.
 */
#ifndef RDHUP_MACHINE_H
#define RDHUP_MACHINE_H

#include <stdbool.h>

/*
 * Have @undo called, once, when the program ends: its tests are children that
 * do not come to where exit() goes.
 */
void at_end(void (*undo)(void));

/*
 * Does a program of that name run, which would act on the devices of a test?
 * Says so if it does.
 */
bool is_disturbed_by(const char *name);

#endif /* RDHUP_MACHINE_H */
