#include "fetch/http/engine.h"

enum { LOOK_MS = 500 /* between two looks at the deadlines */ };

typedef struct {
    CURL *handle;
    gint64 deadline;
    GCond ended; /* who asked waits for it, and nobody else */
    gboolean done;
    CURLcode result;
} Request;

struct SmHttpEngine {
    CURLM *multi;  /* the loop's own; others only wake it up */
    GThread *loop; /* NULL: whoever asks does it */
    GMutex lock;
    GQueue waiting;    /* of Request: given, not yet seen by the loop */
    GPtrArray *active; /* of Request: the loop's own */
    gboolean stopped;  /* requests end at once */
    gboolean ending;   /* the loop ends */
};

/* Under the lock. */
static void
end(Request *request, CURLcode result)
{
    request->result = result;
    request->done = TRUE;
    g_cond_signal(&request->ended);
}

static void
finish(SmHttpEngine *engine, Request *request, CURLcode result)
{
    curl_multi_remove_handle(engine->multi, request->handle); /* may wait for a name service */
    g_ptr_array_remove_fast(engine->active, request);
    g_mutex_lock(&engine->lock);
    end(request, result);
    g_mutex_unlock(&engine->lock);
}

/* Takes new requests; FALSE when the loop is to end. */
static gboolean
take_requests(SmHttpEngine *engine, gboolean *stopped)
{
    g_autoptr(GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new(&engine->lock);
    Request *request;

    while ((request = g_queue_pop_head(&engine->waiting)) != NULL) {
        curl_easy_setopt(request->handle, CURLOPT_PRIVATE, request);
        if (curl_multi_add_handle(engine->multi, request->handle) == CURLM_OK)
            g_ptr_array_add(engine->active, request);
        else
            end(request, CURLE_FAILED_INIT);
    }
    *stopped = engine->stopped;
    return !engine->ending;
}

static void
finish_completed(SmHttpEngine *engine)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(engine->multi, &left)) != NULL) {
        CURLcode result = message->data.result;
        char *request = NULL;

        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &request);
        finish(engine, (Request *)request, result);
    }
}

static void
abort_late(SmHttpEngine *engine, gboolean all)
{
    gint64 now = g_get_monotonic_time();

    for (guint i = engine->active->len; i-- > 0;) {
        Request *request = engine->active->pdata[i];

        if (all || (request->deadline != 0 && request->deadline <= now))
            finish(engine, request, CURLE_ABORTED_BY_CALLBACK);
    }
}

/* As far as all requests can go without waiting. */
static void
work(SmHttpEngine *engine, gboolean stopped)
{
    int running;
    gboolean broken = curl_multi_perform(engine->multi, &running) != CURLM_OK;

    finish_completed(engine);
    abort_late(engine, stopped || broken);
}

static gpointer
run(gpointer data)
{
    SmHttpEngine *engine = data;
    gboolean stopped;

    while (take_requests(engine, &stopped)) {
        work(engine, stopped);
        curl_multi_poll(engine->multi, NULL, 0, LOOK_MS, NULL);
    }
    return NULL;
}

SmHttpEngine *
sm_http_engine_new(void)
{
    SmHttpEngine *engine = g_new0(SmHttpEngine, 1);

    g_mutex_init(&engine->lock);
    g_queue_init(&engine->waiting);
    engine->active = g_ptr_array_new();
    engine->multi = curl_multi_init();
    return engine;
}

SmHttpEngine *
sm_http_engine_new_shared(guint connections, GError **error)
{
    g_autoptr(SmHttpEngine) engine = sm_http_engine_new();

    curl_multi_setopt(engine->multi, CURLMOPT_MAXCONNECTS, (long)connections);
    engine->loop = g_thread_try_new("http", run, engine, error);
    if (engine->loop == NULL) {
        g_prefix_error_literal(error, "cannot start the transfers' thread: ");
        return NULL;
    }
    return g_steal_pointer(&engine);
}

SmShared
sm_http_engine_share(const SmShared *shared, SmHttpEngine **own)
{
    SmShared with = shared != NULL ? *shared : (SmShared){0};

    if (with.engine == NULL)
        with.engine = *own = sm_http_engine_new();
    return with;
}

void
sm_http_engine_free(SmHttpEngine *engine)
{
    if (engine == NULL)
        return;
    if (engine->loop != NULL) {
        g_mutex_lock(&engine->lock);
        engine->ending = TRUE;
        g_mutex_unlock(&engine->lock);
        curl_multi_wakeup(engine->multi);
        g_thread_join(engine->loop);
    }
    curl_multi_cleanup(engine->multi);
    g_ptr_array_unref(engine->active);
    g_mutex_clear(&engine->lock);
    g_free(engine);
}

static void
run_alone(SmHttpEngine *engine, const Request *request)
{
    gboolean stopped;

    take_requests(engine, &stopped);
    for (;;) {
        work(engine, stopped);
        if (request->done)
            return;
        curl_multi_poll(engine->multi, NULL, 0, LOOK_MS, NULL);
    }
}

CURLcode
sm_http_engine_perform(SmHttpEngine *engine, CURL *handle, gint64 deadline)
{
    Request request = {.handle = handle, .deadline = deadline};

    g_cond_init(&request.ended);
    g_mutex_lock(&engine->lock);
    g_queue_push_tail(&engine->waiting, &request);
    if (engine->loop != NULL)
        curl_multi_wakeup(engine->multi);
    while (engine->loop != NULL && !request.done)
        g_cond_wait(&request.ended, &engine->lock);
    g_mutex_unlock(&engine->lock);
    if (engine->loop == NULL)
        run_alone(engine, &request);
    g_cond_clear(&request.ended);
    curl_easy_setopt(handle, CURLOPT_PRIVATE, NULL);
    return request.result;
}

void
sm_http_engine_stop(SmHttpEngine *engine)
{
    g_mutex_lock(&engine->lock);
    engine->stopped = TRUE;
    g_mutex_unlock(&engine->lock);
    curl_multi_wakeup(engine->multi);
}
