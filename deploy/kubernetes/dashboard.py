"""The Grafana dashboard: this list of panels, written out as JSON.

    dashboard.py             writes outhaul/dashboards/outhaul.json
    dashboard.py --check     compares it with what is there; exit code 1 where they differ
"""

import json
import pathlib
import sys

FILE = pathlib.Path(__file__).parent / "outhaul/dashboards/outhaul.json"
# What the reader chose at the top of the page.
HERE = 'namespace="$namespace"'
STATES = ("queued", "running", "succeeded", "failed", "cancelled", "expired")

# Title, what it tells, unit, and the lines of a graph by their names. Three stand side by side.
PANELS = [
    ("Segments that could be claimed", "What workers are scaled by. The same in every process, hence the greatest.", "short",
     {"segments": f"max(outhaul_claimable_segments{{{HERE}}})"}),
    ("Oldest due step", "How long the step that is due longest has been waiting. More than minutes: work lies still.", "s",
     {"waits": f"max(outhaul_oldest_due_step_seconds{{{HERE}}})"}),
    ("Processes that answer", "Those that Prometheus reaches.", "short",
     {"{{job}}": f'sum by (job) (up{{{HERE}, job=~"api|ingest|worker"}})'}),
    ("Exports by state", "What the job store knows; settled ones are forgotten after a while.", "short",
     {state: f'max(outhaul_exports{{{HERE}, state="{state}"}})' for state in STATES}),
    ("Rows written", "Into parts, over all workers.", "rowsps", {"rows": f"sum(rate(outhaul_rows_total{{{HERE}}}[5m]))"}),
    ("CSV written", "Into parts, before compression, over all workers.", "Bps",
     {"bytes": f"sum(rate(outhaul_written_bytes_total{{{HERE}}}[5m]))"}),
    ("Time to build a segment", "What a worker takes for one; a tail that grows says that a slice is cut too large.", "s",
     {f"p{percent}": f"histogram_quantile(0.{percent}, sum by (le) (rate(outhaul_segment_seconds_bucket{{{HERE}}}[5m])))"
      for percent in (50, 99)}),
    ("Segments built", "In a second, over all workers.", "ops", {"segments": f"sum(rate(outhaul_segment_seconds_count{{{HERE}}}[5m]))"}),
    ("Sweeps", "Looks for overdue steps, one worker after the other. None: nobody works.", "ops",
     {"sweeps": f"sum(rate(outhaul_sweeps_total{{{HERE}}}[5m]))"}),
    ("Requests", "By status.", "reqps", {"{{status}}": f"sum by (status) (rate(outhaul_requests_total{{{HERE}}}[5m]))"}),
    ("Time until the head of an answer", "Of the API; messages that come in have pods of their own.", "s",
     {f"p{percent}": f'histogram_quantile(0.{percent}, sum by (le) (rate(outhaul_request_seconds_bucket{{{HERE}, job="api"}}[5m])))'
      for percent in (50, 99)}),
    ("Requests that fail, by route", "Status 500 and above.", "reqps",
     {"{{method}} {{path}}": f'sum by (method, path) (rate(outhaul_requests_total{{{HERE}, status=~"5.."}}[5m]))'}),
    ("Letters", "By what came of them.", "ops", {"{{outcome}}": f"sum by (outcome) (rate(outhaul_mails_total{{{HERE}}}[5m]))"}),
]

SOURCE = {"type": "prometheus", "uid": "${source}"}
WIDTH, HEIGHT, COLUMNS = 8, 8, 3


def panel(number, title, description, unit, lines):
    """One graph; `number` counts from 0 and gives its place."""
    targets = [
        {"refId": chr(ord("A") + at), "datasource": SOURCE, "expr": expression, "legendFormat": name}
        for at, (name, expression) in enumerate(lines.items())
    ]
    return {
        "id": number + 1, "type": "timeseries", "title": title, "description": description, "datasource": SOURCE,
        "gridPos": {"x": number % COLUMNS * WIDTH, "y": number // COLUMNS * HEIGHT, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        "targets": targets,
    }


def dashboard():
    namespaces = "label_values(outhaul_sweeps_total, namespace)"
    variables = [
        {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"},
        {"name": "namespace", "label": "Namespace", "type": "query", "datasource": SOURCE, "refresh": 2,
         "query": {"query": namespaces, "refId": "namespaces"}, "definition": namespaces},
    ]
    return {
        "uid": "outhaul", "title": "Outhaul", "tags": ["outhaul"], "schemaVersion": 39, "version": 1, "editable": False,
        "timezone": "utc", "refresh": "30s", "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": variables}, "annotations": {"list": []},
        "panels": [panel(number, *content) for number, content in enumerate(PANELS)],
    }


def text():
    return json.dumps(dashboard(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        if not FILE.is_file() or FILE.read_text(encoding="utf-8") != text():
            sys.exit(f"{FILE} is not what dashboard.py writes: run it")
    else:
        FILE.write_text(text(), encoding="utf-8")
