/* The recipes of filters/, as they lie in the source: with /usr/local/bin. */
#pragma once

/* The recipe of that name, "exim/router"; it must be one. Static. */
const char *sm_recipe(const char *name);
