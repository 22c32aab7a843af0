/*
 * SM_EACH (const SmAccount, account, config->accounts): the statement behind it, once for each
 * element of a GPtrArray, which it must not change. An array that is NULL has no elements; break
 * and continue do what they do in any loop.
 */
#pragma once

#include <glib.h>

/* 0 for NULL. */
static inline guint
sm_each_length(const GPtrArray *array)
{
    return array != NULL ? array->len : 0;
}

/* Two loops, since one can declare variables of one type only: the inner one runs once for each
 * turn of the outer one, which ends with it after a break. */
#define SM_EACH(type, item, array)                                                                 \
    for (guint item##_at = 0, item##_on = 1; item##_on && item##_at < sm_each_length(array);       \
         item##_on = !item##_on, item##_at++)                                                      \
        for (type *item = (array)->pdata[item##_at]; item##_on; item##_on = !item##_on)
