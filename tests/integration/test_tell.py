"""commands = deferred: alerts and on-stored are left to scorefetch tell."""
from harness import CSV_NAME, EX_TEMPFAIL, TXT_NAME, mail
from test_alerts import outbox  # noqa: F401  a fixture
from test_hooks import hook  # noqa: F401  a fixture


def defer(account):
    account.general["commands"] = "deferred"
    account.configure()


def test_only_tell_runs_on_stored(account, hook):  # noqa: F811
    defer(account)
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.scorefetch("run").code == account.scorefetch("get", TXT_NAME).code == 0
    assert account.scorefetch("sync", "--all").code == 0
    done = account.scorefetch("retry", TXT_NAME)
    assert done.code == 0 and "scorefetch tell runs on-stored" in done.err
    assert hook.told() == []
    assert account.scorefetch("tell").code == 0
    assert {t["environment"]["SCOREMAIL_NAME"] for t in hook.told()} >= {CSV_NAME, TXT_NAME}
    told = len(hook.told())
    assert account.scorefetch("tell").code == 0 and len(hook.told()) == told


def test_only_tell_sends_alerts(account, outbox):  # noqa: F811
    defer(account)
    account.configure(org_id="5818")
    account.scoremail(stdin=mail("csv"))
    account.scorefetch("run")
    assert outbox.begun() == 0
    assert account.scorefetch("tell").code == 0
    (alert,) = outbox.mails()
    assert alert["X-Scoremail-Alert"] == "no-account"
    account.scorefetch("tell")
    assert outbox.begun() == 1


def test_an_alert_does_not_wait_for_a_hook_and_that_of_a_hook_goes_out_at_once(account, hook, outbox):  # noqa: F811
    defer(account)
    account.scoremail(stdin=mail("csv"))
    hook.then("sys.exit(3)\n")
    done = account.scorefetch("tell")
    assert done.code == EX_TEMPFAIL and "scorefetch tell retries it" in done.err
    (alert,) = outbox.mails()
    assert alert["X-Scoremail-Alert"] == "hook"


def test_tell_needs_no_password(account, hook, emulator):  # noqa: F811
    defer(account)
    account.scoremail(stdin=mail("csv"))
    calls = len(emulator.requests())
    account.configure(password_file="/nowhere")
    assert account.scorefetch("tell").code == 0
    assert len(hook.told()) == 1 and len(emulator.requests()) == calls


def test_check_tells_that_nothing_runs_it(account, hook, outbox):  # noqa: F811
    defer(account)
    account.scoremail(stdin=mail("csv"))
    assert " tell: " not in account.scorefetch("check").out.decode()  # it has not waited for long
    account.sql("UPDATE handovers SET created = created - 3600")
    assert "failure  tell: alerts or on-stored commands wait" in account.scorefetch("check").out.decode()
    assert account.scorefetch("tell").code == 0
    assert " tell: " not in account.scorefetch("check").out.decode()
    account.general["commands"] = "inline"
    account.configure(org_id="5818")
    account.scoremail(stdin=mail("txt"))
    account.general["commands"] = "deferred"
    account.configure()
    account.time_passes(3600)
    assert " tell: " not in account.scorefetch("check").out.decode()  # it was sent


def test_check_tells_of_an_alert_that_nobody_sends(account, outbox):  # noqa: F811
    defer(account)
    account.configure(org_id="5818")
    account.scoremail(stdin=mail("csv"))
    account.time_passes(3600)
    assert "failure  tell: " in account.scorefetch("check").out.decode()
