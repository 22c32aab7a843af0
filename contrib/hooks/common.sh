# What the recipes beside this file share; sh reads it, nobody runs it.
# shellcheck shell=sh
umask 077

fail() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

usage() {
    sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" >&2
    exit 64
}

# Fails unless the file is still the one that was stored. Sets name, the file's name
# for the receiver.
look() {
    [ -n "${SCOREMAIL_PATH-}${SCOREMAIL_ID-}" ] || fail "start it by on-stored; see scoremail.conf(5)"
    [ -f "$SCOREMAIL_PATH" ] || fail "$SCOREMAIL_PATH no longer exists"
    sum=$(sha256sum <"$SCOREMAIL_PATH") || fail "$SCOREMAIL_PATH cannot be read"
    [ "${sum%% *}" = "$SCOREMAIL_SHA256" ] || fail "$SCOREMAIL_PATH has changed since it was stored"
    name=$SCOREMAIL_NAME
    case ${SCOREMAIL_PATH##*/} in # encrypted at rest; also as an older version
    "$name.gpg" | "$name.gpg.~"*) name=$name.gpg ;;
    esac
}
