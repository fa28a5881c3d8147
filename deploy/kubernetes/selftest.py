"""Shows that each gate finds what it is there for: `python selftest.py` (unittest, no arguments needed).

A fixture is the chart as it is rendered, with one thing broken; `FIXTURES` lists what is broken and what must be said of it.
"""

import copy
import json
import pathlib
import shutil
import tempfile
import unittest

import check
import dashboard
from gates import advice, availability, commands, helm, metrics, pods, references, schemas, settings, values

RENDERED = helm.manifests(helm.template("large"))


def one(things, kind, name):
    (found,) = (thing for thing in things if thing["kind"] == kind and thing["metadata"]["name"] == name)
    return found


def pod(things, kind="Deployment", name="outhaul-api"):
    thing = one(things, kind, name)
    ((_, spec),) = helm.pods([thing])
    return spec


def container(things, *where):
    return pod(things, *where)["containers"][0]


def without(things, kind, name):
    things.remove(one(things, kind, name))


def variable(things, name, value):
    env = container(things)["env"]
    env[:] = [entry for entry in env if entry["name"] != name]
    env.append({"name": name, "value": value})


def rules(things):
    return one(things, "PrometheusRule", "outhaul")["spec"]["groups"][0]["rules"]


def trigger(things):
    return one(things, "ScaledObject", "outhaul-worker")["spec"]["triggers"][0]


def panels(change):
    def broken(things):
        data = one(things, "ConfigMap", "outhaul-dashboard")["data"]
        shown = json.loads(data["outhaul.json"])
        change(shown["panels"])
        data["outhaul.json"] = json.dumps(shown)
    return broken


def put(where, key, value):
    where[key] = value


def schedules(things):
    return one(things, "CronJob", "outhaul-doctor")["spec"]


