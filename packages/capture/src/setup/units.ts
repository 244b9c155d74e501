import { join } from 'node:path';
import { SERVICE_UNIT, SOCKET_UNIT } from './places.ts';
import type { Places } from './places.ts';

/** The contents of systemd's units by their names (systemd.socket(5), systemd.exec(5)). */
export function unitFiles(places: Places, helperProgram: string): ReadonlyMap<string, string> {
  const socket = `[Unit]
Description=LightSpeed: catches the datagrams of games, for whoever asks for his own

[Socket]
ListenStream=${places.socket}
SocketMode=0666
RemoveOnStop=yes

[Install]
WantedBy=sockets.target
`;
  // The shell that gives back the settings of a router, and games, outlive the helper: it alone is ended.
  const service = `[Unit]
Description=LightSpeed: the privileged helper
Requires=${SOCKET_UNIT}

[Service]
ExecStart=${join(places.library, 'node')} ${helperProgram} --gateway-file ${places.gatewayFile} --slice ${places.slice}
KillMode=process
CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_RAW CAP_DAC_OVERRIDE CAP_SYS_PTRACE
NoNewPrivileges=yes
ProtectHome=yes
ProtectSystem=full
PrivateTmp=yes
MemoryMax=256M
`;
  return new Map([
    [SOCKET_UNIT, socket],
    [SERVICE_UNIT, service],
  ]);
}
