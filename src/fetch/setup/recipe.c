#include "fetch/setup/recipe.h"

#include <glib.h>
#include <string.h>

static const struct {
    const char *name;
    const char *text;
} recipes[] = {
#include <recipes.inc>
};

const char *
sm_recipe(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(recipes); i++)
        if (strcmp(recipes[i].name, name) == 0)
            return recipes[i].text;
    g_assert_not_reached();
}
