{{- define "perennial.name" -}}
{{- printf "%s-operator" .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "perennial.selector" -}}
app.kubernetes.io/name: perennial-operator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "perennial.labels" -}}
{{ include "perennial.selector" . }}
app.kubernetes.io/component: operator
app.kubernetes.io/part-of: perennial
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "perennial.image" -}}
{{- $image := index .root.Values.images .program -}}
{{- printf "%s:%s" $image.repository ($image.tag | default .root.Chart.AppVersion) -}}
{{- end -}}
