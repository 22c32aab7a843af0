/* Which of the service's URLs may be used: one table. */
#include <string.h>

#include "common/base/error.h"
#include "fetch/rules/presigned.h"

#define S3 "*.s3.amazonaws.com *.s3.*.amazonaws.com"
/* The default. */
#define AMAZON                                                                                     \
    "*.s3.amazonaws.com "                                                                          \
    "*.s3.*.amazonaws.com "                                                                        \
    "*.s3-*.amazonaws.com "                                                                        \
    "*.s3.dualstack.*.amazonaws.com "                                                              \
    "*.s3-accelerate.dualstack.amazonaws.com "                                                     \
    "*.s3-fips.*.amazonaws.com "                                                                   \
    "*.s3-fips.dualstack.*.amazonaws.com "                                                         \
    "*.s3-accesspoint.*.amazonaws.com "                                                            \
    "*.s3-accesspoint.dualstack.*.amazonaws.com "                                                  \
    "*.s3-accesspoint-fips.*.amazonaws.com "                                                       \
    "*.s3-accesspoint-fips.dualstack.*.amazonaws.com "                                             \
    "*.mrap.accesspoint.s3-global.amazonaws.com"
#define QUERY "?AWSAccessKeyId=AKIDEXAMPLE&Expires=1433525962&Signature=c2VjcmV0"

