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
    since=$(date +%s)
    if ! systemctl reload lightspeed-proxy.service; then
      echo 'lightspeed-proxy: the new version does not start. The node serves on with the version from before, and its players play on. Why:' >&2
      log=$(journalctl --quiet --unit=lightspeed-proxy.service --since="@$since" --output=cat 2>/dev/null || true)
      reason=$(echo "$log" | sed -n 's/^lightspeed-proxy: //p' | tail -n 1)
      # A program that does not even run has no words of its own.
      [ -n "$reason" ] || reason=$(echo "$log" | grep -v '^{' | grep -i -m 1 error || true)
      [ -n "$reason" ] || reason='its program cannot be run; journalctl --unit=lightspeed-proxy may say more'
      echo "  $reason" >&2
      echo 'What to do: if you can remove the reason, such as a fault in the configuration, do that, and then: systemctl reload lightspeed-proxy' >&2
      echo 'Otherwise install the version from before again. After a restart, or at the next boot, this one would not start.' >&2
    fi
  fi
fi