# Gate, what is broken, and a piece of what it must say.
FIXTURES = [
    (schemas, lambda t: put(container(t)["ports"][0], "containerPort", "8470"), "not of type 'integer'"),
    (schemas, lambda t: put(one(t, "Deployment", "outhaul-api")["spec"], "strategie", {}), "strategie"),
    (schemas, lambda t: put(one(t, "Ingress", "outhaul-api"), "apiVersion", "extensions/v1beta1"), "knows no Ingress"),
    (schemas, lambda t: put(one(t, "ServiceMonitor", "outhaul"), "kind", "PodMonitor"), "schemas/ has none"),
    (schemas, lambda t: put(trigger(t)["metadata"], "threshold", 8), "ScaledObject outhaul-worker: spec/triggers/0/metadata/threshold"),
    (schemas, lambda t: put(trigger(t), "metricType", "Value"), "metricType"),
    (schemas, lambda t: put(one(t, "ExternalSecret", "outhaul-redis")["spec"]["data"][0], "secretkey", "x"), "secretkey"),
    (schemas, lambda t: put(one(t, "ServiceMonitor", "outhaul")["spec"]["endpoints"][0], "path", "metrics"), "endpoints/0/path"),
    (schemas, lambda t: rules(t)[0].pop("annotations"), "'annotations' is a required property"),
    (pods, lambda t: put(container(t), "image", "outhaul:latest"), "not named by a digest"),
    (pods, lambda t: container(t)["resources"]["limits"].pop("memory"), "no limits of memory"),
    (pods, lambda t: container(t, "CronJob", "outhaul-doctor")["resources"].pop("requests"), "no requests of cpu"),
    (pods, lambda t: container(t).pop("livenessProbe"), "livenessProbe asks nothing"),
    (pods, lambda t: container(t)["startupProbe"]["httpGet"].update(path="/"), "startupProbe asks /, not /readyz"),
    (pods, lambda t: pod(t)["securityContext"].update(runAsNonRoot=False), "may run as root"),
    (pods, lambda t: pod(t)["securityContext"].update(runAsUser=0), "may run as root"),
    (pods, lambda t: pod(t)["securityContext"].pop("seccompProfile"), "no seccomp profile"),
    (pods, lambda t: container(t)["securityContext"].update(readOnlyRootFilesystem=False), "may write to its root"),
    (pods, lambda t: container(t)["securityContext"].update(allowPrivilegeEscalation=True), "may gain privileges"),
    (pods, lambda t: container(t)["securityContext"]["capabilities"].update(add=["NET_ADMIN"]), "keeps capabilities"),
    (pods, lambda t: pod(t).pop("automountServiceAccountToken"), "has a token"),
    (pods, lambda t: put(pod(t), "serviceAccountName", "default"), "no service account of its own"),
    (pods, lambda t: put(pod(t), "hostNetwork", True), "shares what belongs to its node"),
    (pods, lambda t: pod(t)["volumes"].append({"name": "n", "hostPath": {"path": "/"}}), "a folder of its node"),
    (availability, lambda t: one(t, "HorizontalPodAutoscaler", "outhaul-api")["spec"].update(minReplicas=1), "may have 1 pods"),
    (availability, lambda t: one(t, "HorizontalPodAutoscaler", "outhaul-api")["spec"].update(maxReplicas=2), "at most 2 pods"),
    (availability, lambda t: without(t, "HorizontalPodAutoscaler", "outhaul-ingest"), "has 0 autoscalers"),
    (availability, lambda t: put(one(t, "Deployment", "outhaul-api")["spec"], "replicas", 2), "beside its autoscaler"),
    (availability, lambda t: one(t, "ScaledObject", "outhaul-worker")["spec"].update(minReplicaCount=0), "the least is 1"),
    (availability, lambda t: put(pod(t), "topologySpreadConstraints", []), "not spread over the zones"),
    (availability, lambda t: pod(t)["topologySpreadConstraints"][0].update(whenUnsatisfiable="ScheduleAnyway"), "not spread over the zones"),
    (availability, lambda t: without(t, "PodDisruptionBudget", "outhaul-api"), "more than one pod at a time"),
    (availability, lambda t: put(pod(t), "terminationGracePeriodSeconds", 30), "is killed after 30 s, and needs 51 s"),
    (availability, lambda t: container(t).pop("lifecycle"), "goes before the balancers know"),
    (availability, lambda t: pod(t, "Deployment", "outhaul-worker").pop("nodeSelector"), "not run on spot nodes"),
    (availability, lambda t: put(pod(t, "Deployment", "outhaul-worker"), "terminationGracePeriodSeconds", 600), "120 s that a spot node has"),
    (references, lambda t: without(t, "ServiceAccount", "outhaul-worker"), "names ServiceAccount outhaul-worker, which is not there"),
    (references, lambda t: without(t, "ExternalSecret", "outhaul-redis"), "names ExternalSecret outhaul-redis, which is not there"),
    (references, lambda t: without(t, "ConfigMap", "outhaul-authorities"), "names ConfigMap outhaul-authorities, which is not there"),
    (references, lambda t: one(t, "ServiceAccount", "outhaul-migrate")["metadata"].pop("annotations"), "which comes after it"),
    (references, lambda t: put(pod(t), "serviceAccountName", "outhaul-migrate"), "which comes after it"),
    (references, lambda t: without(t, "NetworkPolicy", "outhaul-worker"), "not bounded in both directions"),
    (references, lambda t: one(t, "NetworkPolicy", "outhaul-api")["spec"]["ingress"][0].pop("from"), "takes traffic from everywhere"),
    (references, lambda t: one(t, "NetworkPolicy", "outhaul-api")["spec"]["egress"][0].pop("to"), "may talk to everything"),
    (references, lambda t: one(t, "Service", "outhaul-api")["spec"]["ports"][0].update(targetPort="https"), "leads to no port of a pod"),
    (references, lambda t: one(t, "Service", "outhaul-worker")["metadata"]["labels"].clear(), "not counted by Prometheus"),
    (references, lambda t: one(t, "ServiceMonitor", "outhaul")["spec"]["endpoints"][0].update(port="metrics"), "names a port"),
    (references, lambda t: one(t, "Ingress", "outhaul-api")["spec"]["rules"][0]["http"]["paths"].pop(0), "shows /metrics of eu-central-1.export.example.org to everybody"),
    (references, lambda t: one(t, "Ingress", "outhaul-api")["spec"]["rules"][1]["http"]["paths"].pop(0), "shows /metrics of export.example.org to everybody"),
    (references, lambda t: without(t, "ExternalSecret", "outhaul-keys"), "names ExternalSecret outhaul-keys, which is not there"),
    (references, lambda t: without(t, "Service", "outhaul-ingest"), "leads to outhaul-ingest, which is not there"),
    (references, lambda t: one(t, "Service", "outhaul-api")["metadata"].pop("namespace"), "in no namespace"),
    (references, lambda t: t.append({"kind": "Secret", "metadata": {"name": "s", "namespace": "outhaul"}}), "a secret stands"),
    (settings, lambda t: variable(t, "OUTHAUL_LIMITS__PAGE_ITEM", "50"), "OUTHAUL_LIMITS__PAGE_ITEM is no setting"),
    (settings, lambda t: variable(t, "OUTHAUL_QUEUE__PASSWORD", '"x"'), "brings a secret by the environment"),
    (settings, lambda t: variable(t, "OUTHAUL_S3__PREFIX", "outhaul"), "is not JSON"),
    (settings, lambda t: variable(t, "OUTHAUL_QUEUE__KIND", '"memory"'), "OUTHAUL_QUEUE__KIND is memory"),
    (settings, lambda t: container(t)["env"].clear(), "OUTHAUL_DIRECTORY__KIND is sqlite, which other pods do not see"),
    (commands, lambda t: put(container(t), "args", ["apis"]), "`outhaul apis` is no command"),
    (commands, lambda t: put(container(t, "CronJob", "outhaul-doctor"), "args", ["lake", "compact"]), "`outhaul lake compact` is no command"),
    (commands, lambda t: put(container(t, "CronJob", "outhaul-doctor"), "args", ["lake"]), "`outhaul lake` is no whole command"),
    (commands, lambda t: put(container(t), "args", ["api", "--port", "1"]), "`--port` is no option"),
    (metrics, lambda t: put(trigger(t)["metadata"], "query", "max(outhaul_queue_length)"), "outhaul_queue_length is no count"),
    (metrics, lambda t: put(rules(t)[1], "expr", "rate(outhaul_requests[5m]) > 1"), "outhaul_requests is no count"),
    (metrics, lambda t: put(rules(t)[1], "expr", 'outhaul_requests_total{code="500"} > 1'), "has no label code"),
    (metrics, lambda t: put(rules(t)[1], "expr", "sum(rate(outhaul_requests_total[5m])"), "unclosed left parenthesis"),
    (metrics, panels(lambda p: p[0]["targets"][0].update(expr='outhaul_exports{org="a"}')), "outhaul_exports has no label org"),
    (advice, lambda t: put(pod(t), "hostPID", True), "CKV_K8S_17"),
]