static const struct {
    const char *title;
    const char *url;
    const char *hosts;
    const char *fault; /* NULL: it may be used */
} cases[] = {
    {"takes a bucket", "https://b.s3.amazonaws.com/K12/a.csv" QUERY, S3, NULL},
    {"takes a bucket in a region", "https://b.s3.us-east-1.amazonaws.com/a.csv" QUERY, S3, NULL},
    {"takes capitals in the host", "https://B.S3.AmazonAWS.com/a.csv" QUERY, S3, NULL},
    {"takes capitals in the scheme", "HTTPS://b.s3.amazonaws.com/a.csv" QUERY, S3, NULL},
    {"takes the port that https has anyway", "https://b.s3.amazonaws.com:443/a.csv" QUERY, S3,
     NULL},
    {"takes escapes in path and query", "https://b.s3.amazonaws.com/a%20b.csv?Signature=a%2Bb%3D",
     S3, NULL},
    {"takes dots in the path as they are", "https://b.s3.amazonaws.com/a/../b.csv" QUERY, S3, NULL},
    {"takes a listed host", "https://objects.example.org/a" QUERY, "objects.example.org", NULL},
    {"takes a listed host with its port", "https://localhost:8443/a" QUERY, "localhost:8443", NULL},
    {"takes a listed address", "https://127.0.0.1:8443/a" QUERY, "127.0.0.1:8443", NULL},
    {"takes a listed IPv6 address", "https://[::1]/a" QUERY, "[::1]", NULL},
    {"takes a listed IPv6 address with its port", "https://[::1]:8443/a" QUERY, "[::1]:8443", NULL},
    {"takes the second of the listed", "https://b.example.org/" QUERY,
     "a.example.org b.example.org", NULL},

    {"refuses plain http", "http://b.s3.amazonaws.com/a.csv" QUERY, S3, "is not https"},
    {"refuses ftp", "ftp://b.s3.amazonaws.com/a.csv" QUERY, S3, "is not https"},
    {"refuses a file", "file:///etc/passwd", S3, "is not https"},
    {"refuses a URL without a scheme", "b.s3.amazonaws.com/a.csv" QUERY, S3, "cannot be parsed"},
    {"refuses a scheme alone", "https://", S3, "cannot be parsed"},
    {"refuses an empty text", "", S3, "cannot be parsed"},
    {"refuses a user name", "https://u@b.s3.amazonaws.com/a.csv" QUERY, S3, "user name"},
    {"refuses a password", "https://u:p@b.s3.amazonaws.com/a.csv" QUERY, S3, "user name"},
    {"refuses a password alone", "https://:p@b.s3.amazonaws.com/a.csv" QUERY, S3, "user name"},
    {"refuses an empty user name", "https://@b.s3.amazonaws.com/a.csv" QUERY, S3, "user name"},
    {"refuses a host that poses as user name", "https://b.s3.amazonaws.com@evil.example/" QUERY, S3,
     "user name"},
    {"refuses another port", "https://b.s3.amazonaws.com:8443/a.csv" QUERY, S3, "storage-hosts"},
    {"refuses port 443 where another is listed", "https://localhost/a" QUERY, "localhost:8443",
     "storage-hosts"},
    {"refuses the neighbour of a listed port", "https://localhost:84430/a" QUERY, "localhost:8443",
     "cannot be parsed"},
    {"refuses port 0", "https://localhost:0/a" QUERY, "localhost", "storage-hosts"},
    {"refuses a host in front of the name", "https://evil-s3.amazonaws.com/a.csv" QUERY, S3,
     "storage-hosts"},
    {"refuses a host behind the name", "https://s3.amazonaws.com.evil.com/a.csv" QUERY, S3,
     "storage-hosts"},
    {"refuses a bucket behind the name", "https://b.s3.amazonaws.com.evil.com/a.csv" QUERY, S3,
     "storage-hosts"},
    {"refuses letters run into the name", "https://b.xs3.amazonaws.com/a.csv" QUERY, S3,
     "storage-hosts"},
    {"refuses the bare service", "https://s3.amazonaws.com/bucket/a.csv" QUERY, S3,
     "storage-hosts"},
    {"refuses two labels for one star", "https://a.b.s3.amazonaws.com/a.csv" QUERY, S3,
     "storage-hosts"},
    {"refuses a trailing dot", "https://b.s3.amazonaws.com./a.csv" QUERY, S3, "storage-hosts"},
    {"refuses an empty label for a star", "https://.s3.amazonaws.com/a.csv" QUERY, S3,
     "storage-hosts"},
    {"refuses an empty label inside", "https://b.s3..amazonaws.com/a.csv" QUERY, S3,
     "storage-hosts"},
    {"refuses an address that is not listed", "https://192.0.2.1/a.csv" QUERY, S3, "storage-hosts"},
    {"refuses a number as an address", "https://3221225985/a.csv" QUERY, S3, "storage-hosts"},
    {"refuses an IPv6 address that is not listed", "https://[2001:db8::1]/a.csv" QUERY, S3,
     "storage-hosts"},
    {"refuses an escaped dot in the host", "https://b%2es3.amazonaws.com/a.csv" QUERY,
     "b%2es3.amazonaws.com", "storage-hosts"},
    {"refuses letters of other scripts", "https://b.s3.ama\xd0\xb7onaws.com/a.csv" QUERY, S3,
     "characters"},
    {"refuses a name in punycode that is not listed", "https://b.s3.xn--amaonaws-l2g.com/" QUERY,
     S3, "storage-hosts"},
    {"refuses a line break", "https://b.s3.amazonaws.com/a.csv\r\nX: y" QUERY, S3, "characters"},
    {"refuses a control character", "https://b.s3.amazonaws.com/\033[2J" QUERY, S3, "characters"},
    {"refuses DEL", "https://b.s3.amazonaws.com/a\177" QUERY, S3, "characters"},
    {"refuses a blank", "https://b.s3.amazonaws.com/a b.csv" QUERY, S3, "characters"},
    {"refuses a leading blank", " https://b.s3.amazonaws.com/a.csv" QUERY, S3, "characters"},
    {"refuses a backslash", "https://evil.com\\@b.s3.amazonaws.com/a.csv" QUERY, S3, "characters"},
    {"refuses a fragment", "https://b.s3.amazonaws.com/a.csv" QUERY "#x", S3, "characters"},
    {"refuses a fragment that hides a host", "https://evil.com#.s3.amazonaws.com/a" QUERY, S3,
     "characters"},
    {"refuses a query right behind a foreign host", "https://evil.com?.s3.amazonaws.com/", S3,
     "storage-hosts"},
    {"takes Amazon's b.s3.amazonaws.com", "https://b.s3.amazonaws.com/a.csv" QUERY, AMAZON, NULL},
    {"takes Amazon's b.s3.us-east-1.amazonaws.com",
     "https://b.s3.us-east-1.amazonaws.com/a.csv" QUERY, AMAZON, NULL},
    {"takes Amazon's b.s3-us-west-2.amazonaws.com",
     "https://b.s3-us-west-2.amazonaws.com/a.csv" QUERY, AMAZON, NULL},
    {"takes Amazon's b.s3-eu-central-1.amazonaws.com",
     "https://b.s3-eu-central-1.amazonaws.com/a.csv" QUERY, AMAZON, NULL},
    {"takes Amazon's b.s3-external-1.amazonaws.com",
     "https://b.s3-external-1.amazonaws.com/a.csv" QUERY, AMAZON, NULL},
    {"takes Amazon's b.s3.dualstack.us-east-1.amazonaws.com",
     "https://b.s3.dualstack.us-east-1.amazonaws.com/a.csv" QUERY, AMAZON, NULL},
    {"takes Amazon's b.s3-accelerate.amazonaws.com",
     "https://b.s3-accelerate.amazonaws.com/a.csv" QUERY, AMAZON, NULL},
    {"takes Amazon's b.s3-accelerate.dualstack.amazonaws.com",
     "https://b.s3-accelerate.dualstack.amazonaws.com/a.csv" QUERY, AMAZON, NULL},
    {"takes Amazon's b.s3-fips.us-east-1.amazonaws.com",
     "https://b.s3-fips.us-east-1.amazonaws.com/a.csv" QUERY, AMAZON, NULL},
    {"takes Amazon's b.s3-fips.dualstack.us-east-1.amazonaws.com",
     "https://b.s3-fips.dualstack.us-east-1.amazonaws.com/a.csv" QUERY, AMAZON, NULL},
    {"takes Amazon's b.s3-fips-us-gov-west-1.amazonaws.com",
     "https://b.s3-fips-us-gov-west-1.amazonaws.com/a.csv" QUERY, AMAZON, NULL},
    {"takes Amazon's ap-123456789012.s3-accesspoint.us-east-1.amazonaws.com",
     "https://ap-123456789012.s3-accesspoint.us-east-1.amazonaws.com/a.csv" QUERY, AMAZON, NULL},
    {"takes Amazon's ap-123456789012.s3-accesspoint.dualstack.us-east-1.amazonaws.com",
     "https://ap-123456789012.s3-accesspoint.dualstack.us-east-1.amazonaws.com/a.csv" QUERY, AMAZON,
     NULL},
    {"takes Amazon's ap-123456789012.s3-accesspoint-fips.us-east-1.amazonaws.com",
     "https://ap-123456789012.s3-accesspoint-fips.us-east-1.amazonaws.com/a.csv" QUERY, AMAZON,
     NULL},
    {"takes Amazon's ap-123456789012.s3-accesspoint-fips.dualstack.us-east-1.amazonaws.com",
     "https://ap-123456789012.s3-accesspoint-fips.dualstack.us-east-1.amazonaws.com/a.csv" QUERY,
     AMAZON, NULL},
    {"takes Amazon's m.mrap.accesspoint.s3-global.amazonaws.com",
     "https://m.mrap.accesspoint.s3-global.amazonaws.com/a.csv" QUERY, AMAZON, NULL},
    {"refuses s3.amazonaws.com", "https://s3.amazonaws.com/b/a.csv" QUERY, AMAZON, "storage-hosts"},
    {"refuses s3.us-east-1.amazonaws.com", "https://s3.us-east-1.amazonaws.com/b/a.csv" QUERY,
     AMAZON, "storage-hosts"},
    {"refuses s3-us-west-2.amazonaws.com", "https://s3-us-west-2.amazonaws.com/b/a.csv" QUERY,
     AMAZON, "storage-hosts"},
    {"refuses s3.dualstack.us-east-1.amazonaws.com",
     "https://s3.dualstack.us-east-1.amazonaws.com/b/a.csv" QUERY, AMAZON, "storage-hosts"},
    {"refuses s3-fips.us-east-1.amazonaws.com",
     "https://s3-fips.us-east-1.amazonaws.com/b/a.csv" QUERY, AMAZON, "storage-hosts"},
    {"refuses s3-fips.dualstack.us-east-1.amazonaws.com",
     "https://s3-fips.dualstack.us-east-1.amazonaws.com/b/a.csv" QUERY, AMAZON, "storage-hosts"},
    {"refuses s3-accelerate.amazonaws.com", "https://s3-accelerate.amazonaws.com/b/a.csv" QUERY,
     AMAZON, "storage-hosts"},
    {"refuses 123456789012.s3-control.us-east-1.amazonaws.com",
     "https://123456789012.s3-control.us-east-1.amazonaws.com/b/a.csv" QUERY, AMAZON,
     "storage-hosts"},
    {"refuses b.s3-website.us-east-1.amazonaws.com",
     "https://b.s3-website.us-east-1.amazonaws.com/b/a.csv" QUERY, AMAZON, "storage-hosts"},
    {"refuses b.s3-.amazonaws.com", "https://b.s3-.amazonaws.com/b/a.csv" QUERY, AMAZON,
     "storage-hosts"},
    {"refuses b.xs3-us-west-2.amazonaws.com", "https://b.xs3-us-west-2.amazonaws.com/b/a.csv" QUERY,
     AMAZON, "storage-hosts"},
    {"refuses b.s3-us-west-2.amazonaws.com.evil.com",
     "https://b.s3-us-west-2.amazonaws.com.evil.com/b/a.csv" QUERY, AMAZON, "storage-hosts"},
    {"refuses b.ec2.us-east-1.amazonaws.com", "https://b.ec2.us-east-1.amazonaws.com/b/a.csv" QUERY,
     AMAZON, "storage-hosts"},
    {"refuses b.s3.us-east-1.amazonaws.com.cn",
     "https://b.s3.us-east-1.amazonaws.com.cn/b/a.csv" QUERY, AMAZON, "storage-hosts"},
    {"refuses execute-api.us-east-1.amazonaws.com",
     "https://execute-api.us-east-1.amazonaws.com/b/a.csv" QUERY, AMAZON, "storage-hosts"},
    {"refuses all where nothing is listed", "https://b.s3.amazonaws.com/a.csv" QUERY, "",
     "storage-hosts"},
};

