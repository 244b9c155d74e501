/** Connects as it is told by its parent, says so, and is then stopped by it. */
import { connectControl, pinOf } from '@lightspeed/control/quic';
import type { Endpoint } from '@lightspeed/control/quic';

process.once('message', ({ endpoint, certificatePem }: { endpoint: Endpoint; certificatePem: string }) => {
  void connectControl({ ...endpoint, verify: { kind: 'pin', sha256: pinOf(certificatePem) } }).then(() => process.send?.('connected'));
});
