/** Connects as it is told by its parent, says so, and is then stopped by it. */
import { connectControl, pinOf } from '@lightspeed/control/quic';
import type { SocketAddress } from '@lightspeed/wire';

process.once('message', ({ endpoint, certificatePem }: { endpoint: SocketAddress; certificatePem: string }) => {
  void connectControl({ ...endpoint, verify: { kind: 'pin', sha256: pinOf(certificatePem) } }).then(() => process.send?.('connected'));
});