static void
judges(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    g_auto(GStrv) hosts = g_strsplit(cases[i].hosts, " ", -1);
    g_autoptr(GError) error = NULL;
    gboolean usable = sm_presigned_check(cases[i].url, (const char *const *)hosts, &error);

    if (cases[i].fault == NULL) {
        g_assert_no_error(error);
        g_assert_true(usable);
        return;
    }
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_URL);
    g_assert_false(usable);
    g_assert_nonnull(strstr(error->message, cases[i].fault));
    g_assert_null(strpbrk(error->message, "\r\n\033#"));
    g_assert_null(strstr(error->message, "AKIDEXAMPLE"));
    g_assert_null(strstr(error->message, "Signature"));
    g_assert_null(strstr(error->message, "c2VjcmV0"));
}

static const struct {
    const char *url;
    const char *hosts;
    gboolean literal;
} listings[] = {
    {"https://b.s3.amazonaws.com/a" QUERY, S3, FALSE},
    {"https://b.s3.amazonaws.com/a" QUERY, S3 " b.s3.amazonaws.com", TRUE},
    {"https://B.s3.amazonaws.com:443/a" QUERY, "b.s3.amazonaws.com:443", TRUE},
    {"https://b.s3.amazonaws.com/a" QUERY, "b.s3.amazonaws.com:8443", FALSE},
    {"https://[::1]:8443/a" QUERY, "[::1]:8443", TRUE},
    {"https://10.0.0.1/a" QUERY, "*.*.0.1", FALSE},
    {"https://", S3, FALSE},
};

static void
tells_literally_listed_hosts_from_patterns(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(listings); i++) {
        g_auto(GStrv) hosts = g_strsplit(listings[i].hosts, " ", -1);

        g_test_message("%s in %s", listings[i].url, listings[i].hosts);
        g_assert_cmpint(sm_presigned_is_literal(listings[i].url, (const char *const *)hosts), ==,
                        listings[i].literal);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/presigned/", cases[i].title, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), judges);
    }
    g_test_add_func("/presigned/tells literally listed hosts from patterns",
                    tells_literally_listed_hosts_from_patterns);
    return g_test_run();
}
