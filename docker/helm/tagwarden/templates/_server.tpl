{{- /* The server file: what was given, with what pods are told in its place. */ -}}
{{- define "tagwarden.server" -}}
{{- $server := required "server is missing: --set-file server=shop/tagwarden.yaml" .Values.server | fromYaml -}}
{{- if hasKey $server "Error" }}{{ fail (printf "server is no YAML: %s" (get $server "Error")) }}{{ end -}}
{{- $cluster := deepCopy .Values.cluster -}}
{{- if .Values.creds }}{{ $_ := set $cluster "creds" "/etc/nats/nats.creds" }}{{ end -}}
{{- $_ := set $server "listen" "0.0.0.0:8080" -}}
{{- $_ := set $server "admin" (merge (dict "listen" "0.0.0.0:8081") (get $server "admin" | default dict)) -}}
{{- $_ := set $server "data" "/data/node" -}}
{{- $_ := set $server "policy" "./policy" -}}
{{- $_ := set $server "cluster" $cluster -}}
{{- $_ := unset $server "keys" -}}
{{- toYaml $server -}}
{{- end -}}

{{- define "tagwarden.labels" -}}
app.kubernetes.io/name: tagwarden
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}
