"""The log of calls says what each was about, and keeps no contents."""

from sandbox.aws.request_log import body_parameters, identifying_parameters


def test_what_identifies_the_subject_is_kept_and_contents_are_not() -> None:
    kept = identifying_parameters(
        {
            "ClusterId": "j-1",
            "InstanceStates": ["RUNNING"],
            "NotebookInstanceName": "alice",
            "Content": "c2VjcmV0",
            "SecretString": "hunter2",
            "TemplateBody": "{}",
        }
    )

    assert kept == {
        "ClusterId": "j-1",
        "InstanceStates": ["RUNNING"],
        "NotebookInstanceName": "alice",
    }


def test_json_and_forms_are_read_and_other_bodies_are_not() -> None:
    assert body_parameters(b'{"ClusterId": "j-1"}', "application/x-amz-json-1.1") == {
        "ClusterId": "j-1"
    }
    assert body_parameters(b"Action=X&StackName=s", "application/x-www-form-urlencoded") == {
        "Action": "X",
        "StackName": "s",
    }
    assert body_parameters(b"\x00\x01", "application/zip") == {}
    assert body_parameters(b"not json", "application/json") == {}
