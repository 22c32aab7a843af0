"""What every mail system must show with `alert-mail` and the sendmail of its own, as configured by default."""
import mailbox

from agents import wait_for


class Alerting:
    """For a class with a fixture `agent`, as in contract.py, that delivers to registrar@example.edu."""

    def test_an_alert_arrives(self, agent):
        agent.general["alert-mail"] = "registrar@example.edu"
        agent.configure(org_id="5818")
        agent.receive("csv")
        box = agent.root.changed("/var/mail/registrar")

        def alerts():
            return [m for m in mailbox.mbox(box, create=False) if m["X-Scoremail-Alert"]]

        (alert,) = wait_for(alerts, "the alert")
        assert alert["X-Scoremail-Alert"] == "no-account" and alert["Auto-Submitted"] == "auto-generated"
        assert alert["To"] == "registrar@example.edu" and "What to do: " in alert.get_payload()
        assert "<>" not in (alert["Return-Path"] or "") and "<" not in alert.get_from().split()[0]
        wait_for(lambda: not agent.waiting(), "the queue to be empty")
        assert agent.outside() == []
