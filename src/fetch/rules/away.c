#include "fetch/rules/away.h"

#include "common/base/error.h"

void
sm_away_note(SmAway *away, const GError *fault, guint at_a_time)
{
    SmReach reach = fault != NULL ? sm_error_facts(fault)->reach : SM_REACH_FILE;

    if (fault == NULL)
        away->in_a_row = 0;
    else if (reach != SM_REACH_FILE)
        away->in_a_row++;
    if (reach == SM_REACH_ACCOUNT || (reach == SM_REACH_SERVICE && away->in_a_row >= at_a_time) ||
        (reach == SM_REACH_SHARED && away->in_a_row > at_a_time))
        away->away = TRUE;
}
