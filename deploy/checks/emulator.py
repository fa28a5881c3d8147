"""Deploys everything into an emulator: a zone, a small region with its second update, and a large one elsewhere.

What the emulator does not know is left out and counted; what it made is compared with the template where that says something.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from . import template
from .gate import FIXTURES, TEMPLATES, Gate, Proof, expected, templates

WAIT_SECONDS = 60
# The emulator refuses a stack that holds one of these.
UNKNOWN = {
    "AWS::Budgets::Budget",
    "AWS::EC2::EIP",
    "AWS::EC2::NatGateway",
    "AWS::EKS::AccessEntry",
    "AWS::EKS::Addon",
    "AWS::EKS::PodIdentityAssociation",
    "AWS::Route53::HealthCheck",
}
# Attributes that it does not give, and something in their place.
ATTRIBUTES = {
    "AWS::EKS::Cluster": {"ClusterSecurityGroupId": "sg-0123456789abcdef0"},
    "AWS::RDS::DBInstance": {"MasterUserSecret.SecretArn": "arn:aws:secretsmanager:eu-central-1:000000000000:secret:rds"},
    "AWS::SES::EmailIdentity": {
        f"DkimDNSToken{part}{number}": {"Fn::Sub": f"{number}.{part.lower()}.${{AWS::Region}}.example.org"}
        for part in ("Name", "Value")
        for number in (1, 2, 3)
    },
}
DOMAIN = "export.example.org"
COMMON = {
    "Domain": DOMAIN,
    "MailDomain": f"eu.{DOMAIN}",
    "AdministratorArn": "arn:aws:iam::000000000000:role/administrator",
    "AdministratorCidr": "192.0.2.0/24",
    "AlarmEmail": "alarms@example.org",
}
BALANCER = {
    "LoadBalancerAddress": "outhaul-1.eu-central-1.elb.amazonaws.com",
    "LoadBalancerZoneId": "Z215JYRZR1TBD5",
    "LoadBalancerName": "app/outhaul/0123456789abcdef",
}
LARGE = COMMON | BALANCER | {"MailDomain": f"us.{DOMAIN}", "Size": "large", "Egress": "nat", "Routing": "elsewhere", "InfrequentDays": "90"}


@contextmanager
def emulator() -> Iterator[str]:
    """A fresh one on a free port of this machine; stopped by its id."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        # Without the last it also listens on a port that is always the same.
        environment = os.environ | {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "HOME": folder, "IOT_MTLS_ENABLED": "0"}
        with open(Path(folder) / "log", "wb") as log:
            command = [sys.executable, "-m", "ministack"]
            process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
        try:
            await_answer(address, process)
            yield address
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=WAIT_SECONDS)


def await_answer(address: str, process: subprocess.Popen) -> None:
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            client(address, "sts", "us-east-1").get_caller_identity()
            return
        except (BotoCoreError, ClientError):
            time.sleep(0.1)
    raise SystemExit(f"the emulator did not answer at {address}")


def client(address: str, service: str, region: str):
    return boto3.client(
        service, endpoint_url=address, region_name=region, aws_access_key_id="test", aws_secret_access_key="test"
    )


def fitted(read: template.Template, address: str) -> tuple[template.Template, list[str]]:
    """A template that the emulator takes, and the types that were left out."""
    kinds = {name: resource["Type"] for name, resource in read["Resources"].items()}
    gone = {name for name, resource in read["Resources"].items() if is_unknown(resource)}
    given = {name: ATTRIBUTES[kind] for name, kind in kinds.items() if kind in ATTRIBUTES}
    kept = {name: resource for name, resource in read["Resources"].items() if name not in gone}
    read = read | {"Resources": kept}
    read.pop("Metadata", None)
    return replaced(read, gone, given, address), sorted(kinds[name] for name in gone)


def is_unknown(resource: dict[str, Any]) -> bool:
    """Alarms on more than one measure are among what the emulator does not know."""
    is_computed = resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"]
    return resource["Type"] in UNKNOWN or is_computed


