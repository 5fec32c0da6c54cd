"""Tests livy.py: how a cluster's Livy is reached, from its configuration alone."""

import json
from typing import Any

import pytest

from cluster_endpoint import livy
from cluster_endpoint.livy import LivyPreferences
from refusal import Refusal
from tests.assets.cluster_endpoint.emr_records import CLUSTER_ID, cluster, instance, livy_conf

KEYSTORE = {"livy.keystore": "/etc/livy/conf/livy-keystore.jks"}

LDAP = {"EnableLDAPAuthentication": True, "LDAPServerURL": "ldaps://corp.example:636"}
OFF, OFF_AS_TEXT = {"EnableLDAPAuthentication": False}, {"EnableLDAPAuthentication": "False"}
NO_SSH, SSH = {"EnableSSHLogin": False}, {"EnableSSHLogin": True}
LDAP_ON = {"AuthenticationConfiguration": {"LDAPConfiguration": LDAP}}
# Trusted identity propagation always has runtime roles beside it.
IDENTITY_CENTER = {
    "AuthenticationConfiguration": {
        "IdentityCenterConfiguration": {
            "EnableIdentityCenter": True,
            "IdentityCenterApplicationAssigmentRequired": False,
            "IdentityCenterInstanceARN": "arn:aws:sso:::instance/ssoins-1234567890abcdef",
        }
    },
    "AuthorizationConfiguration": {"IAMConfiguration": {"EnableApplicationScopedIAMRole": True}},
}


def encrypted(value: object = True) -> dict[str, Any]:
    return {"EncryptionConfiguration": {"EnableInTransitEncryption": value}}


class TestProperties:
    def test_they_are_those_of_livy_conf_alone(self) -> None:
        spark = {"Classification": "spark-defaults", "Properties": {"livy.server.port": "1"}}

        assert livy.livy_conf([spark, *livy_conf(livy_server_port="9000")]) == {
            "livy.server.port": "9000"
        }

    def test_a_later_entry_wins_property_by_property(self) -> None:
        both = livy_conf(a="1", b="1") + livy_conf(b="2")

        assert livy.livy_conf(both) == {"a": "1", "b": "2"}

    @pytest.mark.parametrize(
        "odd",
        [
            None,
            {},
            "livy-conf",
            7,
            [None, "livy-conf", []],
            [{"Classification": "livy-conf"}],
            [{"Classification": "livy-conf", "Properties": None}],
            [{"Classification": "livy-conf", "Properties": ["livy.server.port"]}],
            [{"Properties": {"livy.server.port": "9000"}}],
        ],
    )
    def test_what_is_no_configuration_sets_none(self, odd: Any) -> None:
        assert livy.livy_conf(odd) == {}

    def test_a_value_that_is_no_text_becomes_one(self) -> None:
        odd = [{"Classification": "livy-conf", "Properties": {"livy.server.port": 9000}}]

        assert livy.livy_conf(odd) == {"livy.server.port": "9000"}


class TestPort:
    @pytest.mark.parametrize(
        ("said", "port"),
        [(None, 8998), ("9000", 9000), (" 9000\n", 9000), ("1", 1), ("65535", 65535)],
    )
    def test_it_is_livy_confs_or_8998(self, said: str | None, port: int) -> None:
        conf = {} if said is None else {"livy.server.port": said}

        assert livy.port(conf, CLUSTER_ID, LivyPreferences()) == port

    def test_it_is_the_settings_where_livy_conf_says_none(self) -> None:
        # As after a bootstrap action, which EMR's API does not show.
        preferences = LivyPreferences(port=9443, opened_port=9443)

        assert livy.port({}, CLUSTER_ID, preferences) == 9443

    def test_livy_conf_comes_before_the_settings_where_this_stack_makes_no_rule(self) -> None:
        conf = {"livy.server.port": "9000"}

        assert livy.port(conf, CLUSTER_ID, LivyPreferences(port=9443)) == 9000

    @pytest.mark.parametrize(
        "said",
        ["", "0", "65536", "-1", "+80", "8e3", "٨٩٩٨", "8998;id", "80 81"],
    )
    def test_what_is_no_port_is_refused(self, said: str) -> None:
        with pytest.raises(Refusal) as refusal:
            livy.port({"livy.server.port": said}, CLUSTER_ID, LivyPreferences())

        assert refusal.value.code == "livy-port-unfit"
        assert f"{CLUSTER_ID} sets livy.server.port to {said!r}, which" in str(refusal.value)

    def test_one_that_the_security_group_rules_do_not_open_is_refused_with_both(self) -> None:
        with pytest.raises(Refusal) as refusal:
            livy.port({"livy.server.port": "9000"}, CLUSTER_ID, LivyPreferences(opened_port=8998))

        assert refusal.value.code == "port-closed"
        assert f"Livy of cluster {CLUSTER_ID} listens on port 9000" in str(refusal.value)
        assert "rules open 8998." in str(refusal.value)

    def test_the_one_that_they_open_is_taken(self) -> None:
        preferences = LivyPreferences(port=9000, opened_port=9000)

        assert livy.port({"livy.server.port": "9000"}, CLUSTER_ID, preferences) == 9000


