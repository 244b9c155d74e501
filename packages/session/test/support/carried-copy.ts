import type { CarriedFlow, CarriedPath } from '@lightspeed/session';

/** A copy that does not change with the flow. */
export function copyOf(flow: CarriedFlow): CarriedFlow {
  const { index, sessionSlot, token, dialect, groupSize, hasBlocks, multipath, clientIp, clientPort, serverIp, serverPort, egress } = flow;
  const firstPath = copyOfPaths(flow.firstPath);
  let client = firstPath;
  while (client !== null && (client.ip !== flow.client?.ip || client.port !== flow.client.port)) client = client.nextOfSession;
  const addresses = { clientIp, clientPort, serverIp, serverPort };
  return { index, sessionSlot, token, dialect, groupSize, hasBlocks, multipath, client, firstPath, ...addresses, egress };
}

function copyOfPaths(path: CarriedPath | null): CarriedPath | null {
  if (path === null) return null;
  const { number, ip, port, local, isInUse, isValidated } = path;
  return { number, ip, port, local, isInUse, isValidated, nextOfSession: copyOfPaths(path.nextOfSession) };
}
