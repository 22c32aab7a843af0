# Dovecot and scoremail, for the user who wants the score files: copy this to
# ~/.dovecot.sieve, or put it first in the script you have (where ManageSieve is
# used, upload it). 90-scoremail.conf must be in Dovecot's configuration.
#
# A script can't say "try again later", and Dovecot waits 10 seconds for a program.
# So scoremail must leave the file to a worker, by this line in scoremail.conf:
#     delivery = queued
# and the worker must be started again and again, as the user, by cron for instance:
#     */5 * * * * /usr/local/bin/scorefetch run -q
# Or a site's worker does it for all: see 91-scoremail-site.conf.
# While no worker runs, scoremail says that it failed, but the file's name is in
# the spool all the same.
require ["copy", "vnd.dovecot.pipe"];

# Every message goes through: one that announces no score file costs some
# milliseconds, one that does is put into the spool. With virtual users, who all
# share one uid, add the configuration's name: "scoremail" ["-c", "/etc/..."].
#   :copy  the message itself goes on to the mailbox, whatever comes of this.
#   :try   a program that fails, or that is missing, doesn't end the script, which
#          would put the message into the INBOX and skip your own rules. Dovecot's
#          log has it.
pipe :copy :try "scoremail";

# Your own rules go here. What none of them takes goes to your INBOX.