class TestLogins:
    @pytest.mark.parametrize(
        ("kind", "code"),
        [
            ("kerberos", "login-kerberos"),
            ("Kerberos", "login-kerberos"),
            ("ldap", "login-ldap"),
            (" LDAP ", "login-ldap"),
            ("token", "login-unknown"),
        ],
    )
    def test_livys_own_authentication_is_refused_by_its_type(self, kind: str, code: str) -> None:
        with pytest.raises(Refusal, match=CLUSTER_ID) as refusal:
            livy.refuse_login(cluster(), {"livy.server.auth.type": kind})

        assert refusal.value.code == code

    def test_an_unknown_type_is_shown(self) -> None:
        with pytest.raises(Refusal, match=r"sets livy\.server\.auth\.type to 'token'"):
            livy.refuse_login(cluster(), {"livy.server.auth.type": "token"})

    def test_a_kerberos_cluster_is_refused(self) -> None:
        with pytest.raises(Refusal, match=f"login-kerberos.*{CLUSTER_ID}"):
            livy.refuse_login(cluster(KerberosAttributes={"Realm": "EC2.INTERNAL"}), {})

    @pytest.mark.parametrize("conf", [{}, {"livy.server.auth.type": ""}, KEYSTORE])
    def test_a_cluster_without_logins_is_not_refused(self, conf: dict[str, str]) -> None:
        livy.refuse_login(cluster(KerberosAttributes={}), conf)

    @pytest.mark.parametrize(
        ("document", "code"),
        [
            ({"AuthenticationConfiguration": {"KerberosConfiguration": {}}}, None),
            (
                {"AuthenticationConfiguration": {"KerberosConfiguration": {"Provider": "x"}}},
                "login-kerberos",
            ),
            # Of no form that is known: rather refused than left out.
            ({"AuthenticationConfiguration": {"KerberosConfiguration": "on"}}, "login-kerberos"),
            (LDAP_ON, "login-ldap"),
            ({"AuthenticationConfiguration": {"LDAPConfiguration": {"A": "b"}}}, "login-ldap"),
            (
                {"AuthenticationConfiguration": {"LDAPConfiguration": {**LDAP, **OFF}}},
                None,
            ),
            (
                {"AuthenticationConfiguration": {"LDAPConfiguration": {**LDAP, **OFF_AS_TEXT}}},
                None,
            ),
            # SSH's own switch, beside the login's.
            (
                {"AuthenticationConfiguration": {"LDAPConfiguration": {**LDAP, **NO_SSH}}},
                "login-ldap",
            ),
            (
                {"AuthenticationConfiguration": {"LDAPConfiguration": {**SSH, **OFF}}},
                None,
            ),
            (IDENTITY_CENTER, "login-identity-center"),
            (
                {
                    "AuthenticationConfiguration": {
                        "IdentityCenterConfiguration": {"EnableIdentityCenter": False}
                    }
                },
                None,
            ),
            (
                {
                    "AuthorizationConfiguration": {
                        "IAMConfiguration": {"EnableApplicationScopedIAMRole": True}
                    }
                },
                "login-runtime-roles",
            ),
            (
                {
                    "AuthorizationConfiguration": {
                        "IAMConfiguration": {"EnableApplicationScopedIAMRole": "True"}
                    }
                },
                "login-runtime-roles",
            ),
            (
                {
                    "AuthorizationConfiguration": {
                        "IAMConfiguration": {"EnableApplicationScopedIAMRole": False}
                    }
                },
                None,
            ),
            ({"AuthenticationConfiguration": "LDAP", "AuthorizationConfiguration": []}, None),
            ({}, None),
        ],
    )
    def test_a_security_configuration_that_asks_for_a_login_is_refused(
        self, document: dict[str, Any], code: str | None
    ) -> None:
        if code is None:
            livy.refuse_security_configuration(CLUSTER_ID, document)
            return
        with pytest.raises(Refusal, match=CLUSTER_ID) as refusal:
            livy.refuse_security_configuration(CLUSTER_ID, document)
        assert refusal.value.code == code


