"""An alert leaves through every sendmail that Debian has, called as by default, and an SMTP server takes it.

Postfix, Exim and OpenSMTPD show the same where they deliver: see alerting.py."""
import agents
import pytest

pytestmark = pytest.mark.release_only("the mail programs are tested, not our memory handling")

# What a machine without a mail server of its own has for /usr/sbin/sendmail, set up to hand all to $1,
# a port of loopback; and what empties its queue, where it has one.
PROGRAMS = {
    "courier-mta": ("echo host.example.edu | tee /etc/courier/me >/etc/courier/defaultdomain;"
                    " printf ':[127.0.0.1],%s /SECURITY=NONE\\n' $1 >/etc/courier/esmtproutes", "courier start"),
    "dma": ("printf 'SMARTHOST 127.0.0.1\\nPORT %s\\n' $1 >/etc/dma/dma.conf", None),
    "esmtp esmtp-run": ("printf 'hostname=127.0.0.1:%s\\n' $1 >/etc/esmtprc", None),
    "msmtp-mta": ("printf 'account default\\nhost 127.0.0.1\\nport %s\\nauto_from on\\nmaildomain host.example.edu\\n' $1"
                  " >/etc/msmtprc", None),
    "nullmailer": ("echo 127.0.0.1 smtp --port=$1 >/etc/nullmailer/remotes; echo host.example.edu >/etc/nullmailer/me",
                   "timeout 5 runuser -u mail -- nullmailer-send"),
    # its client hands all to the SMTP server of submit.mc, and on a busy machine only queues unless QUEUE_LA is raised
    "sendmail-bin": (r"""cd /etc/mail
        sed -i "s/^FEATURE(.msp/define(\`RELAY_MAILER_ARGS', \`TCP \$h $1')dnl\ndefine(\`confQUEUE_LA', 100000)dnl\n&/" submit.mc
        m4 submit.mc >submit.cf""", None),
    "ssmtp": ("printf 'mailhub=127.0.0.1:%s\\nhostname=host.example.edu\\n' $1 >/etc/ssmtp/ssmtp.conf", None),
}


@pytest.mark.parametrize("packages", PROGRAMS)
def test_an_alert_leaves(packages, build, announced, tmp_path):
    configure, flush = PROGRAMS[packages]
    template = agents.install(tmp_path / "template", *packages.split(), users=["scoremail"])
    with agents.stage(template, tmp_path) as (root, sink):
        root.must("sh", "-c", f"echo host.example.edu >/etc/mailname; {configure}", "sh", str(sink.port))
        owner = agents.Owner(root, tmp_path, build, announced, "scoremail")
        owner.general["alert-mail"] = "registrar@example.edu"
        owner.configure(org_id="5818")
        root.start()
        owner.scoremail(stdin=agents.mail("csv"))
        assert "alert no-account sent" in owner.log.read_text()
        if flush is not None:
            root.run(["sh", "-c", f"{flush} </dev/null >/dev/null 2>&1"])
        (sent,) = agents.wait_for(lambda: sink.received, "the server to get the alert")
        assert sent.recipients == ["registrar@example.edu"]
        assert sent.sender.count("@") == 1 and "<" not in sent.sender
        assert b"X-Scoremail-Alert: no-account" in sent.message and b"Auto-Submitted: auto-generated" in sent.message


def test_an_alert_that_the_server_refuses_is_not_sent(build, announced, tmp_path):
    template = agents.install(tmp_path / "template", "msmtp-mta", users=["scoremail"])
    with agents.stage(template, tmp_path) as (root, sink):
        sink.server_close()
        root.must("sh", "-c", PROGRAMS["msmtp-mta"][0], "sh", str(sink.port))
        owner = agents.Owner(root, tmp_path, build, announced, "scoremail")
        owner.general["alert-mail"] = "registrar@example.edu"
        owner.configure(org_id="5818")
        owner.scoremail(stdin=agents.mail("csv"))
        log = owner.log.read_text()
        assert "alert not sent" in log and "alert no-account sent" not in log
