/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Work class: how much a piece of work matters. Shedding starts from the back: a policy never lets
 * in more of a later class than of an earlier one. Components, operations and output that may be
 * conflated carry a class; sequenced market data does not, it is never shed.
 */
#ifndef RESILIENCE_WORK_CLASS_H
#define RESILIENCE_WORK_CLASS_H

enum work_class { WORK_CRITICAL, WORK_NORMAL, WORK_BACKGROUND };

#define WORK_CLASSES 3u

#endif
