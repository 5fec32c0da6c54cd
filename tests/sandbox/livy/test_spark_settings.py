"""Spark's settings of a session, as its request asks for them."""

from sandbox.livy.spark_settings import spark_conf


def test_a_request_becomes_spark_settings() -> None:
    request = {
        "conf": {"spark.executor.memory": "1g", "spark.ui.port": 4040},
        "executorMemory": "2g",
        "numExecutors": 3,
        "jars": ["a.jar", "b.jar"],
        "driverMemory": None,
    }

    assert spark_conf(7, request) == {
        "spark.app.name": "livy-session-7",
        "spark.executor.memory": "2g",
        "spark.ui.port": "4040",
        "spark.executor.instances": "3",
        "spark.jars": "a.jar,b.jar",
    }


def test_jars_of_the_conf_are_added_to_those_of_the_request() -> None:
    request = {"jars": ["s3://b/a.jar"], "conf": {"spark.jars": "s3://b/b.jar, s3://b/c.jar"}}

    assert spark_conf(0, request)["spark.jars"] == "s3://b/a.jar,s3://b/b.jar,s3://b/c.jar"


def test_the_master_is_livys_own_whatever_is_asked_for() -> None:
    assert "spark.master" not in spark_conf(0, {"conf": {"spark.master": "yarn"}})