class Gates(unittest.TestCase):
    def test_each_fixture_is_found(self):
        for gate, breaks, said in FIXTURES:
            with self.subTest(gate=gate.__name__, said=said):
                broken = copy.deepcopy(RENDERED)
                breaks(broken)
                findings = list(gate.check(broken))
                self.assertTrue(any(said in finding for finding in findings), findings)

    def test_the_whole_is_taken(self):
        for gate in {gate for gate, _, _ in FIXTURES} - {advice}:
            with self.subTest(gate=gate.__name__):
                self.assertEqual(list(gate.check(copy.deepcopy(RENDERED))), [])

    def test_sources_that_say_nothing(self):
        self.assertIn("has no table of settings", list(settings.check([], page=""))[0])
        self.assertIn("has no commands", list(commands.check([], source=""))[0])
        self.assertEqual(list(metrics.check([])), ["nothing asks for any count"])

    def test_a_new_engine_of_the_program_is_asked_for(self):
        page = settings.PAGE.read_text(encoding="utf-8") + "| `letters.kind` | sqlite | Where letters wait |\n"
        self.assertIn("OUTHAUL_LETTERS__KIND is sqlite, which other pods do not see", "".join(settings.check(RENDERED, page)))

    def test_values(self):
        text = values.FILE.read_text(encoding="utf-8")
        self.assertIn("undocumented has no comment", "".join(values.check(text + "\nundocumented: 1\n")))
        self.assertIn("undocumented stands only in values.yaml", "".join(values.check(text + "\nundocumented: 1\n")))
        schema = json.loads(values.SCHEMA.read_text(encoding="utf-8"))
        schema["properties"]["api"] |= {"additionalProperties": True}
        schema["properties"]["more"] = {}
        findings = "".join(values.check(text, schema))
        self.assertIn("more stands only in values.schema.json", findings)
        schema["properties"]["image"]["additionalProperties"] = True
        self.assertIn("image. takes keys that do not exist", "".join(values.check(text, schema)))
        self.assertIn("Chart.yaml is of 9.9.9", "".join(values.check(chart={"appVersion": "9.9.9"})))

    def test_the_dashboard_is_compared(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "outhaul.json"
            self.assertIn("is not what dashboard.py writes", "".join(check.generated(file)))
            file.write_text(dashboard.text().replace("Oldest", "Eldest"), encoding="utf-8")
            self.assertIn("is not what dashboard.py writes", "".join(check.generated(file)))
            file.write_text(dashboard.text(), encoding="utf-8")
            self.assertEqual(list(check.generated(file)), [])


class Helm(unittest.TestCase):
    def refused(self, said, *more):
        with self.assertRaises(helm.Refused) as caught:
            helm.template("small", *more)
        self.assertIn(said, str(caught.exception))

    def test_values_that_cannot_be(self):
        self.refused("additional properties 'replica' not allowed", "--set", "api.replica=3")
        self.refused("minimum: got 1, want 2", "--set", "api.replicas.min=1")
        self.refused("does not match pattern", "--set", "image.digest=latest")
        self.refused("belongs into `secrets`", "--set", "settings.queue.password=x")
        self.refused("/settings/s3/bucket", "--set", "settings.s3.bucket=")
        self.refused("/settings/s3/lake_bucket", "--set", "settings.s3.lake_bucket=")
        self.refused("/settings/mail/host", "--set", "settings.mail.kind=smtp")
        self.refused("/settings/mail/kind", "--set", "settings.mail.kind=files")
        self.refused("/settings/ses/region", "--set", "settings.ses.region=")
        self.refused("/ingress/otherHosts/0", "--set", "ingress.otherHosts={no host}")

    def test_ports_follow_the_settings(self):
        def ports(*more):
            policy = one(helm.manifests(helm.template("small", *more)), "NetworkPolicy", "outhaul-worker")
            return [port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]][3:]

        self.assertEqual(ports(), [5432, 6379, 443])
        smtp = {"mail.kind": "smtp", "mail.host": "mail.example.org"}
        changed = {"postgres.port": 5433, "queue.url": "rediss://h:6380/0", "mail.tls": "implicit",
                   "telemetry.traces_url": "http://c.monitoring:4319/v1/traces"} | smtp
        self.assertEqual(ports(*(word for name, value in smtp.items() for word in ("--set", f"settings.{name}={value}"))), [5432, 6379, 443, 587])
        more = [word for name, value in changed.items() for word in ("--set", f"settings.{name}={value}")]
        self.assertEqual(ports(*more), [5433, 6380, 443, 465, 4319])

    def test_only_a_mail_server_that_wants_a_password_needs_a_secret(self):
        smtp = ("--set", "settings.mail.kind=smtp", "--set", "settings.mail.host=mail.example.org")
        for more, secrets in (((), 0), (("--set", "settings.mail.user=u"), 0), (smtp, 0), ((*smtp, "--set", "settings.mail.user=u"), 1)):
            things = helm.manifests(helm.template("small", *more))
            self.assertEqual(len([thing for thing in things if thing["metadata"]["name"] == "outhaul-mail"]), secrets, more)
            self.assertEqual(list(references.check(things)), [])

    def test_who_is_told_of_letters(self):
        def told(*more):
            roles = helm.roles(helm.template("small", *more))
            return {thing["metadata"]["name"] for thing, container in roles for entry in container["env"] if entry["name"] == "OUTHAUL_MAIL__KIND"}

        self.assertEqual(told(), {"outhaul-worker", "outhaul-doctor", "outhaul-lake-check"})
        self.assertEqual(told("--set", "settings.mail.kind=smtp", "--set", "settings.mail.host=mail.example.org"), {"outhaul-worker"})

    def test_only_who_signs_sees_the_keys(self):
        for thing, spec in helm.pods(helm.manifests(helm.template("large"))):
            mounted = {mount["name"]: mount for mount in spec["containers"][0]["volumeMounts"]}
            signs = thing["metadata"]["name"] in ("outhaul-api", "outhaul-ingest")
            self.assertEqual("keys" in mounted and mounted["keys"]["readOnly"], signs, thing["metadata"]["name"])

    def test_a_chart_that_cannot_be_rendered(self):
        with tempfile.TemporaryDirectory() as folder:
            chart = pathlib.Path(folder) / "outhaul"
            shutil.copytree(helm.CHART, chart)
            (chart / "templates/broken.yaml").write_text("a: {{ .Values.api.nothing.at.all }}\n", encoding="utf-8")
            with self.assertRaises(helm.Refused) as caught:
                helm.lint("small", chart)
            self.assertIn("broken.yaml", str(caught.exception))


if __name__ == "__main__":
    unittest.main()
