{{/* One pod for every role: they differ in arguments, probes, secrets and where they may run. */}}

{{- define "outhaul.pod" -}}
metadata:
  labels:
    {{- include "outhaul.labels" . | nindent 4 }}
spec:
  serviceAccountName: {{ include "outhaul.account" . }}
  # The identity of AWS comes in a volume of its own; the API of Kubernetes is nobody's business here.
  automountServiceAccountToken: false
  enableServiceLinks: false
  {{- with .seconds }}
  terminationGracePeriodSeconds: {{ . }}
  {{- end }}
  {{- with .restart }}
  restartPolicy: {{ . }}
  {{- end }}
  nodeSelector:
    {{- toYaml .values.nodeSelector | nindent 4 }}
  {{- with .values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .spread }}
  topologySpreadConstraints:
    {{- range . }}
    - topologyKey: {{ .key }}
      maxSkew: 1
      whenUnsatisfiable: {{ .otherwise }}
      labelSelector:
        matchLabels:
          {{- include "outhaul.selector" $ | nindent 10 }}
      # During an update each generation is spread for itself.
      matchLabelKeys: [pod-template-hash]
    {{- end }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    fsGroup: 65532
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile:
      type: RuntimeDefault
  containers:
    - name: outhaul
      image: {{ .root.Values.image.repository }}@{{ .root.Values.image.digest }}
      imagePullPolicy: IfNotPresent
      args: {{ .arguments | toJson }}
      env:
        {{- include "outhaul.environment" . | trim | nindent 8 }}
      {{- if .serves }}
      ports:
        - name: http
          containerPort: 8470
          protocol: TCP
      {{- include "outhaul.probes" . | nindent 6 }}
      {{- end }}
      {{- with .leave }}
      # Requests still come until every balancer knows that the pod goes; the image has no shell to wait with.
      lifecycle:
        preStop:
          sleep:
            seconds: {{ . }}
      {{- end }}
      securityContext:
        {{- include "outhaul.confined" . | nindent 8 }}
      resources:
        {{- toYaml .values.resources | nindent 8 }}
      volumeMounts:
        - name: data
          mountPath: /var/lib/outhaul
        - name: secrets
          mountPath: /run/outhaul
          readOnly: true
        - name: authorities
          mountPath: /etc/outhaul
          readOnly: true
        {{- if include "outhaul.signs" . }}
        - name: keys
          mountPath: /run/outhaul-keys
          readOnly: true
        {{- end }}
  volumes:
    # Staging, locks and what is sorted on disk: nothing that outlives the pod.
    - name: data
      emptyDir:
        sizeLimit: {{ index .values.resources.limits "ephemeral-storage" }}
    - name: secrets
      projected:
        defaultMode: 0440
        sources:
          {{- range include "outhaul.secrets" . | splitList " " }}
          - secret:
              name: {{ include "outhaul.secret" (dict "root" $.root "role" $.role "secret" .) }}
              items:
                - key: password
                  path: {{ . | kebabcase }}
          {{- end }}
    - name: authorities
      configMap:
        name: {{ .root.Release.Name }}-{{ eq .role "migrate" | ternary "migrate-" "" }}authorities
    {{- if include "outhaul.signs" . }}
    # Of root and the pod's group; nobody else may read them, or the program refuses them.
    - name: keys
      secret:
        secretName: {{ .root.Release.Name }}-keys
        defaultMode: 0440
    {{- end }}
{{- end }}

{{- define "outhaul.confined" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
{{- end }}

{{/*
A pod begins once every engine answers it. From then on it stays in service while it answers at all: an engine that is away
is away for every pod, and the program itself says what goes on without it (docs/operations.md), which an empty service could not.
*/}}
{{- define "outhaul.probes" -}}
startupProbe:
  httpGet: {path: /readyz, port: http}
  periodSeconds: 2
  timeoutSeconds: 3
  failureThreshold: 60
readinessProbe:
  httpGet: {path: /livez, port: http}
  periodSeconds: 5
  timeoutSeconds: 3
  failureThreshold: 3
livenessProbe:
  httpGet: {path: /livez, port: http}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
{{- end }}
