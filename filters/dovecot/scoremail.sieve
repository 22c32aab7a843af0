# Dovecot and scoremail, for the user who wants the score files: copy this to
# ~/.dovecot.sieve, or put it first in the script you have (where ManageSieve is
# used, upload it). 90-scoremail.conf must be in Dovecot's configuration.
#
# scoremail runs while the message is being delivered, for 10 seconds at most.
# The message is kept in the mailbox whatever comes of it. But Dovecot itself
# never tries again: a script cannot say "try again later". So a message whose
# file could not be fetched (the service is down, 10 seconds were not enough) gets
# a keyword, and scoremail-retry, called by cron, looks for it.
require ["imap4flags", "vnd.dovecot.execute"];

# Every message goes through: one that announces no score file costs some
# milliseconds. With virtual users, who all share one uid, add the
# configuration's name: execute :pipe "scoremail" ["-c", "/etc/..."].
if not execute :pipe "scoremail" {
    addflag "ScoremailWaiting";
}

# Your own rules go here. What none of them takes goes to your INBOX.
