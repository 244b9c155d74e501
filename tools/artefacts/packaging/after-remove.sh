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
  # The number of the user that goes may be another one's next, who must not get the operator's files.
  if [ -d /etc/lightspeed ]; then
    find /etc/lightspeed -user lightspeed -exec chown -h root {} + 2>/dev/null || true
    find /etc/lightspeed -group lightspeed -exec chgrp -h root {} + 2>/dev/null || true
  fi
  if command -v userdel >/dev/null && getent passwd lightspeed >/dev/null; then
    userdel lightspeed || true
  fi
fi
