"""Defines SparkMagic's own settings for a team, in its own names, of SparkMagic 0.23."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, ModelWrapValidatorHandler, model_validator

from emr_notebook.settings.types import IntegerRange, Strict, TextFormat

Seconds = Annotated[int, IntegerRange(1, 3_600, "a whole number of seconds")]
# Two of the kernel's heartbeats, which come every 30 seconds, and a margin.
HeartbeatTimeout = Annotated[int, IntegerRange(60, 86_400, "a whole number of seconds")]
Rows = Annotated[int, IntegerRange(1, 1_000_000, "a whole number of rows")]
Retries = Annotated[int, IntegerRange(0, 100, "a whole number of retries")]
Hint = Annotated[
    str,
    TextFormat(
        r"[^{}\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]*",
        "a text without { and }, at most 500 characters",
        longest=500,
    ),
]
# RFC 9110, field names and values; those that requests and the app set are theirs.
HeaderName = Annotated[
    str,
    TextFormat(
        r"(?!(?i:authorization|cookie|host|content-.*|proxy-.*|transfer-encoding|connection)$)"
        r"[A-Za-z0-9!#$%&'*+.^_`|~-]+",
        "the name of a header, such as X-Team; none with a login, which anybody could read",
        longest=64,
    ),
]
HeaderValue = Annotated[
    str, TextFormat(r"[!-~]([ -~]*[!-~])?", "a header's value: printable ASCII", longest=256)
]

# Keys of SparkMagic's that are no settings here, and what to write instead.
_CLUSTER = "the cluster decides it: clusters.<key>"
_OWN = "it is not for a team: a user's own ~/SageMaker/.emr-notebook/sparkmagic.json takes it"
ELSEWHERE: dict[str, str] = {
    "kernel_python_credentials": _CLUSTER,
    "kernel_python3_credentials": _CLUSTER,
    "kernel_scala_credentials": _CLUSTER,
    "kernel_r_credentials": _CLUSTER,
    "ignore_ssl_errors": "write clusters.<key>.tls: {verify: none, because: ...}",
    "session_configs": "write defaults.spark or notebooks.<key>.spark",
    "session_configs_defaults": "write defaults.spark or notebooks.<key>.spark",
    "authenticators": "a cluster whose Livy asks for a login is refused",
    "kerberos_auth_configuration": "a cluster whose Livy asks for a login is refused",
    "fatal_error_suggestion": "the app says what is wrong, since when and what to do",
    "pyspark_dataframe_encoding": "it means nothing with Python 3",
    "server_extension_default_kernel_name": "SageMaker's server does not use it",
    "default_samplefraction": _OWN,
    "retry_seconds_to_sleep_list": _OWN,
    "logging_config": _OWN,
    "http_session_config": _OWN,
    "events_handler_class": _OWN,
}


class SparkMagic(Strict):
    """SparkMagic's configuration for a team, over the app's and under a user's own."""

    livy_session_startup_timeout_seconds: Seconds | None = Field(
        default=None, description="how long a session may take to start; 180 without it"
    )
    wait_for_idle_timeout_seconds: Seconds | None = Field(
        default=None, description="how long a cell waits for a session that is busy; 15 without it"
    )
    livy_server_heartbeat_timeout_seconds: HeartbeatTimeout | None = Field(
        default=None, description="Livy ends a session whose kernel is silent so long; 60 without"
    )
    cleanup_all_sessions_on_exit: bool | None = Field(
        default=None, description="a session ends with its kernel; true without it"
    )
    default_maxrows: Rows | None = Field(
        default=None, description="how many rows of %%sql are fetched; 2500 without it"
    )
    default_samplemethod: Literal["take", "sample"] | None = Field(
        default=None, description="which rows of %%sql are fetched; take without it"
    )
    coerce_dataframe: bool | None = Field(
        default=None, description="guess numbers and dates in what %%sql fetches; false without it"
    )
    use_auto_viz: bool | None = Field(
        default=None, description="draw what %%sql fetches as a widget; true without it"
    )
    all_errors_are_fatal: bool | None = Field(
        default=None, description="a failing cell stops Run All; true without it"
    )
    shutdown_session_on_spark_statement_errors: bool | None = Field(
        default=None, description="a failing cell ends the session; false without it"
    )
    resource_limit_mitigation_suggestion: Hint | None = Field(
        default=None, description="what else to say when the cluster is full"
    )
    retry_policy: Literal["configurable", "linear"] | None = Field(
        default=None, description="how a Livy that answers an error is asked again"
    )
    configurable_retry_policy_max_retries: Retries | None = Field(
        default=None, description="how often a Livy that answers an error is asked again; 8 without"
    )
    heartbeat_refresh_seconds: (
        Annotated[int, IntegerRange(1, 30, "a whole number of seconds")] | None
    ) = Field(default=None, description="how often a kernel shows Livy that it is there")
    heartbeat_retry_seconds: (
        Annotated[int, IntegerRange(1, 30, "a whole number of seconds")] | None
    ) = Field(default=None, description="the same, while Livy does not answer")
    custom_headers: dict[HeaderName, HeaderValue] = Field(
        default_factory=dict, description="beside X-Requested-By, sent with every request to Livy"
    )

    @model_validator(mode="wrap")
    @classmethod
    def _not_elsewhere(cls, given: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        owned = [key for key in ELSEWHERE if isinstance(given, dict) and key in given]
        if owned:
            raise ValueError("; ".join(f"{key} is no key here: {ELSEWHERE[key]}" for key in owned))
        return handler(given)

    @property
    def given(self) -> dict[str, object]:
        """What is asked for, as SparkMagic takes it."""
        return self.model_dump(mode="json", exclude_defaults=True)
