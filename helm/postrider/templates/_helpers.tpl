{{/* The name of the operator's objects. There is one installation in a namespace at most. */}}
{{- define "postrider.name" -}}
postrider-operator
{{- end }}

{{/* The name of objects that belong to no namespace: two installations must not share them. */}}
{{- define "postrider.clusterName" -}}
postrider-{{ .Release.Namespace }}
{{- end }}

{{- define "postrider.selector" -}}
app.kubernetes.io/name: postrider
app.kubernetes.io/component: operator
{{- end }}

{{/* Over how many operators the namespaces are spread. Values that an earlier chart left have no such entry. */}}
{{- define "postrider.shards" -}}
{{ (.Values.operator).shards | default 1 }}
{{- end }}

{{/* The name of a shard's objects, by its index: that of the first is the one that a single operator has. */}}
{{- define "postrider.shardName" -}}
{{ include "postrider.name" . }}{{ if . }}-{{ . }}{{ end }}
{{- end }}

{{/* The pods of a shard, by its index. Those of the first are found as a single operator's are, and no others by that. */}}
{{- define "postrider.shardSelector" -}}
{{- if . -}}
app.kubernetes.io/name: postrider
app.kubernetes.io/component: operator-shard
postrider.dev/shard: {{ . | quote }}
{{- else -}}
{{ include "postrider.selector" . }}
{{- end }}
{{- end }}

{{- define "postrider.labels" -}}
{{ include "postrider.selector" . }}
{{ include "postrider.commonLabels" . }}
{{- end }}

{{- define "postrider.commonLabels" -}}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.extraLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "postrider.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* As JSON: where the operator may work when it may not work everywhere. */}}
{{- define "postrider.namespaces" -}}
{{ concat (list .Release.Namespace) .Values.watchNamespaces .Values.trustedNamespaces | uniq | toJson }}
{{- end }}

{{/* What the operator may do in every namespace that it works in. */}}
{{- define "postrider.tenantRules" -}}
- apiGroups: [postrider.dev]
  resources: [licenseexpirynotices]
  verbs: [get, list, watch]
# Adds and removes its finalizer.
- apiGroups: [postrider.dev]
  resources: [mailservers, organizationmailsettings]
  verbs: [get, list, watch, patch]
- apiGroups: [postrider.dev]
  resources: [licenseexpirynotices/status, mailservers/status, organizationmailsettings/status]
  verbs: [patch]
- apiGroups: [postrider.dev]
  resources: [mailservers/finalizers, organizationmailsettings/finalizers]
  verbs: [update]
# Reads those with the label postrider.dev/credentials, writes those for applications.
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, list, watch, create, patch, delete]
# Reads whether they accept copies of bindings, and which grants of senders select them; where this is a Role, that of its own namespace.
- apiGroups: [""]
  resources: [namespaces]
  verbs: [get]
# Reads those with the label postrider.dev/certificate-authorities.
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get, list, watch]
- apiGroups: ["", events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end }}
