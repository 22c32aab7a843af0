# Dovecot and scoremail, for the user who wants the score files: copy this to
# ~/.dovecot.sieve, or put it first in the script you have (where ManageSieve is
# used, upload it). 90-scoremail.conf must be in Dovecot's configuration.
#
# Sieve cannot ask the mail system to retry, and Dovecot waits 10 seconds for a
# program. So the worker must fetch the file. Set in scoremail.conf:
#     delivery = queued
# and let cron start the worker, as the user:
#     */5 * * * * /usr/local/bin/scorefetch run -q
# On a site, one worker fetches for all users: see 91-scoremail-site.conf.
# Without a worker scoremail exits 75, but the event is in the spool all the same.
require ["copy", "vnd.dovecot.pipe"];

# Every message is piped into scoremail. One that announces no score file takes a few
# milliseconds; one that does is put into the spool. Virtual users share one uid: name
# their configuration, "scoremail" ["-c", "/etc/..."].
#   :copy  the message itself goes on to the mailbox, whether scoremail succeeds or not.
#   :try   the script goes on if the program fails or is missing, and Dovecot logs it.
#          Without :try the message goes to the INBOX past your own rules.
pipe :copy :try "scoremail";

# Your own rules go here. What none of them takes goes to your INBOX.
