#!/bin/sh
# Behind an installation: nothing is started that nobody has set up. Behind an upgrade: what runs is the new version.
set -e
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
	systemctl try-restart tagwarden.service
fi
[ -e /etc/tagwarden/tagwarden.yaml ] || echo "tagwarden: write a configuration by: tagwarden init --for systemd /etc/tagwarden"
