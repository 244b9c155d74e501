{{- define "lightspeed-proxy.name" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" }}-lightspeed-proxy
{{- end }}

{{- define "lightspeed-proxy.selector" -}}
app.kubernetes.io/name: lightspeed-proxy
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "lightspeed-proxy.labels" -}}
{{ include "lightspeed-proxy.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | quote }}
{{- end }}

{{- define "lightspeed-proxy.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* How long nodes drain, by their own configuration. */}}
{{- define "lightspeed-proxy.drainSecs" -}}
{{- $line := regexFind "(?m)^[ \\t]*(server\\.)?drain_secs[ \\t]*=[ \\t]*[0-9_]+" .Values.config | default "drain_secs = 30" -}}
{{- regexFind "[0-9_]+$" $line | replace "_" "" -}}
{{- end }}
