"""The client that openapi-python-client makes does the same."""

import datetime
import os

from docket_client import AuthenticatedClient
from docket_client.api.default import get_enrollment, list_enrollments, record_act, register_subject
from docket_client.models import ActApply, ActApprove, Recording, Registration

BASE, SUBJECT = os.environ["BASE"], os.environ["SUBJECT"]
PROGRAM = "exercise_strong_province"


def client(role):
    return AuthenticatedClient(base_url=BASE, token=os.environ[role])


def act(role, key, body, **seen):
    answer = record_act.sync_detailed(
        PROGRAM, SUBJECT, client=client(role), body=body, idempotency_key=key, **seen
    )
    assert isinstance(answer.parsed, Recording), answer
    assert answer.headers["Location"]
    return answer.headers["ETag"]


names = {"en": SUBJECT, "zh": SUBJECT}
registration = {
    "id": SUBJECT, "kind": "province", "name": names, "province": SUBJECT, "invented": True,
    "source": "test", "effective_on": "2010",
}
registered = register_subject.sync_detailed(
    client=client("REGISTRAR"), body=Registration.from_dict(registration), idempotency_key="register"
)
assert registered.status_code == 201, registered
apply = {"act": "apply", "effective_on": "2016-01-05", "category": "leading", "rank": "pilot"}
tag = act("PROVINCE", "apply", ActApply.from_dict(apply), if_none_match="*")
approve = {"act": "approve", "effective_on": "2016-03-01", "batch": "1"}
act("NATIONAL", "approve", ActApprove.from_dict(approve), if_match=tag)
auditor = client("AUDITOR")
day = datetime.date(2016, 3, 1)
status = get_enrollment.sync(PROGRAM, SUBJECT, client=auditor, as_of=day)
assert status.stands_at.node == "pilot", status
listed = list_enrollments.sync(
    client=auditor, program=PROGRAM, min_sequence=status.sequence, prefer="wait=10"
)
assert SUBJECT in [item.subject for item in listed.items], listed
print(f"Python: {SUBJECT} stands at {status.stands_at.node}")
