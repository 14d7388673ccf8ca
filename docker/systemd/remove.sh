#!/bin/sh
# Before it is removed, not before it is upgraded. Configuration and data stay: objections and the log are in them.
set -e
case "$1" in
remove | 0) ;;
*) exit 0 ;;
esac
if [ -d /run/systemd/system ]; then
	systemctl disable --now tagwarden.service
fi
