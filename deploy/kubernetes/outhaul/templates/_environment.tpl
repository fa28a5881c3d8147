{{/*
The environment of a role: `settings`, what the role sets otherwise, and what follows from the chart. Values are JSON, which
the program reads as what they are: text in quotes stays text, whatever it looks like.
*/}}

{{- define "outhaul.environment" -}}
{{- $files := dict "queue" (dict "password_file" "/run/outhaul/redis") "postgres" (dict "password_file" "/run/outhaul/database") -}}
{{- if eq .role "migrate" }}
{{- $files = dict "postgres" (dict "password_file" "/run/outhaul/database" "owner_password_file" "/run/outhaul/database-owner") -}}
{{- else if and (eq .role "worker") .root.Values.settings.mail.user }}
{{- $files = merge $files (dict "mail" (dict "password_file" "/run/outhaul/mail")) -}}
{{- end }}
{{- $fixed := merge (dict "storage" (dict "data" "/var/lib/outhaul/data")) $files -}}
{{- $settings := mergeOverwrite (deepCopy .root.Values.settings) (deepCopy .values.settings) $fixed -}}
{{- if ne .role "worker" }}
{{- /* Only workers send letters. */}}
{{- $settings = omit $settings "mail" }}
{{- end }}
{{- range $section, $fields := $settings }}
{{- range $field, $value := $fields }}
{{- if has $field (list "password" "owner_password" "secret_key") }}
{{- fail (printf "settings.%s.%s is a secret: it belongs into `secrets`" $section $field) }}
{{- end }}
- name: OUTHAUL_{{ $section | upper }}__{{ $field | upper }}
  value: {{ $value | toRawJson | squote }}
{{- end }}
{{- end }}
{{- end }}

{{/* The secrets that a role sees, as names of `secrets` and of the files under /run/outhaul. */}}
{{- define "outhaul.secrets" -}}
{{- if eq .role "migrate" -}}
database databaseOwner
{{- else if and (eq .role "worker") .root.Values.settings.mail.user -}}
redis database mail
{{- else -}}
redis database
{{- end -}}
{{- end }}

{{/* The Kubernetes secret that holds one of them: the migration comes before the others are made. */}}
{{- define "outhaul.secret" -}}
{{ .root.Release.Name }}-{{ .role | eq "migrate" | ternary "migrate-" "" }}{{ .secret | kebabcase }}
{{- end }}

{{/* Roles that sign tokens and links, and so need the same keys. */}}
{{- define "outhaul.signs" -}}
{{- if has .role (list "api" "ingest") }}true{{ end -}}
{{- end }}
