/* Scope-bound clean-up for the libraries that only scorefetch links. */
#pragma once

#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <glib.h>
#include <openssl/evp.h>

typedef struct curl_slist SmHeaderList;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CURL, curl_easy_cleanup)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CURLU, curl_url_cleanup)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmHeaderList, curl_slist_free_all)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(cJSON, cJSON_Delete)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_MD_CTX, EVP_MD_CTX_free)
