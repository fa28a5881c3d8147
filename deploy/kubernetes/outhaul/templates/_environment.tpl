{{/*
The environment of a role: `settings`, what the role sets otherwise, and what follows from the chart. Values are JSON, which
the program reads as what they are: text in quotes stays text, whatever it looks like.
*/}}

{{- define "outhaul.environment" -}}
{{- $files := dict "queue" (dict "password_file" "/run/outhaul/redis") "postgres" (dict "password_file" "/run/outhaul/database") -}}
{{- if eq .role "migrate" }}
{{- $files = dict "postgres" (dict "password_file" "/run/outhaul/database" "owner_password_file" "/run/outhaul/database-owner") -}}
{{- else if and (eq .role "worker") (include "outhaul.mailSecret" .) }}
{{- $files = merge $files (dict "mail" (dict "password_file" "/run/outhaul/mail")) -}}
{{- end }}
{{- if include "outhaul.signs" . }}
{{- $files = merge $files (dict "auth" (dict "keys_folder" "/run/outhaul-keys")) -}}
{{- end }}
{{- $fixed := merge (dict "storage" (dict "data" "/var/lib/outhaul/data")) $files -}}
{{- $settings := mergeOverwrite (deepCopy .root.Values.settings) (deepCopy .values.settings) $fixed -}}
{{- if not (or (eq .role "worker") (and (eq .role "maintenance") (eq .root.Values.settings.mail.kind "ses"))) }}
{{- /* Only workers send letters; of SES the doctor asks, too, whether it would. */}}
{{- $settings = omit $settings "mail" "ses" }}
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
{{- else if and (eq .role "worker") (include "outhaul.mailSecret" .) -}}
redis database mail
{{- else -}}
redis database
{{- end -}}
{{- end }}

{{/* The Kubernetes secret that holds one of them: the migration comes before the others are made. */}}
{{- define "outhaul.secret" -}}
{{ .root.Release.Name }}-{{ .role | eq "migrate" | ternary "migrate-" "" }}{{ .secret | kebabcase }}
{{- end }}

{{/* Whether a mail server wants a password; SES asks who the pod is. */}}
{{- define "outhaul.mailSecret" -}}
{{- if and (eq .root.Values.settings.mail.kind "smtp") .root.Values.settings.mail.user }}true{{ end -}}
{{- end }}

{{/* Roles that sign tokens and links, and so need the same keys. */}}
{{- define "outhaul.signs" -}}
{{- if has .role (list "api" "ingest") }}true{{ end -}}
{{- end }}
