#!/bin/sh
set -e

if [ -d /run/systemd/system ]; then
  systemctl daemon-reload || true
fi

# Only Debian knows "purge": what a node has kept goes with it. Files of other names in /etc/lightspeed are the operator's.
if [ "$1" = purge ]; then
  rm -rf /var/lib/lightspeed
  rm -f /etc/lightspeed/revoked.txt
  rmdir --ignore-fail-on-non-empty /etc/lightspeed 2>/dev/null || true
  if command -v userdel >/dev/null && getent passwd lightspeed >/dev/null; then
    userdel lightspeed || true
  fi
fi
