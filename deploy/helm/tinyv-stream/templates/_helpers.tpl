{{/* Labels of every object; of a pod, with its stage. */}}
{{- define "tinyv.labels" -}}
app.kubernetes.io/name: tinyv-stream
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* What selects the pods of a stage: (list $ stage). Never changes over a release's life. */}}
{{- define "tinyv.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: tinyv-stream
app.kubernetes.io/instance: {{ $root.Release.Name }}
tinyv-stream/stage: {{ index . 1 }}
{{- end }}

{{/* Shards of the pool: of several servers each holds one. */}}
{{- define "tinyv.shards" -}}
{{- if and (gt (int .Values.broker.servers) 1) (or (ne .Values.broker.kind "server") (gt (int .Values.shards) 1)) -}}
{{- fail "broker.servers: several servers hold one shard each; leave shards at 1, and broker.kind at server" -}}
{{- end -}}
{{- max (int .Values.shards) (int .Values.broker.servers) -}}
{{- end }}

{{/* The settings of all pods as JSON; the pool's name and shards are said once, in the values. */}}
{{- define "tinyv.config" -}}
{{- $own := dict "broker" (dict "pool" .Values.pool "shards" (include "tinyv.shards" . | int)) -}}
{{- mustToJson (mustMergeOverwrite (deepCopy .Values.config) $own) -}}
{{- end }}

{{/* The image of a stage: (list $ stage). */}}
{{- define "tinyv.image" -}}
{{- $root := index . 0 -}}{{- $stage := index . 1 -}}
{{- $kind := ternary "rule" (ternary "tinyv-gpu" "tinyv-cpu" (gt (int $root.Values.tinyv.gpus) 0)) (eq $stage "rule") -}}
{{ $root.Values.image.repository }}:{{ index $root.Values.image $stage | default (printf "%s-%s" $root.Chart.AppVersion $kind) }}
{{- end }}
