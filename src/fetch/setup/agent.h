/* The mail agent that is here, and its recipe: put into a person's file, or shown. */
#pragma once

#include "fetch/setup/plan.h"

/* Who is set up, and what for. */
typedef struct {
    char *home;        /* of our user */
    char *user;        /* our user's name */
    char *programs;    /* the folder of scoremail and scorefetch */
    char *config;      /* the configuration's file */
    gboolean standard; /* a person's programs find that by themselves */
    gboolean site;     /* it is a site's: recipes are only shown */
} SmPlace;

/* The recipe of that name below filters/, "exim/router", as it lies in the source: with
 * /usr/local/bin; or a site's timer, which a person's is like. It must be one. Static. */
const char *sm_recipe(const char *name);

/* The agents, by the names that --agent takes, "none" at the end; NULL-terminated, static. */
const char *const *sm_agents(void);

/* The agent that most probably delivers this person's mail; "none". Static. */
const char *sm_agent_find(const SmPlace *place);

/* Whether it cannot wait for a file: delivery = queued is needed. */
gboolean sm_agent_needs_queue(const char *agent);

/*
 * Adds the agent's recipe to the plan: the file in our home between marks, where what is there does
 * not call scoremail yet; else a note with the recipe, or that it is there.
 */
void sm_agent_plan(SmPlan *plan, const char *agent, const SmPlace *place);