def replaced(value: Any, gone: set[str], given: dict[str, dict[str, Any]], address: str) -> Any:
    """References to what is gone, attributes that are not given and files become plain text."""
    if isinstance(value, list):
        return [replaced(item, gone, given, address) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("Ref") in gone:
        return f"absent-{value['Ref']}"
    if "Fn::GetAtt" in value:
        owner, attribute = value["Fn::GetAtt"][0], ".".join(value["Fn::GetAtt"][1:])
        if owner in gone:
            return f"absent-{owner}"
        return given.get(owner, {}).get(attribute, value)
    done = {key: replaced(item, gone, given, address) for key, item in value.items()}
    if done.get("DependsOn") in gone:
        del done["DependsOn"]
    if "TemplateURL" in done:
        done["TemplateURL"] = f"{address}/templates/{done['TemplateURL']}"
    return done


class Region:
    """One region of an emulator, with the templates uploaded."""

    def __init__(self, address: str, region: str) -> None:
        self.address = address
        self.region = region
        self.stacks = client(address, "cloudformation", region)

    def upload(self) -> list[str]:
        """Puts the templates where stacks find them; answers with the types that were left out."""
        storage, left_out = client(self.address, "s3", "us-east-1"), []
        storage.create_bucket(Bucket="templates")
        for path in templates():
            body, gone = fitted(template.read(path), self.address)
            left_out += gone
            storage.put_object(Bucket="templates", Key=path.name, Body=json.dumps(body).encode())
        return left_out

    def deploy(self, name: str, file: str, parameters: dict[str, str], update: bool = False) -> dict[str, str]:
        """Outputs of the stack; fails with the reasons."""
        run = self.stacks.update_stack if update else self.stacks.create_stack
        run(
            StackName=name,
            TemplateURL=f"{self.address}/templates/{file}",
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        end = time.monotonic() + WAIT_SECONDS
        while (stack := self.stacks.describe_stacks(StackName=name)["Stacks"][0])["StackStatus"].endswith("IN_PROGRESS"):
            if time.monotonic() > end:
                raise Refused([f"stack {name} is still {stack['StackStatus']} after {WAIT_SECONDS} s"])
            time.sleep(0.1)
        if stack["StackStatus"] != ("UPDATE_COMPLETE" if update else "CREATE_COMPLETE"):
            raise Refused([f"stack {name} is {stack['StackStatus']}", *self.reasons()])
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}

    def reasons(self) -> list[str]:
        failed = []
        for stack in self.stacks.list_stacks()["StackSummaries"]:
            for event in self.stacks.describe_stack_events(StackName=stack["StackId"])["StackEvents"]:
                if "FAILED" in event["ResourceStatus"]:
                    failed.append(f"{stack['StackName']}: {event['LogicalResourceId']}: {event.get('ResourceStatusReason')}")
        return failed


class Refused(Exception):
    """Why a stack was not made."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


@cache
def deployed() -> tuple[list[str], int, int]:
    """Findings, resources that were made in the first region, and resources that were left out."""
    with emulator() as address:
        first, second = Region(address, "eu-central-1"), Region(address, "us-east-1")
        left_out = first.upload()
        try:
            zone = first.deploy("zone", "zone.yaml", {"Domain": DOMAIN})
            common = COMMON | {"HostedZoneId": zone["HostedZoneId"]}
            first.deploy("outhaul", "outhaul.yaml", common)
            findings = tables_made(first)
            outputs = first.deploy("outhaul", "outhaul.yaml", common | BALANCER, update=True)
            findings += objects_made(first, outputs)
            second.deploy("outhaul", "outhaul.yaml", LARGE | {"HostedZoneId": zone["HostedZoneId"]})
        except Refused as refused:
            return refused.reasons, 0, len(left_out)
        return findings, made(first), len(left_out)


def made(region: Region) -> int:
    stacks = region.stacks.list_stacks(StackStatusFilter=["CREATE_COMPLETE", "UPDATE_COMPLETE"])["StackSummaries"]
    resources = [region.stacks.list_stack_resources(StackName=stack["StackId"])["StackResourceSummaries"] for stack in stacks]
    return sum(len(each) for each in resources)


def tables_made(region: Region) -> list[str]:
    """The tables stand there with the keys and indexes that the program wants."""
    wanted = json.loads((TEMPLATES.parent / "contract/tables.json").read_text())
    tables, findings = client(region.address, "dynamodb", region.region), []
    for table in wanted["tables"]:
        stands = tables.describe_table(TableName=f"outhaul-{table['name']}")["Table"]
        indexes = stands.get("LocalSecondaryIndexes", []) + stands.get("GlobalSecondaryIndexes", [])
        if [key["AttributeName"] for key in stands["KeySchema"]] != wanted["keys"]:
            findings.append(f"table {table['name']} was made with the keys {stands['KeySchema']}")
        if {index["IndexName"] for index in indexes} != {index["name"] for index in table["indexes"]}:
            findings.append(f"table {table['name']} was made with the indexes {indexes}")
    return findings


def objects_made(region: Region, outputs: dict[str, str]) -> list[str]:
    """The buckets of the outputs stand there, and refuse what their policies say."""
    storage, findings = client(region.address, "s3", region.region), []
    for output in ("LakeBucket", "ExportBucket", "LogBucket"):
        policy = storage.get_bucket_policy(Bucket=outputs[output])["Policy"]
        if not re.search(r'"aws:SecureTransport": ?"false"', policy):
            findings.append(f"bucket {outputs[output]} takes plain HTTP")
    return findings


def proofs() -> Iterator[Proof]:
    """What the emulator says of each broken template, as a stack of its own."""
    with emulator() as address:
        region, storage = Region(address, "eu-central-1"), client(address, "s3", "us-east-1")
        storage.create_bucket(Bucket="templates")
        for path in sorted((FIXTURES / "emulator").glob("*.yaml")):
            body, _ = fitted(template.read(path), address)
            storage.put_object(Bucket="templates", Key=path.name, Body=json.dumps(body).encode())
            yield Proof(path, refusal(region, path), expected(path))


def refusal(region: Region, path: Path) -> list[str]:
    try:
        region.deploy(path.stem.replace("_", "-"), path.name, {})
    except Refused as refused:
        return refused.reasons
    except ClientError as error:
        return [str(error)]
    return []


def says() -> str:
    _, made_there, left_out = deployed()
    return f"2 regions, {made_there} resources in the first; {left_out} that the emulator does not know left out"


GATE = Gate("emulator", lambda: deployed()[0], proofs, says)
