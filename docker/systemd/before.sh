#!/bin/sh
# Before files are unpacked, of which some belong to the group.
set -e
getent group tagwarden >/dev/null || groupadd --system tagwarden
getent passwd tagwarden >/dev/null ||
	useradd --system --gid tagwarden --home-dir /var/lib/tagwarden --no-create-home --shell /usr/sbin/nologin --comment tagwarden tagwarden
