{{/* Labels and names. */}}

{{- define "outhaul.selector" -}}
app.kubernetes.io/name: outhaul
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .role }}
{{- end }}

{{- define "outhaul.labels" -}}
{{ include "outhaul.selector" . }}
app.kubernetes.io/part-of: outhaul
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{/* `metadata` of what belongs to a role, and is named like it unless `name` says otherwise. */}}
{{- define "outhaul.metadata" -}}
name: {{ .name | default (printf "%s-%s" .root.Release.Name .role) }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "outhaul.labels" . | nindent 2 }}
{{- end }}

{{/* What the migration needs must be there before anything else is. */}}
{{- define "outhaul.before" -}}
helm.sh/hook: pre-install,pre-upgrade
helm.sh/hook-weight: {{ .weight | quote }}
helm.sh/hook-delete-policy: before-hook-creation
{{- end }}

{{/* Who a role is to AWS (EKS Pod Identity): whoever takes messages in is the API. */}}
{{- define "outhaul.account" -}}
{{ .root.Release.Name }}-{{ eq .role "ingest" | ternary "api" .role }}
{{- end }}

{{/* The port of a URL, or the usual one where it names none. */}}
{{- define "outhaul.port" -}}
{{ regexFind ":[0-9]+$" (urlParse .url).host | trimPrefix ":" | default (.usual | toString) }}
{{- end }}
