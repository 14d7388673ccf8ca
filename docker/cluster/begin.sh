#!/bin/sh
# Begins two nodes on three NATS servers, once. The second node gets its keys out of a backup of the first one: nodes of a cluster have
# the same. TAGWARDEN and COMPOSE name other commands than the ones below.
#   sh docker/cluster/begin.sh
#   curl -i 'http://localhost:8088/t/g/collect?v=2&tid=G-1&cid=1.2&en=page_view'
set -eu
cd "$(dirname "$0")"
tagwarden=${TAGWARDEN:-go run ../../cmd/tagwarden}
compose=${COMPOSE:-docker compose}

for folder in node1 node2 safe copy .env; do
	if [ -e "$folder" ]; then
		echo "$folder is there already: this begins a cluster, once. \`$compose up\` goes on with it" >&2
		exit 1
	fi
done

# What compose puts into its files: the password by which the NATS servers know one another, which begins with a letter, and as
# whom the nodes run.
(
	umask 077
	password=r$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
	printf 'ROUTES_PASSWORD=%s\nTAGWARDEN_UID=%s\nTAGWARDEN_GID=%s\n' "$password" "$(id -u)" "$(id -g)" >.env
)

# The first node: keys, policy, and where the others are. What makes keys and approves assessments is no server's.
$tagwarden init node1
mkdir safe && chmod 700 safe && mv node1/root.key node1/approver.key safe/
sed -i \
	-e 's|^listen: .*|listen: 0.0.0.0:8080|' \
	-e 's|^admin: .*|admin: { listen: 0.0.0.0:8081 }|' \
	-e 's|^trusted_proxies: .*|trusted_proxies: [172.16.0.0/12]   # the web server|' \
	node1/tagwarden.yaml
cat >>node1/tagwarden.yaml <<'END'

cluster:
  name: eu1
  node: node1
  nats: ["nats://n1:4222", "nats://n2:4222", "nats://n3:4222"]
  monitor: ["http://n1:8222", "http://n2:8222", "http://n3:8222"]
  stale: { after: 5s, then: deny }
END

# The second one has the same policy, a name of its own, and no data yet.
mkdir -p node2/data copy && chmod 700 node2/data copy
cp -r node1/policy node2/
sed 's|^  node: node1|  node: node2|' node1/tagwarden.yaml >node2/tagwarden.yaml

$compose up --detach --build --wait n1 n2 n3 node1
$compose exec -T node1 /tagwarden backup /copy/node1 --config /etc/tagwarden/tagwarden.yaml
$tagwarden cluster join --from copy/node1 --config node2/tagwarden.yaml
rm -r copy/node1 # the keys are in it

$compose up --detach --wait
$compose exec -T node1 /tagwarden cluster status --config /etc/tagwarden/tagwarden.yaml
