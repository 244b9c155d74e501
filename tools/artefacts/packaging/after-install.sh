#!/bin/sh
# Debian says "configure" and the version from before, if any. RPM says how many versions there are now.
set -e

update=no
case "$1" in
  configure) [ -z "$2" ] || update=yes ;;
  abort-upgrade | abort-remove | abort-deconfigure) exit 0 ;;
  *) [ "$1" = 1 ] || update=yes ;;
esac

systemd-sysusers lightspeed-proxy.conf
systemd-tmpfiles --create lightspeed-proxy.conf || true
/usr/lib/systemd/systemd-sysctl 60-lightspeed-proxy.conf || true

if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  # An install starts nothing. An update has a node that runs start the new program in its own process, which keeps its sessions.
  if [ "$update" = yes ] && systemctl --quiet is-active lightspeed-proxy.service; then
    if ! systemctl reload lightspeed-proxy.service; then
      echo 'lightspeed-proxy: the node that runs could not start the new version, and serves on with the one from before.' >&2
      echo 'See: journalctl -u lightspeed-proxy. Then try again: systemctl reload lightspeed-proxy' >&2
    fi
  fi
fi
