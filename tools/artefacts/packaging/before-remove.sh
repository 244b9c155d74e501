#!/bin/sh
# Debian says "remove", RPM says 0. In an update the node that runs serves on.
set -e

case "$1" in
  remove | 0)
    if [ -d /run/systemd/system ]; then
      systemctl --no-reload disable --now lightspeed-proxy.service || true
    fi
    ;;
esac
