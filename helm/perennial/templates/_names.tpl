{{- define "perennial.name" -}}
{{- printf "%s-operator" .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- /* Of what belongs to no namespace, or to one of others: no namespace has a dot. */ -}}
{{- define "perennial.clusterName" -}}
{{- printf "%s.%s" (include "perennial.name" .) .Release.Namespace -}}
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
{{- if $image.digest -}}
{{- printf "%s@%s" $image.repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $image.repository ($image.tag | default .root.Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{- /* Whose the definition in the cluster is: "" where there is none, or it is this release's. */ -}}
{{- define "perennial.definitionOfOthers" -}}
{{- $there := lookup "apiextensions.k8s.io/v1" "CustomResourceDefinition" "" "modelpipelines.perennial.dev" -}}
{{- if $there -}}
{{- $marks := $there.metadata.annotations | default dict -}}
{{- $name := index $marks "meta.helm.sh/release-name" | default "" -}}
{{- $namespace := index $marks "meta.helm.sh/release-namespace" | default "" -}}
{{- if not $name -}}
nobody's release
{{- else if or (ne $name .Release.Name) (ne $namespace .Release.Namespace) -}}
the release {{ $name }} in {{ $namespace }}
{{- end -}}
{{- end -}}
{{- end -}}