class TestTls:
    @pytest.mark.parametrize(
        ("release", "conf", "security", "https"),
        [
            ("emr-6.15.0", KEYSTORE, None, True),
            ("emr-7.9.0", {"livy.keystore": "  "}, None, False),
            ("emr-7.9.0", {}, None, False),
            ("emr-7.9.0", {}, {}, False),
            ("emr-7.3.0", {}, encrypted(), False),
            ("emr-7.4.0", {}, encrypted(), True),
            ("emr-7.10.0", {}, encrypted("true"), True),
            ("emr-7.10.0", {}, encrypted("True"), True),
            ("emr-8.0.0", {}, encrypted(), True),
            ("emr-6.15.0", {}, encrypted(), False),
            ("emr-7.9.0", {}, encrypted(False), False),
            ("emr-7.9.0", {}, encrypted("false"), False),
            ("emr-7.9.0", {}, {"EncryptionConfiguration": "on"}, False),
            ("emr-spark-8.0.0", {}, encrypted(), True),
            ("emr-spark-8.1.0", {}, None, False),
            ("emr-spark-1.0.0", {}, encrypted(), True),
            ("emr-6.15.0-custom", {}, encrypted(), False),
            (" EMR-5.36.1", {}, encrypted(), False),
            ("emr-10.0.0", {}, encrypted(), True),
            ("emr-7", {}, encrypted(), True),
            ("emr-next", {}, encrypted(), True),
            ("emr-٧.٣.٠", {}, encrypted(), True),
            (None, {}, encrypted(), True),
        ],
    )
    def test_it_is_livys_keystore_or_encryption_in_transit_unless_the_release_is_older_than_7_4(
        self, release: Any, conf: dict[str, str], security: Any, https: bool
    ) -> None:
        assert livy.uses_tls(cluster(ReleaseLabel=release), conf, security) is https


class TestSecurityDocument:
    def test_it_is_the_json_in_the_answer(self) -> None:
        answer = {"Name": "a", "SecurityConfiguration": json.dumps(encrypted())}

        assert livy.security_configuration(CLUSTER_ID, answer) == encrypted()

    @pytest.mark.parametrize(
        "text", [None, "", "{", "[]", "null", "7", '"x"', "[" * 200_000, {"A": 1}, "9" * 5000]
    )
    def test_what_is_no_json_object_is_refused(self, text: Any) -> None:
        with pytest.raises(Refusal) as refusal:
            livy.security_configuration(CLUSTER_ID, {"SecurityConfiguration": text})

        assert refusal.value.code == "security-configuration-unfit"
        said = f"of cluster {CLUSTER_ID} is no JSON object but {repr(text)[:80]}."
        assert said in str(refusal.value)


class TestGroups:
    def test_the_primarys_own_group_is_taken_and_no_other(self) -> None:
        groups = [
            {"InstanceGroupType": "CORE", "Configurations": livy_conf(a="1")},
            {"InstanceGroupType": "MASTER", "Configurations": livy_conf(a="2")},
        ]

        assert livy.configurations_of_primary(groups, instance()) == livy_conf(a="2")

    @pytest.mark.parametrize(
        ("versions", "own"),
        [
            ({}, "requested"),
            ({"ConfigurationsVersion": 1}, "requested"),
            (
                {"ConfigurationsVersion": 2, "LastSuccessfullyAppliedConfigurationsVersion": 2},
                "requested",
            ),
            (
                {"ConfigurationsVersion": 3, "LastSuccessfullyAppliedConfigurationsVersion": 2},
                "applied",
            ),
            (
                {"ConfigurationsVersion": 1, "LastSuccessfullyAppliedConfigurationsVersion": 0},
                "applied",
            ),
        ],
    )
    def test_a_groups_are_those_that_were_applied(self, versions: dict[str, int], own: str) -> None:
        group = {
            "InstanceGroupType": "MASTER",
            "Configurations": livy_conf(a="requested"),
            "LastSuccessfullyAppliedConfigurations": livy_conf(a="applied"),
            **versions,
        }

        assert livy.configurations_of_primary([group], instance()) == livy_conf(a=own)

    def test_none_that_were_applied_are_none(self) -> None:
        group = {
            "InstanceGroupType": "MASTER",
            "Configurations": livy_conf(a="1"),
            "ConfigurationsVersion": 1,
            "LastSuccessfullyAppliedConfigurationsVersion": 0,
        }

        assert livy.configurations_of_primary([group], instance()) == []

    def test_a_fleets_are_those_of_the_type_that_the_primary_is(self) -> None:
        types: list[Any] = [
            {"InstanceType": "m5.xlarge", "Configurations": livy_conf(a="1")},
            {"InstanceType": "m5.large"},
            None,
            {"InstanceType": "m5.2xlarge", "Configurations": livy_conf(b="2")},
        ]
        fleets = [
            {"InstanceFleetType": "MASTER", "InstanceTypeSpecifications": types},
            {"InstanceFleetType": "TASK", "InstanceTypeSpecifications": types},
        ]

        def found(instance_type: str) -> list[Any]:
            node = instance(InstanceType=instance_type)
            return livy.configurations_of_primary(fleets, node)

        assert found("m5.xlarge") == livy_conf(a="1")
        assert found("m5.2xlarge") == livy_conf(b="2")
        assert found("m5.large") == found("r5.large") == []

    @pytest.mark.parametrize("odd", [[], [{}], [{"InstanceGroupType": "MASTER"}]])
    def test_none_are_none(self, odd: Any) -> None:
        assert livy.configurations_of_primary(odd, instance()) == []
